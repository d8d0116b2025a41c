#include "converters/sources/tensorflow/table.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "converters/sources/tensorflow/crc32c.h"
#include "converters/sources/tensorflow/snappy.h"
#include "converters/sources/tensorflow/table_block.h"
#include "weights/byte_reader.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr uint64_t kMark = 0xdb4775248b80fb57u;
constexpr size_t kFooter = 48, kMarkBytes = 8, kTrailer = 5;
// What TensorFlow fills unpacked is 256 KiB and one entry.
constexpr size_t kMostUnpacked = size_t{4} << 20;

struct Handle {
  uint64_t offset = 0, size = 0;
};

std::optional<Handle> read_handle(std::span<const std::byte> bytes, size_t& position) {
  const std::optional<uint64_t> offset = read_varint(bytes, position);
  const std::optional<uint64_t> size = offset ? read_varint(bytes, position) : std::nullopt;
  if (!size) return std::nullopt;
  return Handle{*offset, *size};
}

struct Unpacked {
  std::vector<std::byte> bytes;
  std::string file;  // for messages
};

class Table {
 public:
  Table(std::span<const std::byte> file, const std::string& origin, const ModelLimits& limits)
      : file_(file), place_{&origin, 0}, limits_(limits) {}

  Status read(FunctionRef<Status(const TableEntry&)> visit);

 private:
  // The block's content, checked against its checksum. Borrows `unpacked` where the block is packed.
  Result<TableBlock> block(Handle handle, Place named_at, Unpacked& unpacked) const;
  Status read_data(const TableBlock& index, FunctionRef<Status(const TableEntry&)> visit);

  std::span<const std::byte> file_;
  Place place_;
  const ModelLimits& limits_;
  std::string last_key_;
  uint64_t blocks_end_ = 0, entries_ = 0, key_bytes_ = 0;
};

Result<TableBlock> Table::block(Handle handle, Place named_at, Unpacked& unpacked) const {
  const uint64_t end = file_.size() - kFooter;
  if (handle.offset > end || handle.size > end - handle.offset ||
      kTrailer > end - handle.offset - handle.size) {
    return place_error(named_at, "the place of a block",
                       concat("is ", handle.size, " bytes at offset ", handle.offset, ", where ", end,
                              " bytes of blocks are"));
  }
  const Place place = place_.at(handle.offset);
  const auto checked =
      file_.subspan(static_cast<size_t>(handle.offset), static_cast<size_t>(handle.size) + 1);
  ByteReader trailer(file_.subspan(static_cast<size_t>(handle.offset + handle.size) + 1, 4), *place_.file);
  INK_TRY(const uint32_t expected, trailer.u32("the checksum of a block"));
  if (const uint32_t found = mask_crc32c(crc32c(checked)); found != expected) {
    return place_error(place, "the block",
                       concat("has the checksum ", hex32(found), ", expected ", hex32(expected)));
  }
  const auto kind = std::to_integer<int>(checked.back());
  const std::span<const std::byte> content = checked.first(checked.size() - 1);
  if (kind == 0) return TableBlock::open(content, place, limits_);
  if (kind != 1) {
    return place_error(place, "the block",
                       concat("is packed in way ", kind, "; supported: 0 (plain) and 1 (Snappy)"));
  }
  INK_TRY(unpacked.bytes, unpack_snappy(content, place, kMostUnpacked));
  unpacked.file = concat(*place_.file, " (block at offset ", handle.offset, ", unpacked)");
  return TableBlock::open(unpacked.bytes, {&unpacked.file, 0}, limits_);
}

Status Table::read_data(const TableBlock& index, FunctionRef<Status(const TableEntry&)> visit) {
  size_t position = 0;
  const std::optional<Handle> handle = read_handle(index.value(), position);
  if (!handle || position != index.value().size()) {
    return place_error(index.value_place(), "the place of a block", "is broken");
  }
  if (handle->offset < blocks_end_) {
    return place_error(
        index.value_place(), "the place of a block",
        concat("is offset ", handle->offset, ", before the end of the last one at ", blocks_end_));
  }
  Unpacked unpacked;
  INK_TRY(TableBlock data, block(*handle, index.value_place(), unpacked));
  blocks_end_ = handle->offset + handle->size + kTrailer;
  const uint64_t entries_before = entries_;
  while (true) {
    INK_TRY(const bool more, data.next());
    if (!more) break;
    if (entries_ != 0 && entries_ == entries_before && data.key() <= last_key_) {
      return place_error(data.entry_place(), "the entry",
                         concat("has a key that does not come after ", quote(last_key_)));
    }
    if (++entries_ > limits_.tensors) {
      return place_error(data.entry_place(), "the entry", concat("is one more than ", limits_.tensors));
    }
    key_bytes_ += data.key().size();
    if (key_bytes_ > limits_.tf_keys_bytes) {
      return place_error(data.entry_place(), "the entry",
                         concat("brings the keys to more than ", limits_.tf_keys_bytes, " bytes"));
    }
    const bool packed = !unpacked.file.empty();
    INK_TRY_STATUS(visit(
        {data.key(), data.value(), data.value_place(), packed ? handle->offset : data.value_place().offset}));
  }
  if (entries_ == entries_before) {
    return place_error(place_.at(handle->offset), "the block", "has no entries");
  }
  last_key_ = data.key();
  if (last_key_ > index.key()) {
    return place_error(index.entry_place(), "the index entry",
                       concat("has a key before ", quote(last_key_), ", which its block ends with"));
  }
  return {};
}

Status Table::read(FunctionRef<Status(const TableEntry&)> visit) {
  if (!is_table(file_)) {
    return model_error(*place_.file, ": does not end as an index of TensorFlow does at offset ",
                       file_.size() - std::min(file_.size(), kMarkBytes), "; is it cut short?");
  }
  const uint64_t footer_offset = file_.size() - kFooter;
  const Place footer_place = place_.at(footer_offset);
  const std::span<const std::byte> footer = file_.last(kFooter).first(kFooter - kMarkBytes);
  size_t position = 0;
  const std::optional<Handle> metadata = read_handle(footer, position);
  const std::optional<Handle> index = metadata ? read_handle(footer, position) : std::nullopt;
  if (!index) return place_error(footer_place, "the footer", "has no places of blocks");
  for (; position < footer.size(); ++position) {
    if (footer[position] != std::byte{0}) {
      return place_error(footer_place.at(position), "the footer",
                         "has something behind the places of blocks");
    }
  }
  Unpacked unpacked;
  INK_TRY_STATUS(block(*metadata, footer_place, unpacked).status());
  INK_TRY(TableBlock entries, block(*index, footer_place, unpacked));
  while (true) {
    INK_TRY(const bool more, entries.next());
    if (!more) return {};
    INK_TRY_STATUS(read_data(entries, visit));
  }
}

}  // namespace

bool is_table(std::span<const std::byte> bytes) {
  if (bytes.size() < kFooter) return false;
  size_t position = 0;
  uint64_t mark = 0;
  for (; position < kMarkBytes; ++position) {
    mark |= std::to_integer<uint64_t>(bytes[bytes.size() - kMarkBytes + position]) << (8 * position);
  }
  return mark == kMark;
}

Status read_table(std::span<const std::byte> file, const std::string& origin, const ModelLimits& limits,
                  FunctionRef<Status(const TableEntry&)> visit) {
  return Table(file, origin, limits).read(visit);
}

}  // namespace ink
