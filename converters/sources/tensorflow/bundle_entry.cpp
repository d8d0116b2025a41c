#include "converters/sources/tensorflow/bundle_entry.h"

#include <algorithm>
#include <limits>

#include "weights/message.h"
#include "weights/store.h"

namespace ink {

namespace {

constexpr std::string_view kEntry = "the entry", kHeader = "the header";
constexpr uint64_t kBundleVersion = 1;

Result<int64_t> read_size(const ProtoReader& reader) {
  INK_TRY(const uint64_t value, reader.varint());
  return static_cast<int64_t>(value);
}

// A TensorSliceProto; lengths that are left out reach to the end, and starts from the beginning.
Result<TensorSlice> read_slice(ProtoReader reader, const BundleEntry& entry) {
  TensorSlice slice;
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) break;
    if (reader.number() != 1) continue;
    const size_t axis = slice.size();
    if (axis == entry.shape.size()) return reader.error("has more dimensions than its tensor");
    INK_TRY(ProtoReader fields, reader.message("the extent"));
    TensorExtent extent{0, -1};
    while (true) {
      INK_TRY(const bool more_fields, fields.next());
      if (!more_fields) break;
      if (fields.number() != 1 && fields.number() != 2) continue;
      INK_TRY_STATUS(fields.once());
      INK_TRY((fields.number() == 1 ? extent.start : extent.length), read_size(fields));
      if ((fields.number() == 1 ? extent.start : extent.length) < 0) return fields.error("is negative");
    }
    const int64_t size = entry.shape[axis];
    const bool whole = extent.length < 0;
    if (whole && extent.start != 0) return fields.error("has a start and no length");
    if (!whole && (extent.length == 0 || extent.start > size || extent.length > size - extent.start)) {
      return fields.error(concat("is ", extent.length, " from ", extent.start, " of ", size));
    }
    slice.push_back(extent);
  }
  if (slice.size() != entry.shape.size()) return reader.error("has fewer dimensions than its tensor");
  return slice;
}

Status check_size(const BundleEntry& entry, Place place) {
  const std::optional<int64_t> count = element_count(entry.shape);
  if (!count)
    return place_error(place, kEntry, concat("has a shape ", shape_text(entry.shape), " that is too large"));
  const std::optional<DType> dtype = dtype_of_tf(entry.dtype);
  if (!entry.slices.empty()) {
    if (entry.size == 0 && entry.offset == 0) return {};
    return place_error(place, kEntry, "has parts and bytes of its own");
  }
  if (!dtype) return {};
  const uint64_t expected = static_cast<uint64_t>(*count) * dtype_size(*dtype);
  if (entry.size == expected) return {};
  return place_error(place, kEntry,
                     concat("has ", entry.size, " bytes, expected ", expected, " for ",
                            tf_dtype_name(entry.dtype), " ", shape_text(entry.shape)));
}

}  // namespace

Result<std::optional<std::vector<int64_t>>> read_tf_shape(ProtoReader shape, const ModelLimits& limits) {
  std::vector<int64_t> sizes;
  bool known = true;
  while (true) {
    INK_TRY(const bool more, shape.next());
    if (!more) break;
    if (shape.number() == 3) {
      INK_TRY(const uint64_t unknown_rank, shape.varint());
      known = unknown_rank == 0;
    }
    if (shape.number() != 2) continue;
    if (sizes.size() == limits.tensor_rank) {
      return shape.error(concat("has more than ", limits.tensor_rank, " dimensions"));
    }
    INK_TRY(ProtoReader dim, shape.message("the dimension"));
    int64_t size = 0;
    while (true) {
      INK_TRY(const bool more_fields, dim.next());
      if (!more_fields) break;
      if (dim.number() != 1) continue;
      INK_TRY_STATUS(dim.once());
      INK_TRY(size, read_size(dim));
      if (size < -1) return dim.error(concat("is ", size));
    }
    sizes.push_back(size);
  }
  if (!known) return std::optional<std::vector<int64_t>>();
  return std::optional(std::move(sizes));
}

Result<BundleEntry> read_bundle_entry(std::string_view key, std::span<const std::byte> value, Place place,
                                      const ModelLimits& limits) {
  BundleEntry entry;
  entry.key = key;
  std::vector<ProtoReader> slices;
  ProtoReader reader(value, place, kEntry);
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) break;
    if (reader.number() < 7) INK_TRY_STATUS(reader.once());
    switch (reader.number()) {
      case 1: {
        INK_TRY(entry.dtype, reader.varint());
        break;
      }
      case 2: {
        INK_TRY(const ProtoReader message, reader.message("the shape"));
        INK_TRY(std::optional<std::vector<int64_t>> shape, read_tf_shape(message, limits));
        if (!shape || std::ranges::find(*shape, -1) != shape->end()) {
          return reader.error("has a shape that is not known");
        }
        entry.shape = std::move(*shape);
        break;
      }
      case 3: {
        INK_TRY(const uint64_t shard, reader.varint());
        if (shard >= limits.tf_shards) return reader.error(concat("is in data file ", shard));
        entry.shard = static_cast<uint32_t>(shard);
        break;
      }
      case 4: {
        INK_TRY(entry.offset, reader.varint());
        break;
      }
      case 5: {
        INK_TRY(entry.size, reader.varint());
        break;
      }
      case 6: {
        INK_TRY(entry.masked_crc, reader.fixed32());
        break;
      }
      case 7: {
        if (slices.size() == limits.tf_slices) {
          return reader.error(concat("has more than ", limits.tf_slices, " parts"));
        }
        INK_TRY(const ProtoReader slice, reader.message("the part"));
        slices.push_back(slice);
        break;
      }
      default: break;
    }
  }
  for (const ProtoReader& slice : slices) {
    INK_TRY(TensorSlice read, read_slice(slice, entry));
    entry.slices.push_back(std::move(read));
  }
  INK_TRY_STATUS(check_size(entry, place));
  return entry;
}

Result<uint32_t> read_bundle_header(std::span<const std::byte> value, Place place,
                                    const ModelLimits& limits) {
  uint64_t shards = 0;
  ProtoReader reader(value, place, kHeader);
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) break;
    if (reader.number() <= 3) INK_TRY_STATUS(reader.once());
    if (reader.number() == 1) {
      INK_TRY(shards, reader.varint());
    } else if (reader.number() == 2) {
      INK_TRY(const uint64_t endianness, reader.varint());
      if (endianness != 0)
        return reader.error("says that the numbers are big-endian, which is not supported");
    } else if (reader.number() == 3) {
      INK_TRY(ProtoReader version, reader.message("the version"));
      while (true) {
        INK_TRY(const bool more_fields, version.next());
        if (!more_fields) break;
        if (version.number() != 2) continue;
        INK_TRY(const uint64_t reader_needed, version.varint());
        if (reader_needed > kBundleVersion) {
          return version.error(
              concat("asks for a reader of version ", reader_needed, ", supported: ", kBundleVersion));
        }
      }
    }
  }
  if (shards == 0 || shards > limits.tf_shards) {
    return place_error(
        place, kHeader,
        concat("says that there are ", shards, " data files, supported: 1 to ", limits.tf_shards));
  }
  return static_cast<uint32_t>(shards);
}

}  // namespace ink
