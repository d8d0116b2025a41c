#include "weights/finite.h"

#include <cstring>
#include <optional>

#include "weights/message.h"

namespace ink {

namespace {

// A value is NaN or infinite where every bit of its exponent is set.
template <class Bits>
std::optional<size_t> first_non_finite(std::span<const std::byte> bytes, Bits exponent) {
  for (size_t i = 0; i < bytes.size() / sizeof(Bits); ++i) {
    Bits value;
    std::memcpy(&value, bytes.data() + i * sizeof(Bits), sizeof(Bits));
    if ((value & exponent) == exponent) return i;
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
