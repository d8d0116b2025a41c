#include "converters/sources/keras/source.h"

#include <new>
#include <set>
#include <unordered_map>

#include "weights/message.h"

namespace ink::keras {

Result<SourceBytes> Source::read(size_t index) const {
  INK_CHECK(index < tensors_.size());
  const std::string& name = tensors_[index].name;
  try {
    return hdf5::dataset_bytes(datasets_[index], owner_, place_, name);
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::limit, concat(place_, ": there is no memory for tensor ", quote(name))};
  }
}

Status Source::add(std::string name, hdf5::File& file, size_t object, const ModelLimits& limits) {
  const hdf5::Dataset& dataset = file.objects()[object].dataset.front();
  const auto bad = [&](const auto&... parts) {
    return model_error(place_, ": the dataset ", quote(name), " at offset ", file.objects()[object].address,
                       parts...);
  };
  if (!dataset.type.dtype) return bad(" holds ", dataset.type.name, ", which no tensor has");
  if (dataset.space.null) return bad(" has no shape");
  if (dataset.refusal) return *dataset.refusal;
  if (dataset.space.dims.size() > limits.tensor_rank) {
    return bad(" has ", dataset.space.dims.size(), " dimensions, the limit is ", limits.tensor_rank);
  }
  if (tensors_.size() == limits.tensors) return bad(" is one of more than ", limits.tensors, " tensors");
  if (dataset.chunked) unpacked_ += dataset.bytes;  // fits: below 2^11 times the file
  if (unpacked_ / limits.tensor_expansion >
      file.size() + limits.hdf5_unpacked_bytes / limits.tensor_expansion) {
    return bad(" brings the tensors that are unpacked to ", unpacked_, " bytes, the limit is ",
               limits.tensor_expansion, " times the file's ", file.size(), " and ",
               limits.hdf5_unpacked_bytes, " more");
  }
  SourceTensor tensor{std::move(name), *dataset.type.dtype, {}};
  for (const uint64_t dim : dataset.space.dims) tensor.shape.push_back(static_cast<int64_t>(dim));
  tensors_.push_back(std::move(tensor));
  addresses_.push_back(file.objects()[object].address);
  datasets_.push_back(file.take(object));
  return {};
}

Status Source::make_unique(std::span<const std::string> prefixes) {
  INK_CHECK(prefixes.size() == tensors_.size());
  std::unordered_map<std::string, size_t> uses;
  for (const SourceTensor& tensor : tensors_) ++uses[tensor.name];
  std::set<std::string_view> names;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    std::string& name = tensors_[i].name;
    if (uses[name] > 1) name = concat(prefixes[i], "/", name);
  }
  for (const SourceTensor& tensor : tensors_) {
    if (!names.insert(tensor.name).second) {
      const size_t index = static_cast<size_t>(&tensor - tensors_.data());
      return model_error(place_, ": the weight ", quote(tensor.name), " at offset ", addresses_[index],
                         " is there twice");
    }
  }
  return {};
}

}  // namespace ink::keras
