#include "converters/sources/tensorflow/slices.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/base/check.h"

namespace ink {

namespace {

// TensorFlow's order-preserving code of a signed number: as many bits 1 as there are bytes, then the number,
// big-endian, in seven bits a byte of which the first is the sign.
void append_ordered(std::string& key, int64_t value) {
  INK_CHECK(value >= -1 && value <= int64_t{1} << 48);
  if (value < 64) {
    key += static_cast<char>(0x80 ^ value);
    return;
  }
  const auto bytes = static_cast<int>(std::bit_width(static_cast<uint64_t>(value))) / 7 + 1;
  const uint64_t mark = uint64_t{0xff00} >> bytes & 0xff;
  const uint64_t marked = static_cast<uint64_t>(value) ^ mark << (8 * (bytes - 1));
  for (int i = bytes; i-- > 0;) key += static_cast<char>(marked >> (8 * i) & 0xff);
}

int64_t elements(const TensorSlice& slice) {
  int64_t count = 1;
  for (const TensorExtent& extent : slice) count *= extent.length;
  return count;
}

bool overlap(const TensorSlice& a, const TensorSlice& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].start + a[i].length <= b[i].start || b[i].start + b[i].length <= a[i].start) return false;
  }
  return true;
}

}  // namespace

std::string slice_key(std::string_view key, const TensorSlice& slice) {
  // No other key begins with 0, and the name ends with 0 1; what looks like either is escaped.
  std::string result(1, '\0');
  for (const char c : key) {
    result += c;
    if (c == '\0') result += '\xff';
    if (c == '\xff') result += '\0';
  }
  result.append({'\0', '\1'});
  if (slice.empty()) {
    result += '\0';
  } else {
    result.append({'\1', static_cast<char>(slice.size())});
  }
  for (const TensorExtent& extent : slice) {
    append_ordered(result, extent.start);
    append_ordered(result, extent.length);
  }
  return result;
}

TensorSlice whole_extents(const TensorSlice& slice, std::span<const int64_t> shape) {
  TensorSlice result = slice;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (result[i].length < 0) result[i].length = shape[i];
  }
  return result;
}

bool tile_exactly(std::span<const TensorSlice> slices, std::span<const int64_t> shape) {
  // Such a tensor has nothing to store in parts; and without it no product exceeds that of the shape.
  if (std::ranges::find(shape, 0) != shape.end()) return false;
  int64_t left = 1;
  for (const int64_t size : shape) left *= size;
  for (size_t i = 0; i < slices.size(); ++i) {
    const int64_t count = elements(slices[i]);
    if (count == 0 || count > left) return false;
    left -= count;
    for (size_t j = 0; j < i; ++j) {
      if (overlap(slices[i], slices[j])) return false;
    }
  }
  return left == 0;
}

void place_slice(std::span<const std::byte> src, const TensorSlice& slice, std::span<const int64_t> shape,
                 size_t element_bytes, std::byte* dst) {
  // The axes from `inner` on make one run of bytes in both.
  size_t inner = shape.size();
  size_t run = element_bytes, stride = element_bytes;
  bool whole = true;
  while (inner > 0 && whole) {
    --inner;
    whole = slice[inner].length == shape[inner];
    run *= static_cast<size_t>(slice[inner].length);
  }
  std::vector<size_t> strides(shape.size());
  for (size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= static_cast<size_t>(shape[axis]);
  }
  size_t start = 0;
  for (size_t axis = 0; axis < shape.size(); ++axis)
    start += static_cast<size_t>(slice[axis].start) * strides[axis];
  std::vector<int64_t> at(inner);
  for (; !src.empty(); src = src.subspan(run)) {
    size_t offset = start;
    for (size_t axis = 0; axis < inner; ++axis) offset += static_cast<size_t>(at[axis]) * strides[axis];
    std::memcpy(dst + offset, src.data(), run);
    for (size_t axis = inner; axis-- > 0;) {
      if (++at[axis] < slice[axis].length) break;
      at[axis] = 0;
    }
  }
}

}  // namespace ink
