#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/source.h"
#include "converters/sources/tensorflow/bundle_entry.h"
#include "kernels/base/function_ref.h"
#include "weights/limits.h"

namespace ink {

// One data file, in memory or mapped.
struct BundleShard {
  std::string path;
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

// A TensorFlow checkpoint as keys and bytes. Nothing in it decides which files are opened but the number of
// shards.
class Bundle {
 public:
  // open_shard(i, count) is called for each shard. Error (model): anything wrong with the index, or an entry
  // that its shard does not hold, or two entries that lie over each other.
  static Result<Bundle> open(std::span<const std::byte> index, const std::string& origin,
                             FunctionRef<Result<BundleShard>(uint32_t, uint32_t)> open_shard,
                             const ModelLimits& limits);

  // By key; without the parts of tensors that are stored in parts.
  std::span<const BundleEntry> entries() const { return std::span(entries_).subspan(parts_); }
  // nullptr where there is none.
  const BundleEntry* find(std::string_view key) const;

  // The tensor, its checksum verified; dtype_of_tf() has to know its type. Borrowed from its shard, copied
  // only where it is stored in parts or its elements are not aligned there. Error: model, limit.
  Result<SourceBytes> read(const BundleEntry& entry) const;

  // The one string of a string scalar, in its shard, checksum verified; where it stands in `place`.
  // Error: model.
  Result<std::span<const std::byte>> read_string(const BundleEntry& entry, Place& place) const;

 private:
  Status read_index(std::span<const std::byte> index, const ModelLimits& limits);
  Status check_extents() const;
  Status check_parts() const;
  Result<std::span<const std::byte>> checked_bytes(const BundleEntry& entry) const;
  Result<SourceBytes> read_parts(const BundleEntry& entry) const;

  // About an entry, by its place in the index.
  Error error(const BundleEntry& entry, std::string_view reason) const;

  std::string origin_;
  uint32_t shard_count_ = 0;
  std::vector<BundleEntry> entries_;
  size_t parts_ = 0;  // of entries_, at the beginning
  std::vector<BundleShard> shards_;
};

}  // namespace ink
