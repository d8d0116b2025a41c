#include "weights/sniff.h"

#include <algorithm>
#include <string>

namespace ink {

namespace {

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

}  // namespace

FileFormat sniff(std::span<const std::byte> bytes) {
  using namespace std::string_view_literals;
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
  // A file of weights begins with the flag of its first layer: half precision, or zero for single precision.
  if (text.starts_with("\x47\x6b\x30\x01")) return FileFormat::ncnn_bin;
  if (text.size() >= 8 && text.starts_with("\0\0\0\0"sv)) return FileFormat::ncnn_bin;
  if (text.starts_with("\x80\x02") || text.starts_with("\x80\x03")) return FileFormat::pickle;
  return FileFormat::unknown;
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
  }
  return "a file of unknown format";
}

}  // namespace ink
