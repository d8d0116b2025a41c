#include "converters/sources/tensorflow/table_block.h"

#include <optional>

#include "weights/message.h"

namespace ink {

namespace {

constexpr size_t kNumber = 4;

size_t read_number(std::span<const std::byte> bytes, size_t position) {
  size_t value = 0;
  for (size_t i = kNumber; i-- > 0;) value = value << 8 | std::to_integer<size_t>(bytes[position + i]);
  return value;
}

}  // namespace

Result<TableBlock> TableBlock::open(std::span<const std::byte> bytes, Place place,
                                    const ModelLimits& limits) {
  TableBlock block(bytes, place, limits.tf_key_bytes);
  const auto refuse = [&](std::string_view reason) { return place_error(place, "the block", reason); };
  if (bytes.size() < 2 * kNumber) return refuse(concat("has ", bytes.size(), " bytes, expected 8 or more"));
  block.restarts_ = read_number(bytes, bytes.size() - kNumber);
  if (block.restarts_ == 0 || block.restarts_ > bytes.size() / kNumber - 1) {
    return refuse(concat("of ", bytes.size(), " bytes is said to have ", block.restarts_, " restarts"));
  }
  block.entries_end_ = bytes.size() - (block.restarts_ + 1) * kNumber;
  if (block.entries_end_ == 0) {
    if (block.restarts_ != 1 || block.restart(0) != 0) return refuse("has restarts and no entries");
    block.restarts_met_ = 1;
  }
  return block;
}

size_t TableBlock::restart(size_t index) const { return read_number(bytes_, entries_end_ + index * kNumber); }

Result<bool> TableBlock::at_restart() {
  if (restarts_met_ == restarts_) return false;
  const size_t next = restart(restarts_met_);
  // The first entry has nothing to share with.
  if (next < position_ || (position_ == 0 && next != 0)) {
    return place_error(place_.at(entries_end_ + restarts_met_ * kNumber), "the restart",
                       concat("is ", next, ", where no entry begins"));
  }
  if (next != position_) return false;
  ++restarts_met_;
  return true;
}

Result<bool> TableBlock::next() {
  entry_ = position_;
  const auto refuse = [&](std::string_view reason) {
    return place_error(entry_place(), "the entry", reason);
  };
  if (position_ == entries_end_) {
    if (restarts_met_ == restarts_) return false;
    return place_error(place_.at(entries_end_ + restarts_met_ * kNumber), "the restart",
                       concat("is ", restart(restarts_met_), ", where no entry begins"));
  }
  INK_TRY(const bool fresh_start, at_restart());
  const std::span<const std::byte> entries = bytes_.first(entries_end_);
  const std::optional<uint64_t> shared = read_varint(entries, position_);
  const std::optional<uint64_t> fresh = shared ? read_varint(entries, position_) : std::nullopt;
  const std::optional<uint64_t> length = fresh ? read_varint(entries, position_) : std::nullopt;
  if (!length) return refuse("has broken lengths");
  if (*shared > key_.size() || (fresh_start && *shared != 0)) {
    return refuse(concat("shares ", *shared, " bytes with a key of ", fresh_start ? 0 : key_.size()));
  }
  const uint64_t left = entries.size() - position_;
  if (*fresh > left || *length > left - *fresh) {
    return refuse(
        concat("has a key of ", *fresh, " and a value of ", *length, " bytes, ", left, " are left"));
  }
  if (*shared + *fresh > longest_key_) {
    return refuse(concat("has a key of ", *shared + *fresh, " bytes, the limit is ", longest_key_));
  }
  const std::string_view rest(reinterpret_cast<const char*>(entries.data()) + position_,
                              static_cast<size_t>(*fresh));
  // The keys that come with the same beginning differ in the rest.
  if (entry_ != 0 && std::string_view(key_).substr(static_cast<size_t>(*shared)) >= rest) {
    return refuse(concat("has a key that does not come after ", quote(key_)));
  }
  key_.resize(static_cast<size_t>(*shared));
  key_ += rest;
  position_ += rest.size();
  value_ = entries.subspan(position_, static_cast<size_t>(*length));
  position_ += value_.size();
  return true;
}

}  // namespace ink
