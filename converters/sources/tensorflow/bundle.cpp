#include "converters/sources/tensorflow/bundle.h"

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>

#include "converters/sources/tensorflow/crc32c.h"
#include "converters/sources/tensorflow/slices.h"
#include "converters/sources/tensorflow/table.h"
#include "kernels/base/aligned_buffer.h"
#include "weights/byte_reader.h"
#include "weights/message.h"
#include "weights/store.h"

namespace ink {

namespace {

bool is_part(const BundleEntry& entry) { return entry.key.front() == '\0'; }

Error checksum_error(const BundleShard& shard, const BundleEntry& entry, uint32_t found) {
  return model_error(shard.path, ": ", quote(entry.key), " at offset ", entry.offset, " has the checksum ",
                     hex32(found), ", expected ", hex32(entry.masked_crc));
}

std::span<const std::byte> bytes_of(const BundleEntry& entry, const BundleShard& shard) {
  return shard.bytes.subspan(static_cast<size_t>(entry.offset), static_cast<size_t>(entry.size));
}

Result<std::shared_ptr<AlignedBuffer<std::byte>>> allocate(const BundleEntry& entry, size_t size,
                                                           const std::string& origin) {
  try {
    return std::make_shared<AlignedBuffer<std::byte>>(size);
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::limit,
                 concat(origin, ": there is no memory for the ", size, " bytes of ", quote(entry.key))};
  }
}

}  // namespace

Error Bundle::error(const BundleEntry& entry, std::string_view reason) const {
  return model_error(origin_, ": ", quote(entry.key), " at offset ", entry.index_offset, " ", reason);
}

Result<Bundle> Bundle::open(std::span<const std::byte> index, const std::string& origin,
                            FunctionRef<Result<BundleShard>(uint32_t, uint32_t)> open_shard,
                            const ModelLimits& limits) {
  Bundle bundle;
  bundle.origin_ = origin;
  INK_TRY_STATUS(bundle.read_index(index, limits));
  for (uint32_t i = 0; i < bundle.shard_count_; ++i) {
    INK_TRY(BundleShard shard, open_shard(i, bundle.shard_count_));
    bundle.shards_.push_back(std::move(shard));
  }
  INK_TRY_STATUS(bundle.check_extents());
  INK_TRY_STATUS(bundle.check_parts());
  return bundle;
}

Status Bundle::read_index(std::span<const std::byte> index, const ModelLimits& limits) {
  const auto visit = [&](const TableEntry& entry) -> Status {
    // The header has the empty key, which comes first.
    if (entry.key.empty()) {
      INK_TRY(shard_count_, read_bundle_header(entry.value, entry.place, limits));
      return {};
    }
    if (shard_count_ == 0) {
      return model_error(origin_, ": has no header before ", quote(entry.key), " at offset ",
                         entry.file_offset);
    }
    INK_TRY(BundleEntry read, read_bundle_entry(entry.key, entry.value, entry.place, limits));
    read.index_offset = entry.file_offset;
    if (is_part(read)) ++parts_;
    entries_.push_back(std::move(read));
    return {};
  };
  INK_TRY_STATUS(read_table(index, origin_, limits, visit));
  if (shard_count_ == 0) return model_error(origin_, ": has no entries, expected a header at offset 0");
  return {};
}

Status Bundle::check_extents() const {
  std::vector<const BundleEntry*> stored;
  for (const BundleEntry& entry : entries_) {
    if (entry.shard >= shards_.size()) {
      return error(entry, concat("is in data file ", entry.shard, " of ", shards_.size()));
    }
    const BundleShard& shard = shards_[entry.shard];
    if (entry.offset > shard.bytes.size() || entry.size > shard.bytes.size() - entry.offset) {
      return error(entry, concat("has ", entry.size, " bytes at offset ", entry.offset, " of ", shard.path,
                                 ", which has ", shard.bytes.size(), "; is it cut short?"));
    }
    if (entry.size != 0) stored.push_back(&entry);
  }
  std::ranges::sort(stored, {},
                    [](const BundleEntry* entry) { return std::pair(entry->shard, entry->offset); });
  for (size_t i = 1; i < stored.size(); ++i) {
    const BundleEntry &before = *stored[i - 1], &after = *stored[i];
    if (before.shard == after.shard && after.offset - before.offset < before.size) {
      return error(after, concat("lies over ", quote(before.key), " in ", shards_[after.shard].path,
                                 " at offset ", after.offset));
    }
  }
  return {};
}

Status Bundle::check_parts() const {
  std::vector<bool> used(parts_);
  for (const BundleEntry& entry : entries()) {
    if (entry.slices.empty()) continue;
    std::vector<TensorSlice> slices;
    for (const TensorSlice& slice : entry.slices) {
      const BundleEntry* part = find(slice_key(entry.key, slice));
      if (part == nullptr) return error(entry, concat("lacks part ", slices.size()));
      used[static_cast<size_t>(part - entries_.data())] = true;
      slices.push_back(whole_extents(slice, entry.shape));
      std::vector<int64_t> shape;
      for (const TensorExtent& extent : slices.back()) shape.push_back(extent.length);
      if (part->dtype != entry.dtype || part->shape != shape || !part->slices.empty()) {
        return error(*part, concat("is ", tf_dtype_name(part->dtype), " ", shape_text(part->shape),
                                   ", expected ", tf_dtype_name(entry.dtype), " ", shape_text(shape)));
      }
    }
    if (!tile_exactly(slices, entry.shape)) {
      return error(entry, "has parts that do not make the whole tensor");
    }
  }
  const auto unused = std::ranges::find(used, false);
  if (unused != used.end()) {
    return error(entries_[static_cast<size_t>(unused - used.begin())], "is a part of no tensor");
  }
  return {};
}

const BundleEntry* Bundle::find(std::string_view key) const {
  const auto found = std::ranges::lower_bound(entries_, key, {}, &BundleEntry::key);
  return found != entries_.end() && found->key == key ? &*found : nullptr;
}

Result<std::span<const std::byte>> Bundle::checked_bytes(const BundleEntry& entry) const {
  const BundleShard& shard = shards_[entry.shard];
  const std::span<const std::byte> bytes = bytes_of(entry, shard);
  const uint32_t crc = mask_crc32c(crc32c(bytes));
  if (crc != entry.masked_crc) return checksum_error(shard, entry, crc);
  return bytes;
}

Result<SourceBytes> Bundle::read(const BundleEntry& entry) const {
  const std::optional<DType> dtype = dtype_of_tf(entry.dtype);
  INK_CHECK(dtype.has_value());
  if (!entry.slices.empty()) return read_parts(entry);
  INK_TRY(const std::span<const std::byte> bytes, checked_bytes(entry));
  if (reinterpret_cast<uintptr_t>(bytes.data()) % dtype_size(*dtype) == 0) {
    return SourceBytes{bytes, shards_[entry.shard].owner};
  }
  INK_TRY(const auto copy, allocate(entry, bytes.size(), origin_));
  std::ranges::copy(bytes, copy->data());
  return SourceBytes{{copy->data(), copy->size()}, copy};
}

Result<SourceBytes> Bundle::read_parts(const BundleEntry& entry) const {
  const size_t element = dtype_size(*dtype_of_tf(entry.dtype));
  // As many bytes as the parts have, which lie side by side in the files.
  const auto size = static_cast<size_t>(*element_count(entry.shape)) * element;
  INK_TRY(const auto whole, allocate(entry, size, origin_));
  for (const TensorSlice& slice : entry.slices) {
    const BundleEntry* part = find(slice_key(entry.key, slice));
    INK_CHECK(part != nullptr);
    INK_TRY(const std::span<const std::byte> bytes, checked_bytes(*part));
    place_slice(bytes, whole_extents(slice, entry.shape), entry.shape, element, whole->data());
  }
  return SourceBytes{{whole->data(), whole->size()}, whole};
}

// A varint of the length; the masked checksum of the length as 4 bytes, or 8 from 2^32 on; the characters.
// The entry's checksum is that of the length as above, of the checksum before it and of the characters.
Result<std::span<const std::byte>> Bundle::read_string(const BundleEntry& entry, Place& place) const {
  const BundleShard& shard = shards_[entry.shard];
  const std::span<const std::byte> stored = bytes_of(entry, shard);
  if (entry.dtype != kTfString || !entry.shape.empty() || !entry.slices.empty()) {
    return error(entry, concat("is ", tf_dtype_name(entry.dtype), " ", shape_text(entry.shape),
                               ", expected one string"));
  }
  size_t position = 0;
  const std::optional<uint64_t> length = read_varint(stored, position);
  constexpr size_t kChecksum = 4;
  if (!length || stored.size() - position < kChecksum || *length != stored.size() - position - kChecksum) {
    return model_error(shard.path, ": ", quote(entry.key), " at offset ", entry.offset,
                       " is not a string of ", entry.size, " bytes");
  }
  std::array<std::byte, 8> number = {};
  for (size_t i = 0; i < number.size(); ++i) number[i] = static_cast<std::byte>(*length >> (8 * i) & 0xff);
  const bool is_long = *length > std::numeric_limits<uint32_t>::max();
  uint32_t crc = crc32c(std::span(number).first(is_long ? 8 : 4));
  ByteReader reader(stored.subspan(position), shard.path, entry.offset + position);
  INK_TRY(const uint32_t length_crc, reader.u32("the checksum of a string's length"));
  if (length_crc != mask_crc32c(crc)) return checksum_error(shard, entry, mask_crc32c(crc));
  crc = mask_crc32c(crc32c(stored.subspan(position), crc));
  if (crc != entry.masked_crc) return checksum_error(shard, entry, crc);
  place = {&shard.path, entry.offset + position + kChecksum};
  return stored.subspan(position + kChecksum);
}

}  // namespace ink
