#include "converters/sources/hdf5/symbol_table.h"

#include "converters/sources/hdf5/btree1.h"
#include "converters/sources/hdf5/checksum.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kMessage = "a symbol table message";
constexpr std::string_view kHeap = "a local heap";
constexpr std::string_view kHeapData = "the data of a local heap";
constexpr std::string_view kTable = "a symbol table";
constexpr uint64_t kEntryBytes = 40;

Result<std::span<const std::byte>> read_heap(Space& space, uint64_t address) {
  INK_TRY(ByteReader reader, space.claim_reader(address, 32, kHeap));
  INK_TRY_STATUS(expect_mark(reader, std::string_view("HEAP\0", 5), kHeap));
  INK_TRY(const std::span<const std::byte> raw, reader.bytes(27, kHeap));
  return space.claim(number(raw, 19, 8), number(raw, 3, 8), kHeapData);
}

Result<std::string_view> name_at(const Space& space, std::span<const std::byte> heap, uint64_t at,
                                 uint64_t entry) {
  const std::string_view text(reinterpret_cast<const char*>(heap.data()), heap.size());
  const size_t end = at < text.size() ? text.find('\0', static_cast<size_t>(at)) : text.npos;
  if (end == text.npos) {
    return model_error(space.origin(), ": the entry at offset ", entry, " of a symbol table has its name at ",
                       at, " of the ", text.size(), " bytes of the local heap, where none ends");
  }
  return text.substr(static_cast<size_t>(at), end - static_cast<size_t>(at));
}

Status read_table(Space& space, const Superblock& superblock, uint64_t address,
                  std::span<const std::byte> heap, std::vector<Link>& links) {
  INK_TRY(ByteReader head, space.at(address, 8, kTable));
  INK_TRY_STATUS(expect_mark(head, std::string_view("SNOD\1", 5), kTable));
  INK_TRY_STATUS(number(head, 1, kTable).status());
  INK_TRY(const uint64_t entries, number(head, 2, kTable));
  if (entries > superblock.table_entries) {
    return model_error(space.origin(), ": ", kTable, " at offset ", address, " has ", entries,
                       " entries, the superblock allows ", superblock.table_entries);
  }
  const uint64_t bytes = 8 + superblock.table_entries * kEntryBytes;
  INK_TRY(ByteReader reader, space.claim_reader(address, bytes, kTable));
  INK_TRY_STATUS(reader.seek(8, kTable));
  for (uint64_t i = 0; i < entries; ++i) {
    const uint64_t offset = reader.offset();
    INK_TRY(const std::span<const std::byte> entry, reader.bytes(kEntryBytes, kTable));
    INK_TRY(const std::string_view name, name_at(space, heap, number(entry, 0, 8), offset));
    constexpr uint64_t kSoft = 2;
    if (const uint64_t kind = number(entry, 16, 4); kind >= kSoft) {
      return model_error(space.origin(), ": the member ", quote(name), " at offset ", offset, " is a ",
                         kind == kSoft ? "soft link" : "link of an unknown kind", ", which is not supported");
    }
    if (!links.empty() && links.back().name >= name) {
      return model_error(space.origin(), ": the entry at offset ", offset, " of a symbol table has the name ",
                         quote(name), ", which does not come after ", quote(links.back().name));
    }
    links.push_back({std::string(name), number(entry, 8, 8)});
  }
  return {};
}

}  // namespace

Status read_symbol_table(Space& space, const Superblock& superblock, const Message& message,
                         std::vector<Link>& links) {
  ByteReader reader = message.reader(space);
  INK_TRY(const uint64_t tree, reader.u64(kMessage));
  INK_TRY(const uint64_t heap_address, reader.u64(kMessage));
  INK_TRY_STATUS(expect_end(reader, kMessage));
  INK_TRY(const std::span<const std::byte> heap, read_heap(space, heap_address));
  const Btree1Kind kind{0, 8, superblock.node_entries};
  INK_TRY(const std::vector<Btree1Entry> tables, read_btree1(space, tree, kind));
  for (const Btree1Entry& table : tables) {
    INK_TRY_STATUS(read_table(space, superblock, table.child, heap, links));
  }
  return {};
}

}  // namespace ink::hdf5
