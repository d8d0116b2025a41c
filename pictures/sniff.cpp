#include "pictures/sniff.h"

#include <algorithm>
#include <cctype>

namespace ink {
namespace {

using std::string_view_literals::operator""sv;

struct Signature {
  size_t offset;
  std::string_view bytes;
  std::string_view name;
};

// The first match wins, so a longer signature stands before its own beginning.
constexpr Signature kSignatures[] = {
    {0, "\x89PNG\r\n\x1a\n"sv, "a PNG picture"},
    {0, "\x89PNG"sv, "a PNG picture damaged by a transfer in text mode"},
    {0, "\xff\xd8\xff"sv, "a JPEG picture"},
    {8, "WEBP"sv, "a WebP picture"},
    {0, "GIF8"sv, "a GIF picture"},
    {4, "ftypavif"sv, "an AVIF picture"},
    {4, "ftyphei"sv, "a HEIF picture"},
    {4, "ftypmif1"sv, "a HEIF picture"},
    {4, "ftyp"sv, "an MP4 or QuickTime film"},
    {0, "\xff\x0a"sv, "a JPEG XL picture"},
    {0, "\0\0\0\x0cJXL "sv, "a JPEG XL picture"},
    {0, "\0\0\0\x0cjP  "sv, "a JPEG 2000 picture"},
    {0, "II*\0"sv, "a TIFF picture"},
    {0, "MM\0*"sv, "a TIFF picture"},
    {0, "8BPS"sv, "a Photoshop document"},
    {0, "qoif"sv, "a QOI picture"},
    {0, "BM"sv, "a BMP picture"},
    {0, "version https://git-lfs"sv, "a Git-LFS pointer, not the file it stands for"},
    {0, "%PDF"sv, "a PDF document"},
    {0, "PK\x03\x04"sv, "a ZIP archive"},
    {0, "\x1f\x8b"sv, "a gzip archive"},
    {0, "\x89HDF"sv, "an HDF5 file"},
};

bool starts_with_word(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(),
                    [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
}

bool is_text(std::string_view head) {
  return std::ranges::all_of(head, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 ? byte != 0x7f : byte == '\n' || byte == '\r' || byte == '\t';
  });
}

}  // namespace

std::string_view looks_like(std::span<const std::byte> file) {
  constexpr size_t kHead = 512;
  const std::string_view head(reinterpret_cast<const char*>(file.data()), std::min(file.size(), kHead));
  if (head.empty()) return "an empty file";
  for (const Signature& signature : kSignatures) {
    if (head.size() > signature.offset && head.substr(signature.offset).starts_with(signature.bytes)) {
      return signature.name;
    }
  }
  std::string_view text = head;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (starts_with_word(text, "<!doctype html") || starts_with_word(text, "<html")) return "an HTML page";
  if (starts_with_word(text, "<svg")) return "an SVG drawing";
  if (starts_with_word(text, "<?xml")) return "an XML document";
  return is_text(head) ? "a text file" : "no known picture format";
}

}  // namespace ink
