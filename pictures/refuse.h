#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/base/result.h"
#include "pictures/bytes.h"
#include "pictures/picture.h"

namespace ink {

// The sentences with which all readers of pictures refuse a file; `format` is "PNG" and so on.

// "NAME: broken PNG: WHAT".
Error broken_picture(std::string_view name, std::string_view format, const std::string& what);
// The file ends inside the `part` ("chunk", "marker") that starts at byte `at`.
Error cut_off_picture(std::string_view name, std::string_view format, size_t file_bytes,
                      std::string_view part, size_t at);
// What the file is instead of a picture in `format`.
Error foreign_file(std::string_view name, std::string_view format, ByteSpan file);
// `size` bytes of compressed pixels are too few for any picture of w x h.
Error too_few_bytes(std::string_view name, std::string_view format, uint64_t size, uint32_t w, uint32_t h);

// Refuses what has no pixels, or more than the limits allow.
Status check_picture_size(std::string_view name, std::string_view format, uint32_t w, uint32_t h,
                          const PictureLimits& limits);

}  // namespace ink
