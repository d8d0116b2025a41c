#include "converters/sources/safetensors.h"

#include <utility>

namespace ink {

namespace {

class SafetensorsSource : public TensorSource {
 public:
  explicit SafetensorsSource(std::shared_ptr<const WeightStore> store) : store_(std::move(store)) {
    for (const StoredTensor& tensor : store_->tensors()) {
      tensors_.push_back({tensor.name, tensor.dtype, tensor.shape});
    }
    for (const auto& [key, value] : store_->metadata()) texts_.push_back({key, value});
  }

  std::string_view format() const override { return "safetensors"; }
  const std::string& origin() const override { return store_->origin(); }
  std::span<const SourceTensor> tensors() const override { return tensors_; }
  std::span<const SourceText> texts() const override { return texts_; }
  Result<SourceBytes> read(size_t index) const override {
    INK_CHECK(index < tensors_.size());
    return SourceBytes{store_->tensors()[index].bytes, store_};
  }
  bool reads_in_place() const override { return true; }

 private:
  std::shared_ptr<const WeightStore> store_;
  std::vector<SourceTensor> tensors_;
  std::vector<SourceText> texts_;
};

}  // namespace

std::unique_ptr<TensorSource> open_safetensors_source(std::shared_ptr<const WeightStore> store) {
  return std::make_unique<SafetensorsSource>(std::move(store));
}

}  // namespace ink
