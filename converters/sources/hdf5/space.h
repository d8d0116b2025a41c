#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "kernels/base/result.h"
#include "weights/byte_reader.h"

namespace ink::hdf5 {

// The address that stands for "nowhere".
inline constexpr uint64_t kUndefined = ~uint64_t{0};

// The little-endian number of `count` bytes at `at`, which must lie inside.
uint64_t number(std::span<const std::byte> raw, size_t at, size_t count);

// The next number of a reader; count <= 8.
Result<uint64_t> number(ByteReader& reader, size_t count, std::string_view what);

// Nothing but padding may be left: the format aligns messages to 8 bytes. What a damaged length would skip is
// found so.
Status expect_end(const ByteReader& reader, std::string_view what);

// The bytes of an HDF5 file, given out by address. Whatever is parsed is claimed, and no byte may be claimed
// twice: structures that point in a circle or into each other are refused, and the work is bounded by the
// size of the file. Borrows the bytes.
class Space {
 public:
  Space(std::span<const std::byte> bytes, std::string origin) : bytes_(bytes), origin_(std::move(origin)) {}

  const std::string& origin() const { return origin_; }
  uint64_t size() const { return bytes_.size(); }
  // Bytes behind the end that the file declares do not belong to it.
  void cut(uint64_t size) { bytes_ = bytes_.first(static_cast<size_t>(size)); }

  // `what` is a literal. Error (model): outside the file.
  Result<ByteReader> at(uint64_t address, uint64_t size, std::string_view what) const;
  // The same, or an Error (model) where something else has claimed a part of it.
  Result<std::span<const std::byte>> claim(uint64_t address, uint64_t size, std::string_view what);
  Result<ByteReader> claim_reader(uint64_t address, uint64_t size, std::string_view what);

 private:
  struct Claim {
    uint64_t end = 0;
    std::string_view what;
  };

  std::span<const std::byte> bytes_;
  std::string origin_;
  std::map<uint64_t, Claim> claims_;  // by begin; neighbours of one kind become one
};

}  // namespace ink::hdf5
