#include "weights/finite.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "weights/file.h"
#include "weights/message.h"

namespace ink {

namespace {

// How much is looked at before its pages are given back: weights are packed one after another later on, and
// what is mapped counts as memory in use for as long as it is resident.
constexpr size_t kBlockBytes = size_t{1} << 20;

// A value is NaN or infinite where every bit of its exponent is set.
template <class Bits>
bool is_non_finite(const std::byte* at, Bits exponent) {
  Bits value;
  std::memcpy(&value, at, sizeof(Bits));
  return (value & exponent) == exponent;
}

template <class Bits>
std::optional<size_t> first_non_finite(std::span<const std::byte> bytes, Bits exponent) {
  const size_t count = bytes.size() / sizeof(Bits);
  constexpr size_t kBlock = kBlockBytes / sizeof(Bits);
  for (size_t first = 0; first < count; first += kBlock) {
    const size_t size = std::min(kBlock, count - first);
    const std::byte* const block = bytes.data() + first * sizeof(Bits);
    // Without a way out of the loop it runs as fast as memory gives.
    Bits found = 0;
    for (size_t i = 0; i < size; ++i) {
      const bool non_finite = is_non_finite(block + i * sizeof(Bits), exponent);
      found = static_cast<Bits>(found | static_cast<Bits>(non_finite));
    }
    for (size_t i = 0; found != 0 && i < size; ++i) {
      if (is_non_finite(block + i * sizeof(Bits), exponent)) return first + i;
    }
    if (count > kBlock) forget_pages({block, size * sizeof(Bits)});
  }
  return std::nullopt;
}

std::optional<size_t> first_non_finite(const StoredTensor& tensor) {
  switch (tensor.dtype) {
    case DType::f64: return first_non_finite<uint64_t>(tensor.bytes, 0x7ff0000000000000u);
    case DType::f32: return first_non_finite<uint32_t>(tensor.bytes, 0x7f800000u);
    case DType::f16: return first_non_finite<uint16_t>(tensor.bytes, 0x7c00u);
    case DType::bf16: return first_non_finite<uint16_t>(tensor.bytes, 0x7f80u);
    default: return std::nullopt;
  }
}

}  // namespace

Status check_finite(const WeightStore& store) {
  for (const StoredTensor& tensor : store.tensors()) {
    if (const std::optional<size_t> index = first_non_finite(tensor)) {
      return model_error(store.origin(), ": element ", *index, " of tensor ", quote(tensor.name),
                         " of shape ", shape_text(tensor.shape), " is not a finite number");
    }
  }
  return {};
}

}  // namespace ink
