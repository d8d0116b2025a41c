#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "converters/sources/hdf5/file.h"
#include "converters/sources/source.h"

namespace ink::keras {

// Tensors that are datasets of one HDF5 file.
class Source : public TensorSource {
 public:
  // origin: the file; place: what messages begin with, the file or the member of it that is HDF5.
  Source(std::string origin, std::string place, std::shared_ptr<const void> owner)
      : origin_(std::move(origin)), place_(std::move(place)), owner_(std::move(owner)) {}

  std::string_view format() const override { return format_; }
  const std::string& origin() const override { return origin_; }
  std::span<const SourceTensor> tensors() const override { return tensors_; }
  std::string_view producer() const override { return producer_; }
  std::span<const SourceText> texts() const override { return texts_; }
  std::span<const std::string> unknown() const override { return unknown_; }
  Result<SourceBytes> read(size_t index) const override;

  // The dataset at this index of the file. Error (model): it is no tensor, or there are more than the limit.
  Status add(std::string name, hdf5::File& file, size_t object, const ModelLimits& limits);
  // Names that are there twice get `prefixes`, one a tensor, in front. Error (model): some still are.
  Status make_unique(std::span<const std::string> prefixes);

  void set_format(std::string_view format) { format_ = format; }
  void set_producer(std::string producer) { producer_ = std::move(producer); }
  void add_text(std::string name, std::string text) { texts_.push_back({std::move(name), std::move(text)}); }
  void add_unknown(std::string line) { unknown_.push_back(std::move(line)); }

 private:
  std::string origin_, place_;
  std::shared_ptr<const void> owner_;
  std::string_view format_;
  std::string producer_;
  std::vector<SourceTensor> tensors_;
  std::vector<hdf5::Dataset> datasets_;
  uint64_t unpacked_ = 0;            // bytes of the tensors that are in chunks
  std::vector<uint64_t> addresses_;  // of the datasets' headers, for messages
  std::vector<SourceText> texts_;
  std::vector<std::string> unknown_;
};

// Fills the source from an HDF5 file.
Status read_h5(hdf5::File file, const ModelLimits& limits, Source& source);

}  // namespace ink::keras
