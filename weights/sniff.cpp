#include "weights/sniff.h"

#include <algorithm>
#include <string>

namespace ink {

namespace {

using namespace std::string_view_literals;

std::string_view trim_left(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

bool is_html(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::string start(trim_left(text).substr(0, 14));
  std::ranges::transform(start, start.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head");
}

struct Mark {
  size_t offset;
  std::string_view bytes;
  FileFormat format;
};

// Formats that are known only to be named in a refusal.
constexpr Mark kForeign[] = {
    {0, "\x1f\x8b"sv, FileFormat::gzip},
    {257, "ustar"sv, FileFormat::tar},
    {0, "7z\xbc\xaf\x27\x1c"sv, FileFormat::seven_zip},
    {0,
     "\xfd"
     "7zXZ\0"sv,
     FileFormat::xz},
    {0, "BZh"sv, FileFormat::bzip2},
    {0, "\x28\xb5\x2f\xfd"sv, FileFormat::zstd},
    {0, "Rar!\x1a\x07"sv, FileFormat::rar},
    {0, "GGUF"sv, FileFormat::gguf},
    {4, "TFL3"sv, FileFormat::tflite},
    {0, "\x93NUMPY"sv, FileFormat::numpy},
    {0, "\x89PNG\r\n\x1a\n"sv, FileFormat::picture},
    {0, "\xff\xd8\xff"sv, FileFormat::picture},
    {8, "WEBP"sv, FileFormat::picture},
};

FileFormat foreign(std::string_view text) {
  for (const Mark& mark : kForeign) {
    if (text.size() > mark.offset && text.substr(mark.offset).starts_with(mark.bytes)) return mark.format;
  }
  // The version of the format (field 1), then the name of the producer (field 2).
  if (text.size() > 2 && text[0] == 8 && text[1] >= 3 && text[1] < 32 && text[2] == 0x12)
    return FileFormat::onnx;
  return FileFormat::unknown;
}

bool is_json(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text = trim_left(text);
  if (text.starts_with('[')) return true;
  if (!text.starts_with('{')) return false;
  text = trim_left(text.substr(1));
  return text.starts_with('"') || text.starts_with('}');
}

}  // namespace

FileFormat sniff(std::span<const std::byte> bytes) {
  if (bytes.empty()) return FileFormat::empty;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 512));
  if (text.starts_with("version https://git-lfs")) return FileFormat::git_lfs_pointer;
  // Eight bytes of length come first. A header above 4 GiB would be refused anyway, so other formats stay
  // out.
  if (text.size() > 8 && text[8] == '{' && text.substr(4, 4) == "\0\0\0\0"sv) return FileFormat::safetensors;
  if (text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06")) return FileFormat::zip;
  if (text.starts_with("\x89HDF\r\n\x1a\n")) return FileFormat::hdf5;
  if (trim_left(text).starts_with("7767517")) return FileFormat::ncnn_param;
  if (is_html(text)) return FileFormat::html;
  if (text.starts_with("\x08\x01\x12"sv)) return FileFormat::saved_model;
  // A table begins with an empty key, whose lengths are zeros, as an ncnn file of single precision does.
  const std::string_view whole(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (whole.ends_with("\x57\xfb\x80\x8b\x24\x75\x47\xdb"sv)) return FileFormat::tensorflow_index;
  // A file of weights begins with the flag of its first layer: half precision, or zero for single precision.
  if (text.starts_with("\x47\x6b\x30\x01")) return FileFormat::ncnn_bin;
  if (text.size() >= 8 && text.starts_with("\0\0\0\0"sv)) return FileFormat::ncnn_bin;
  if (text.starts_with("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv))
    return FileFormat::torch_legacy;
  if (text.size() > 1 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5) return FileFormat::pickle;
  if (is_json(text)) return FileFormat::json;
  return foreign(text);
}

std::string_view describe(FileFormat format) {
  switch (format) {
    case FileFormat::unknown: return "a file of unknown format";
    case FileFormat::empty: return "an empty file (did the download fail?)";
    case FileFormat::html: return "an HTML page (did the download fail?)";
    case FileFormat::git_lfs_pointer: return "a Git-LFS pointer (the file itself has not been fetched)";
    case FileFormat::safetensors: return "a safetensors file";
    case FileFormat::ncnn_param: return "an ncnn .param file";
    case FileFormat::ncnn_bin: return "an ncnn .bin file";
    case FileFormat::zip: return "a zip archive";
    case FileFormat::hdf5: return "an HDF5 file";
    case FileFormat::pickle: return "a Python pickle";
    case FileFormat::torch_legacy: return "a torch checkpoint of the legacy form";
    case FileFormat::tensorflow_index: return "the index of a TensorFlow checkpoint";
    case FileFormat::saved_model: return "the graph of a TensorFlow SavedModel";
    case FileFormat::json: return "a JSON text";
    case FileFormat::gzip: return "a gzip archive (unpack it first)";
    case FileFormat::tar: return "a tar archive (unpack it first; torch's own tar form is to be saved anew)";
    case FileFormat::seven_zip: return "a 7z archive (unpack it first)";
    case FileFormat::xz: return "an xz archive (unpack it first)";
    case FileFormat::bzip2: return "a bzip2 archive (unpack it first)";
    case FileFormat::zstd: return "a zstd archive (unpack it first)";
    case FileFormat::rar: return "a RAR archive (unpack it first)";
    case FileFormat::gguf: return "a GGUF file";
    case FileFormat::onnx: return "an ONNX file";
    case FileFormat::tflite: return "a TensorFlow Lite file";
    case FileFormat::numpy: return "a NumPy array";
    case FileFormat::picture: return "a picture";
  }
  return "a file of unknown format";
}

}  // namespace ink
