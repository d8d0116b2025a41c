#include "converters/sources/hdf5/btree1.h"

#include "converters/sources/hdf5/checksum.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kNode = "a node of a B-tree";
constexpr uint64_t kHead = 24;

struct Step {
  uint64_t address = 0;
  uint64_t level = 0;
  bool root = false;
};

}  // namespace

Result<std::vector<Btree1Entry>> read_btree1(Space& space, uint64_t address, const Btree1Kind& kind) {
  std::vector<Btree1Entry> entries;
  std::vector<Step> open = {{address, 0, true}};
  while (!open.empty()) {
    const Step step = open.back();
    open.pop_back();
    INK_TRY(ByteReader head, space.at(step.address, kHead, kNode));
    INK_TRY_STATUS(expect_mark(head, "TREE", kNode));
    INK_TRY(const uint64_t type, number(head, 1, kNode));
    INK_TRY(const uint64_t level, number(head, 1, kNode));
    INK_TRY(const uint64_t count, number(head, 2, kNode));
    if (type != kind.type || (!step.root && level != step.level) || count > kind.most_entries) {
      return model_error(space.origin(), ": ", kNode, " at offset ", step.address, " has type ", type,
                         ", level ", level, " and ", count, " entries, which does not fit its tree");
    }
    const uint64_t bytes = kHead + kind.key_bytes + kind.most_entries * (kind.key_bytes + 8);
    INK_TRY(ByteReader node, space.claim_reader(step.address, bytes, kNode));
    INK_TRY_STATUS(node.seek(kHead, kNode));
    std::vector<Step> below;
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t offset = node.offset();
      INK_TRY(const std::span<const std::byte> key, node.bytes(kind.key_bytes, kNode));
      INK_TRY(const uint64_t child, node.u64(kNode));
      if (level == 0) {
        entries.push_back({key, offset, child});
      } else {
        below.push_back({child, level - 1, false});
      }
    }
    open.insert(open.end(), below.rbegin(), below.rend());
  }
  return entries;
}

}  // namespace ink::hdf5
