#include "pictures/refuse.h"

#include "pictures/sniff.h"

namespace ink {
namespace {

std::string size_text(uint32_t w, uint32_t h) { return std::to_string(w) + " x " + std::to_string(h); }

}  // namespace

Error broken_picture(std::string_view name, std::string_view format, const std::string& what) {
  return {ErrorKind::bad_input, std::string(name) + ": broken " + std::string(format) + ": " + what};
}

Error cut_off_picture(std::string_view name, std::string_view format, size_t file_bytes,
                      std::string_view part, size_t at) {
  return broken_picture(name, format,
                        "the file ends at byte " + std::to_string(file_bytes) + ", inside the " +
                            std::string(part) + " that starts at " + std::to_string(at) +
                            "; an incomplete download?");
}

Error foreign_file(std::string_view name, std::string_view format, ByteSpan file) {
  return {ErrorKind::bad_input, std::string(name) + ": expected a " + std::string(format) +
                                    " picture, found " + std::string(looks_like(file))};
}

Error too_few_bytes(std::string_view name, std::string_view format, uint64_t size, uint32_t w, uint32_t h) {
  return broken_picture(name, format,
                        std::to_string(size) + " bytes of compressed pixels cannot hold the " +
                            size_text(w, h) + " that it declares");
}

Status check_picture_size(std::string_view name, std::string_view format, uint32_t w, uint32_t h,
                          const PictureLimits& limits) {
  const std::string size = size_text(w, h) + " pixels";
  if (w == 0 || h == 0) return broken_picture(name, format, "it has " + size);
  const auto side = static_cast<uint32_t>(limits.side);
  if (w <= side && h <= side && static_cast<uint64_t>(w) * h <= static_cast<uint64_t>(limits.pixels))
    return {};
  return Error{ErrorKind::limit, std::string(name) + ": the picture has " + size + "; at most " +
                                     std::to_string(limits.side) + " a side and " +
                                     std::to_string(limits.pixels) + " in all are read"};
}

}  // namespace ink
