#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "converters/sources/tensorflow/bundle_entry.h"

namespace ink {

// The slice with every length that reaches to the end replaced by its number.
TensorSlice whole_extents(const TensorSlice& slice, std::span<const int64_t> shape);

// Whether the slices, by whole_extents(), cover the shape and no element twice.
bool tile_exactly(std::span<const TensorSlice> slices, std::span<const int64_t> shape);

// Puts the part `src` where it belongs in `dst`, the whole tensor; both row-major. By whole_extents().
void place_slice(std::span<const std::byte> src, const TensorSlice& slice, std::span<const int64_t> shape,
                 size_t element_bytes, std::byte* dst);

}  // namespace ink
