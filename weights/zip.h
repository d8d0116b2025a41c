#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"
#include "weights/limits.h"

namespace ink {

// A member of a zip archive, its place checked.
struct ZipMember {
  std::string name;
  bool deflated = false;  // otherwise stored
  uint32_t crc = 0;
  uint64_t size = 0;                // unpacked
  std::span<const std::byte> data;  // as it is in the archive
  uint64_t offset = 0;              // of the data in the archive
};

// "FILE, member 'NAME'": what messages about the contents of a member begin with. The offsets in them count
// from the first byte of the contents, unpacked.
std::string member_origin(std::string_view origin, const ZipMember& member);

// Reads a zip archive from memory, which it borrows. Nothing is guessed: the two directories of the format
// have to agree in every field, the members to lie side by side, and nothing to stand before or behind the
// archive. zip64 and data descriptors, which torch writes, are read. Opening an archive touches its directory
// and the headers of its members, none of their data.
class ZipReader {
 public:
  // Error (model): not an archive, a broken or contradictory one, or one that uses what is not supported:
  // several disks, encryption, methods other than stored and deflated.
  static Result<ZipReader> open(std::span<const std::byte> archive, const std::string& origin,
                                const ModelLimits& limits = {});

  std::span<const ZipMember> members() const { return members_; }
  // nullptr where there is none.
  const ZipMember* find(std::string_view name) const;
  // Whether the bytes of a stored member, which member.data gives where they lie, have the checksum that the
  // archive says. Touches that member alone. Error: model.
  Status check_stored(const ZipMember& member) const;
  // The unpacked bytes, whose number and checksum are as the archive says. Error: model.
  Result<std::vector<std::byte>> read(const ZipMember& member) const;

 private:
  Status check_bytes(const ZipMember& member, std::span<const std::byte> bytes) const;

  std::string origin_;
  std::vector<ZipMember> members_;  // by name
};

}  // namespace ink
