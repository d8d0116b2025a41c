#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "converters/sources/tensorflow/protobuf.h"
#include "weights/limits.h"

namespace ink {

// Walks the entries of one unpacked block of a table (converters/sources/tensorflow/table.h). Borrows it.
class TableBlock {
 public:
  static Result<TableBlock> open(std::span<const std::byte> bytes, Place place, const ModelLimits& limits);

  // Moves to the next entry; false at the end, where all restarts have been met.
  Result<bool> next();
  // The entry moved to.
  std::string_view key() const { return key_; }
  std::span<const std::byte> value() const { return value_; }
  Place value_place() const { return place_.at(static_cast<uint64_t>(value_.data() - bytes_.data())); }
  Place entry_place() const { return place_.at(entry_); }

 private:
  TableBlock(std::span<const std::byte> bytes, Place place, size_t longest_key)
      : bytes_(bytes), place_(place), longest_key_(longest_key) {}

  size_t restart(size_t index) const;
  // Whether the entry begins where a restart is said to be.
  Result<bool> at_restart();

  std::span<const std::byte> bytes_;
  Place place_;
  size_t longest_key_ = 0;
  size_t entries_end_ = 0, restarts_ = 0, restarts_met_ = 0;
  size_t position_ = 0, entry_ = 0;
  std::string key_;
  std::span<const std::byte> value_;
};

}  // namespace ink
