#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "converters/sources/tensorflow/protobuf.h"

namespace ink {

// What a raw Snappy block holds: a varint of the unpacked size, then literals and copies from what has been
// unpacked before. Error (model): broken, or more than `most_bytes` unpacked or 64 times its own size, which
// no block of the format can reach.
Result<std::vector<std::byte>> unpack_snappy(std::span<const std::byte> packed, Place place,
                                             size_t most_bytes);

}  // namespace ink
