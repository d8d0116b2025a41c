#include "converters/sources/hdf5/btree2.h"

#include "converters/sources/hdf5/checksum.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kTree = "a B-tree (version 2)";
constexpr std::string_view kLeaf = "a leaf of a B-tree (version 2)";
constexpr std::string_view kInner = "a node of a B-tree (version 2)";
constexpr uint64_t kFrame = 10;  // mark, version, type and checksum of a node
constexpr uint64_t kDeepest = 16;

// Bytes that hold any number up to `most`.
size_t bytes_for(uint64_t most) {
  size_t bytes = 1;
  while (bytes < 8 && most >> (8 * bytes) != 0) ++bytes;
  return bytes;
}

// What the nodes of one depth look like; depth 0 are the leaves.
struct Level {
  uint64_t most_records = 0, most_total = 0;
  size_t count_bytes = 0, total_bytes = 0;  // of the fields by which the level above tells their number
};

Result<std::vector<Level>> levels_of(const Space& space, uint64_t address, uint64_t node_bytes,
                                     uint64_t record_bytes, uint64_t depth) {
  std::vector<Level> levels;
  for (uint64_t i = 0; i <= depth; ++i) {
    Level level;
    const uint64_t room = node_bytes > kFrame ? node_bytes - kFrame : 0;
    if (i == 0) {
      level.most_records = level.most_total = room / record_bytes;
    } else {
      const uint64_t pointer = 8 + levels[i - 1].count_bytes + (i > 1 ? levels[i - 1].total_bytes : 0);
      level.most_records = room > pointer ? (room - pointer) / (record_bytes + pointer) : 0;
      if (__builtin_mul_overflow(level.most_records + 1, levels[i - 1].most_total, &level.most_total) ||
          __builtin_add_overflow(level.most_total, level.most_records, &level.most_total)) {
        level.most_total = ~uint64_t{0};
      }
    }
    if (level.most_records == 0) {
      return model_error(space.origin(), ": ", kTree, " at offset ", address, " has nodes of ", node_bytes,
                         " bytes, too few for its records of ", record_bytes);
    }
    level.count_bytes = bytes_for(levels.empty() ? level.most_records : levels[0].most_records);
    level.total_bytes = bytes_for(level.most_total);
    levels.push_back(level);
  }
  return levels;
}

// A node, or one record between two nodes.
struct Step {
  uint64_t address = 0, records = 0, depth = 0;
  std::span<const std::byte> record;
};

}  // namespace

Result<std::vector<Record>> read_btree2(Space& space, uint64_t address, uint64_t type,
                                        uint64_t record_bytes) {
  INK_TRY(ByteReader head, claim_checked(space, address, 38, "BTHD", kTree));
  INK_TRY(const std::span<const std::byte> raw, head.bytes(30, kTree));
  const uint64_t node_bytes = number(raw, 2, 4), depth = number(raw, 8, 2), root = number(raw, 12, 8);
  const uint64_t root_records = number(raw, 20, 2), total = number(raw, 22, 8);
  if (number(raw, 0, 1) != 0 || number(raw, 1, 1) != type || number(raw, 6, 2) != record_bytes ||
      depth > kDeepest) {
    return model_error(space.origin(), ": ", kTree, " at offset ", address, " has version ",
                       number(raw, 0, 1), ", type ", number(raw, 1, 1), ", records of ", number(raw, 6, 2),
                       " bytes and depth ", depth, ", expected 0, type ", type, ", ", record_bytes,
                       " bytes and at most ", kDeepest);
  }
  std::vector<Record> records;
  if (root == kUndefined && total == 0) return records;
  INK_TRY(const std::vector<Level> levels, levels_of(space, address, node_bytes, record_bytes, depth));
  std::vector<Step> open = {{root, root_records, depth, {}}};
  while (!open.empty()) {
    const Step step = open.back();
    open.pop_back();
    if (!step.record.empty()) {
      records.push_back({step.record, step.address});
      continue;
    }
    const bool leaf = step.depth == 0;
    if (step.records > levels[step.depth].most_records) {
      return model_error(space.origin(), ": ", leaf ? kLeaf : kInner, " at offset ", step.address, " has ",
                         step.records, " records, more than fit");
    }
    const size_t count_bytes = leaf ? 0 : levels[step.depth - 1].count_bytes;
    const size_t total_bytes = step.depth > 1 ? levels[step.depth - 1].total_bytes : 0;
    const uint64_t pointers = leaf ? 0 : (step.records + 1) * (8 + count_bytes + total_bytes);
    INK_TRY(ByteReader node,
            claim_checked(space, step.address, kFrame + step.records * record_bytes + pointers,
                          leaf ? "BTLF" : "BTIN", leaf ? kLeaf : kInner));
    INK_TRY(const uint64_t version_and_type, number(node, 2, kInner));
    if (version_and_type != type << 8) {
      return model_error(space.origin(), ": ", leaf ? kLeaf : kInner, " at offset ", step.address,
                         " has another version or type than its tree");
    }
    std::vector<Step> below;
    for (uint64_t i = 0; i < step.records; ++i) {
      const uint64_t offset = node.offset();
      INK_TRY(const std::span<const std::byte> record, node.bytes(record_bytes, kInner));
      if (!leaf) below.emplace_back();  // the child before it
      below.push_back({offset, 0, 0, record});
    }
    if (!leaf) below.emplace_back();
    for (size_t i = 0; !leaf && i < below.size(); i += 2) {
      below[i].depth = step.depth - 1;
      INK_TRY(below[i].address, node.u64(kInner));
      INK_TRY(below[i].records, number(node, count_bytes, kInner));
      INK_TRY_STATUS(node.bytes(total_bytes, kInner).status());
    }
    open.insert(open.end(), below.rbegin(), below.rend());
  }
  if (records.size() == total) return records;
  return model_error(space.origin(), ": ", kTree, " at offset ", address, " declares ", total,
                     " records, found ", records.size());
}

}  // namespace ink::hdf5
