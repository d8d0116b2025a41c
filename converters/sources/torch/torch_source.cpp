#include "converters/sources/torch/torch_source.h"

#include <new>
#include <unordered_set>

#include "kernels/base/aligned_buffer.h"
#include "weights/message.h"

namespace ink::torch_file {

Result<std::vector<TensorView>> read_views(const Values& values, const Found& found, StorageTable& storages,
                                           const std::string& origin, const ModelLimits& limits) {
  std::vector<TensorView> views;
  views.reserve(found.tensors.size());
  for (const auto& [name, node] : found.tensors) {
    const std::string what = concat(origin, ": tensor ", quote(name));
    INK_TRY(TensorView view, read_tensor(values, node, storages, origin, what, limits));
    views.push_back(std::move(view));
  }
  return views;
}

Status TorchSource::fill(Found found, std::vector<TensorView> views, std::vector<StoragePlace> places,
                         const std::string& pickle, uint64_t file_bytes, const ModelLimits& limits) {
  uint64_t total = 0, copied = 0;
  std::unordered_set<std::string_view> names;
  for (size_t i = 0; i < views.size(); ++i) {
    // Below 2^48 elements each, at most 100,000 of them: the sums stay below 2^68 / 2^4.
    const uint64_t bytes = views[i].elements * dtype_size(views[i].dtype);
    if (__builtin_add_overflow(total, bytes, &total)) total = ~uint64_t{0};
    if (!views[i].contiguous && __builtin_add_overflow(copied, bytes, &copied)) copied = ~uint64_t{0};
    if (total / limits.tensor_expansion > file_bytes || copied > limits.materialised_bytes) {
      return model_error(pickle, ": up to ", quote(found.tensors[i].name), " at offset ", views[i].place,
                         " its tensors have ", total, " bytes, ", copied,
                         " of them to be copied; the limits are ", limits.tensor_expansion,
                         " times the file's ", file_bytes, " and ", limits.materialised_bytes);
    }
    if (!names.insert(found.tensors[i].name).second) {
      return model_error(pickle, ": the tensor ", quote(found.tensors[i].name), " at offset ", views[i].place,
                         " is there twice");
    }
  }
  for (size_t i = 0; i < views.size(); ++i) {
    tensors_.push_back({std::move(found.tensors[i].name), views[i].dtype, views[i].shape});
  }
  views_ = std::move(views);
  checked_ = std::vector<std::atomic<bool>>(places.size());
  places_ = std::move(places);
  texts_ = std::move(found.texts);
  unknown_ = std::move(found.unknown);
  producer_ = std::move(found.producer);
  return {};
}

Result<SourceBytes> TorchSource::storage(size_t index) const {
  const auto& [bytes, member] = places_[index];
  if (member == nullptr) return SourceBytes{bytes, owner_};
  if (member->deflated) {
    INK_TRY(std::vector<std::byte> unpacked, zip_->read(*member));
    auto owner = std::make_shared<const std::vector<std::byte>>(std::move(unpacked));
    const std::span<const std::byte> all(*owner);
    return SourceBytes{all, std::move(owner)};
  }
  if (!checked_[index].load()) {
    INK_TRY_STATUS(zip_->check_stored(*member));
    checked_[index].store(true);
  }
  return SourceBytes{bytes, owner_};
}

Result<SourceBytes> TorchSource::read(size_t index) const {
  INK_CHECK(index < views_.size());
  const TensorView& view = views_[index];
  try {
    INK_TRY(SourceBytes all, storage(view.storage));
    const size_t element = dtype_size(view.dtype), bytes = static_cast<size_t>(view.elements) * element;
    if (bytes == 0) return SourceBytes{{}, std::move(all.owner)};
    if (view.contiguous) {
      return SourceBytes{all.bytes.subspan(static_cast<size_t>(view.offset) * element, bytes),
                         std::move(all.owner)};
    }
    auto dst = std::make_shared<AlignedBuffer<std::byte>>(bytes);
    materialise(view, all.bytes, dst->data());
    if (mapped_ && all.owner == owner_) forget_pages(all.bytes);
    const std::span<const std::byte> rows(dst->data(), bytes);
    return SourceBytes{rows, std::move(dst)};
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::limit,
                 concat(origin_, ": there is no memory for tensor ", quote(tensors_[index].name))};
  }
}

}  // namespace ink::torch_file
