#include "converters/sources/hdf5/superblock.h"

#include "converters/sources/hdf5/checksum.h"
#include "converters/sources/hdf5/object_header.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kWhat = "the superblock";
constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
constexpr uint64_t kPrefix = 9;  // signature and version

Status check_sizes(const Space& space, std::span<const std::byte> raw, size_t at) {
  const uint64_t offsets = number(raw, at, 1), lengths = number(raw, at + 1, 1);
  if (offsets == 8 && lengths == 8) return {};
  return model_error(space.origin(), ": ", kWhat, " at offset 0 declares addresses of ", offsets,
                     " and lengths of ", lengths, " bytes, supported: 8 and 8");
}

Status check_extent(Space& space, uint64_t base, uint64_t end) {
  if (base != 0) {
    return model_error(space.origin(), ": ", kWhat, " at offset 0 declares the base address ", base,
                       ", supported: 0");
  }
  if (end > space.size()) {
    return model_error(space.origin(), " is ", end - space.size(),
                       " bytes shorter than its superblock at offset 0 declares: incomplete download?");
  }
  space.cut(end);
  return {};
}

Error several_files(const Space& space, uint64_t offset) {
  return model_error(space.origin(), ": the driver information at offset ", offset,
                     " says that the data lie in several files, which is not supported");
}

Result<Superblock> read_old(Space& space) {
  INK_TRY(const std::span<const std::byte> raw, space.claim(0, 96, kWhat));
  INK_TRY_STATUS(check_sizes(space, raw, 13));
  for (const size_t at : {size_t{9}, size_t{10}, size_t{12}}) {
    if (number(raw, at, 1) != 0) {
      return model_error(space.origin(), ": ", kWhat, " has the unknown version ", number(raw, at, 1),
                         " at offset ", at);
    }
  }
  Superblock superblock;
  superblock.table_entries = 2 * number(raw, 16, 2);
  superblock.node_entries = 2 * number(raw, 18, 2);
  const std::span<const std::byte> addresses = raw.subspan(24);
  INK_TRY_STATUS(check_extent(space, number(addresses, 0, 8), number(addresses, 16, 8)));
  if (number(addresses, 24, 8) != kUndefined) return several_files(space, 48);
  superblock.root = number(addresses, 40, 8);
  return superblock;
}

Result<Superblock> read_new(Space& space) {
  INK_TRY(const std::span<const std::byte> raw, space.claim(0, 48, kWhat));
  INK_TRY_STATUS(check_sum(space, 0, raw, kWhat));
  INK_TRY_STATUS(check_sizes(space, raw, 9));
  INK_TRY_STATUS(check_extent(space, number(raw, 12, 8), number(raw, 28, 8)));
  Superblock superblock;
  superblock.root = number(raw, 36, 8);
  if (const uint64_t extension = number(raw, 20, 8); extension != kUndefined) {
    INK_TRY(const std::vector<Message> messages, read_object_header(space, extension));
    for (const Message& message : messages) {
      if (message.type == MessageType::driver_info) return several_files(space, message.offset);
      // Sizes of B-trees other than the usual ones.
      if (message.type == MessageType::tree_k) return unexpected(space, message, "a superblock");
    }
  }
  return superblock;
}

}  // namespace

Result<Superblock> read_superblock(Space& space) {
  INK_TRY(ByteReader prefix, space.at(0, std::min(kPrefix, space.size()), kWhat));
  INK_TRY_STATUS(expect_mark(prefix, kSignature, kWhat));
  INK_TRY(const uint64_t version, number(prefix, 1, kWhat));
  if (version == 0) return read_old(space);
  if (version == 2 || version == 3) return read_new(space);
  return model_error(space.origin(), ": ", kWhat, " at offset 8 has the version ", version,
                     ", supported: 0, 2 and 3");
}

}  // namespace ink::hdf5
