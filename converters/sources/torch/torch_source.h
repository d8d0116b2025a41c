#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "converters/sources/source.h"
#include "converters/sources/torch/tensor.h"
#include "converters/sources/torch/walk.h"
#include "weights/file.h"
#include "weights/limits.h"
#include "weights/zip.h"

namespace ink::torch_file {

// Where a storage lies: in a member of an archive, or as it is in a stream.
struct StoragePlace {
  std::span<const std::byte> bytes;
  const ZipMember* member = nullptr;
};

class TorchSource : public TensorSource {
 public:
  // zip: the archive of the places, or nullptr.
  TorchSource(std::string_view format, std::string origin, const FileBytes& file,
              std::shared_ptr<const ZipReader> zip)
      : format_(format),
        origin_(std::move(origin)),
        owner_(file.owner),
        mapped_(file.mapped),
        zip_(std::move(zip)) {}

  // Checks that all views together stay within the limits. places: for each storage of the views; pickle: the
  // origin of the one that they stand in.
  Status fill(Found found, std::vector<TensorView> views, std::vector<StoragePlace> places,
              const std::string& pickle, uint64_t file_bytes, const ModelLimits& limits);

  std::string_view format() const override { return format_; }
  const std::string& origin() const override { return origin_; }
  std::span<const SourceTensor> tensors() const override { return tensors_; }
  Result<SourceBytes> read(size_t index) const override;
  std::string_view producer() const override { return producer_; }
  std::span<const SourceText> texts() const override { return texts_; }
  std::span<const std::string> unknown() const override { return unknown_; }

 private:
  // The storage's bytes, their checksum compared once.
  Result<SourceBytes> storage(size_t index) const;

  std::string_view format_;
  std::string origin_, producer_;
  std::shared_ptr<const void> owner_;
  bool mapped_;
  std::shared_ptr<const ZipReader> zip_;
  std::vector<SourceTensor> tensors_;
  std::vector<TensorView> views_;
  std::vector<StoragePlace> places_;
  mutable std::vector<std::atomic<bool>> checked_;
  std::vector<SourceText> texts_;
  std::vector<std::string> unknown_;
};

// The views of the tensors that were found; their storages are declared in the table.
Result<std::vector<TensorView>> read_views(const Values& values, const Found& found, StorageTable& storages,
                                           const std::string& origin, const ModelLimits& limits);

}  // namespace ink::torch_file
