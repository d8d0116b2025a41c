#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/dtype.h"
#include "kernels/base/result.h"

namespace ink {

// "[64, 3, 3, 3]", for messages.
std::string shape_text(std::span<const int64_t> shape);

// Elements of a shape, or nothing where the product exceeds 2^48 or a size is negative.
std::optional<int64_t> element_count(std::span<const int64_t> shape);

// A named tensor, row-major, little endian. The bytes belong to the store that gave it.
struct StoredTensor {
  std::string name;
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
};

// The values of a tensor as floats: where they lie in the store, or widened to memory of their own. Must not
// outlive the store. Values that lie in a mapped file give their pages back at the end: packing a model then
// never holds all of the released weights beside the packed ones.
class TensorFloats {
 public:
  TensorFloats() = default;
  explicit TensorFloats(std::span<const float> values) : values_(values) {}
  explicit TensorFloats(AlignedBuffer<float> own) : own_(std::move(own)), values_(own_.data(), own_.size()) {}
  TensorFloats(TensorFloats&& other) noexcept
      : own_(std::move(other.own_)), values_(std::exchange(other.values_, {})) {}
  TensorFloats& operator=(TensorFloats&& other) noexcept {
    std::swap(own_, other.own_);
    std::swap(values_, other.values_);
    return *this;
  }
  ~TensorFloats();

  const float* data() const { return values_.data(); }
  size_t size() const { return values_.size(); }
  const float& operator[](size_t i) const { return values_[i]; }

 private:
  AlignedBuffer<float> own_;
  std::span<const float> values_;
};

// A tensor NAME of i8 stands for NAME * (NAME + kScaleSuffix), the latter f32 and of the same shape but for
// axes of size 1 along which it is repeated, one axis at most being left.
inline constexpr std::string_view kScaleSuffix = ".int8_scale";

// Named tensors and string metadata: what a model file holds, wherever it came from. Tensor bytes are either
// borrowed from a mapped file, which the store keeps mapped, or owned. Movable, immutable once built.
class WeightStore {
 public:
  // Adds a tensor whose bytes `owner` keeps alive. Error: the name exists already, or the size does not fit.
  Status add_borrowed(StoredTensor tensor, std::shared_ptr<const void> owner);
  // Adds a tensor and owns its bytes.
  Status add(std::string name, DType dtype, std::vector<int64_t> shape, std::span<const std::byte> bytes);
  void set_metadata(std::string key, std::string value);

  // In the order they were added.
  std::span<const StoredTensor> tensors() const { return tensors_; }
  const StoredTensor* find(std::string_view name) const;
  const std::map<std::string, std::string, std::less<>>& metadata() const { return metadata_; }
  // Empty where there is no such key.
  std::string_view metadata(std::string_view key) const;

  // A tensor of f32, f16 or bf16 widened to float, or one of i8 times its scales (kScaleSuffix). Error in
  // words: there is no such tensor, its shape is not `shape`, its type is another, or a value is not finite.
  Result<AlignedBuffer<float>> floats(std::string_view name, std::span<const int64_t> shape) const;

  // The same without a copy where the store holds aligned floats.
  Result<TensorFloats> borrow_floats(std::string_view name, std::span<const int64_t> shape) const;

  // A tensor of that name and shape, f32, f16 or bf16. Errors as floats().
  Result<const StoredTensor*> expect(std::string_view name, std::span<const int64_t> shape) const;
  // The same, or one of i8 beside its scales.
  Result<const StoredTensor*> expect_weights(std::string_view name, std::span<const int64_t> shape) const;
  // What keeps the bytes of a tensor of this store where they are, also once the store is gone; nullptr where
  // that is up to whoever added it.
  std::shared_ptr<const void> owner_of(const StoredTensor& tensor) const;

  // The file or source named in error messages.
  const std::string& origin() const { return origin_; }
  void set_origin(std::string origin) { origin_ = std::move(origin); }

 private:
  Result<AlignedBuffer<float>> scaled_floats(const StoredTensor& tensor) const;

  std::string origin_;
  std::vector<StoredTensor> tensors_;
  std::map<std::string, size_t, std::less<>> index_;
  std::map<std::string, std::string, std::less<>> metadata_;
  std::vector<std::shared_ptr<const void>> owners_;  // of each tensor
};

}  // namespace ink
