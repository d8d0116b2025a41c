#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/tensorflow/protobuf.h"
#include "kernels/base/dtype.h"
#include "weights/limits.h"

namespace ink {

// tensorflow.DataType by its number.
constexpr uint64_t kTfString = 7;
std::optional<DType> dtype_of_tf(uint64_t number);
// "float32"; "type 99" where there is none of that number.
std::string tf_dtype_name(uint64_t number);

// Where a part of a tensor lies in the whole; as many as the tensor has dimensions.
struct TensorExtent {
  int64_t start = 0, length = 0;
};
using TensorSlice = std::vector<TensorExtent>;

// What the index of a checkpoint says about one key.
struct BundleEntry {
  std::string key;
  uint64_t dtype = 0;  // tensorflow.DataType
  std::vector<int64_t> shape;
  uint32_t shard = 0;
  uint64_t offset = 0, size = 0;    // in the shard
  uint32_t masked_crc = 0;          // of the bytes there
  std::vector<TensorSlice> slices;  // where the tensor is stored in parts, each under slice_key()
  uint64_t index_offset = 0;        // in the index, for messages; set by the bundle
};

// A BundleEntryProto. Error (model): broken, or a shape beyond the limits, or a size that does not fit shape
// and type.
Result<BundleEntry> read_bundle_entry(std::string_view key, std::span<const std::byte> value, Place place,
                                      const ModelLimits& limits);

// A BundleHeaderProto: the number of shards. Error (model): broken, big-endian, or of a later version.
Result<uint32_t> read_bundle_header(std::span<const std::byte> value, Place place, const ModelLimits& limits);

// The shape as TensorShapeProto; -1 for a size that is not known, nothing where the rank is not.
Result<std::optional<std::vector<int64_t>>> read_tf_shape(ProtoReader shape, const ModelLimits& limits);

// The key of a part of a tensor that is stored in parts.
std::string slice_key(std::string_view key, const TensorSlice& slice);

}  // namespace ink
