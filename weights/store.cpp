#include "weights/store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/base/half.h"
#include "weights/file.h"
#include "weights/finite.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr int64_t kMostElements = int64_t{1} << 48;

std::string where(const std::string& origin) { return origin.empty() ? std::string() : origin + ": "; }

// Tensors of a file start at any byte, so elements are copied out rather than addressed.
template <class Stored, class Convert>
void widen(std::span<const std::byte> bytes, std::span<float> dst, Convert convert) {
  for (size_t i = 0; i < dst.size(); ++i) {
    Stored value;
    std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    dst[i] = convert(value);
  }
}

}  // namespace

std::string shape_text(std::span<const int64_t> shape) {
  std::string text = "[";
  for (const int64_t size : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(size);
  }
  return text + "]";
}

std::optional<int64_t> element_count(std::span<const int64_t> shape) {
  if (std::ranges::any_of(shape, [](int64_t size) { return size < 0; })) return std::nullopt;
  if (std::ranges::find(shape, 0) != shape.end()) return 0;
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (__builtin_mul_overflow(count, size, &count) || count > kMostElements) return std::nullopt;
  }
  return count;
}

TensorFloats::~TensorFloats() {
  if (own_.size() == 0 && !values_.empty()) forget_pages(std::as_bytes(values_));
}

Status WeightStore::add_borrowed(StoredTensor tensor, std::shared_ptr<const void> owner) {
  const std::optional<int64_t> count = element_count(tensor.shape);
  if (!count) {
    return model_error(where(origin_), "tensor ", quote(tensor.name), " has the impossible shape ",
                       shape_text(tensor.shape));
  }
  const uint64_t expected = static_cast<uint64_t>(*count) * dtype_size(tensor.dtype);
  if (expected != tensor.bytes.size()) {
    return model_error(where(origin_), "tensor ", quote(tensor.name), " of type ", dtype_name(tensor.dtype),
                       " and shape ", shape_text(tensor.shape), " needs ", expected, " bytes, found ",
                       tensor.bytes.size());
  }
  if (!index_.emplace(tensor.name, tensors_.size()).second) {
    return model_error(where(origin_), "tensor ", quote(tensor.name), " is there twice");
  }
  tensors_.push_back(std::move(tensor));
  owners_.push_back(std::move(owner));
  return {};
}

Status WeightStore::add(std::string name, DType dtype, std::vector<int64_t> shape,
                        std::span<const std::byte> bytes) {
  auto copy = std::make_shared<AlignedBuffer<std::byte>>(bytes.size());
  std::ranges::copy(bytes, copy->data());
  const std::span<const std::byte> owned(copy->data(), copy->size());
  return add_borrowed({std::move(name), dtype, std::move(shape), owned}, std::move(copy));
}

void WeightStore::set_metadata(std::string key, std::string value) {
  metadata_.insert_or_assign(std::move(key), std::move(value));
}

const StoredTensor* WeightStore::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

std::string_view WeightStore::metadata(std::string_view key) const {
  const auto found = metadata_.find(key);
  return found == metadata_.end() ? std::string_view() : std::string_view(found->second);
}

Result<const StoredTensor*> WeightStore::expect(std::string_view name, std::span<const int64_t> shape) const {
  const StoredTensor* tensor = find(name);
  if (tensor == nullptr) {
    return model_error(where(origin_), "expected a tensor ", quote(name), " of shape ", shape_text(shape),
                       ", found none of that name");
  }
  if (!std::ranges::equal(tensor->shape, shape)) {
    return model_error(where(origin_), "tensor ", quote(name), ": expected shape ", shape_text(shape),
                       ", found ", shape_text(tensor->shape));
  }
  if (tensor->dtype != DType::f32 && tensor->dtype != DType::f16 && tensor->dtype != DType::bf16) {
    return model_error(where(origin_), "tensor ", quote(name), ": expected type F32, F16 or BF16, found ",
                       dtype_name(tensor->dtype));
  }
  return tensor;
}

Result<const StoredTensor*> WeightStore::expect_weights(std::string_view name,
                                                        std::span<const int64_t> shape) const {
  const StoredTensor* tensor = find(name);
  if (tensor == nullptr || tensor->dtype != DType::i8) return expect(name, shape);
  if (!std::ranges::equal(tensor->shape, shape)) {
    return model_error(where(origin_), "tensor ", quote(name), ": expected shape ", shape_text(shape),
                       ", found ", shape_text(tensor->shape));
  }
  const StoredTensor* scales = find(concat(name, kScaleSuffix));
  if (scales == nullptr || scales->dtype != DType::f32 || scales->shape.size() != shape.size()) {
    return model_error(where(origin_), "tensor ", quote(name), " of type I8: expected scales, ",
                       quote(concat(name, kScaleSuffix)), " of type F32 and of as many axes");
  }
  int axes = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (scales->shape[i] == 1) continue;
    if (scales->shape[i] != shape[i] || ++axes > 1) {
      return model_error(where(origin_), "tensor ", quote(scales->name), ": expected one axis of ",
                         shape_text(shape), " and 1 for the others, found ", shape_text(scales->shape));
    }
  }
  return tensor;
}

std::shared_ptr<const void> WeightStore::owner_of(const StoredTensor& tensor) const {
  INK_CHECK(&tensor >= tensors_.data() && &tensor < tensors_.data() + tensors_.size());
  return owners_[static_cast<size_t>(&tensor - tensors_.data())];
}

Result<AlignedBuffer<float>> WeightStore::floats(std::string_view name,
                                                 std::span<const int64_t> shape) const {
  INK_TRY(const StoredTensor* tensor, expect_weights(name, shape));
  if (tensor->dtype == DType::i8) return scaled_floats(*tensor);
  INK_TRY_STATUS(check_finite(*tensor, origin_));
  AlignedBuffer<float> dst(tensor->bytes.size() / dtype_size(tensor->dtype));
  const std::span<float> values(dst.data(), dst.size());
  switch (tensor->dtype) {
    case DType::f16: widen<uint16_t>(tensor->bytes, values, f16_to_f32); break;
    case DType::bf16: widen<uint16_t>(tensor->bytes, values, bf16_to_f32); break;
    default:
      if (!values.empty()) std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
  }
  forget_pages(tensor->bytes);
  return dst;
}

Result<AlignedBuffer<float>> WeightStore::scaled_floats(const StoredTensor& tensor) const {
  const StoredTensor& stored = *find(concat(tensor.name, kScaleSuffix));
  INK_TRY(const AlignedBuffer<float> scales, floats(stored.name, stored.shape));
  AlignedBuffer<float> dst(tensor.bytes.size());
  // Element i has the scale i / inner % outer.
  size_t inner = 1;
  for (size_t axis = tensor.shape.size(); axis-- > 0 && stored.shape[axis] == 1;) {
    inner *= static_cast<size_t>(tensor.shape[axis]);
  }
  size_t at = 0;
  for (size_t i = 0; i < dst.size(); at = at + 1 == scales.size() ? 0 : at + 1) {
    const size_t end = std::min(dst.size(), i + inner);
    for (; i < end; ++i) dst[i] = static_cast<float>(static_cast<int8_t>(tensor.bytes[i])) * scales[at];
  }
  forget_pages(tensor.bytes);
  return dst;
}

Result<TensorFloats> WeightStore::borrow_floats(std::string_view name, std::span<const int64_t> shape) const {
  INK_TRY(const StoredTensor* tensor, expect_weights(name, shape));
  const std::span<const std::byte> bytes = tensor->bytes;
  if (tensor->dtype == DType::f32 && reinterpret_cast<uintptr_t>(bytes.data()) % alignof(float) == 0) {
    INK_TRY_STATUS(check_finite(*tensor, origin_));
    const auto* values = reinterpret_cast<const float*>(bytes.data());
    return TensorFloats(std::span(values, bytes.size() / sizeof(float)));
  }
  INK_TRY(AlignedBuffer<float> copy, floats(name, shape));
  return TensorFloats(std::move(copy));
}

}  // namespace ink
