#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weights/limits.h"

namespace ink::test {

std::string varint(uint64_t value);
// The low `count` bytes, least significant first.
std::string little(uint64_t value, int count);

// A message of the Protocol Buffers wire format, field by field.
class Proto {
 public:
  Proto& number(uint32_t field, uint64_t value);
  Proto& fixed32(uint32_t field, uint32_t value);
  Proto& text(uint32_t field, std::string_view value);
  Proto& message(uint32_t field, const Proto& value) { return text(field, value.bytes); }
  Proto& raw(std::string_view value);

  std::string bytes;
};

using TableEntries = std::vector<std::pair<std::string, std::string>>;

// An unpacked block of a LevelDB table.
std::string block_of(const TableEntries& entries, size_t restart_interval = 16);

struct RawBlock {
  std::string last_key, bytes;
  int kind = 0;
};
// The table of these blocks with their right checksums, whatever they hold. `footer`: instead of the places
// of the blocks; `index`: instead of the index block.
std::string table_of_blocks(const std::vector<RawBlock>& blocks, const std::string* index = nullptr,
                            const std::string* footer = nullptr);

struct TableForm {
  size_t entries_a_block = 1000, restart_interval = 16;
  bool packed = false;  // with Snappy, in literals
};
std::string table_of(const TableEntries& entries, const TableForm& form = {});
// A Snappy block of literals alone.
std::string snappy_literals(std::string_view bytes);

// The checksums of all blocks that can be found from the footer made right.
void mend_checksums(std::string& table);

// A checkpoint of one data file that is built key by key.
struct SampleBundle {
  TableEntries entries;  // by key, without the header
  std::string shard;

  // A BundleEntryProto for the bytes, which are appended to the shard.
  Proto stored(uint64_t dtype, std::initializer_list<int64_t> shape, std::string_view bytes);
  void add(std::string key, const Proto& entry);
  void add_graph(const Proto& graph);
  // With a header for `shards` data files.
  std::string index(const TableForm& form = {}, uint64_t shards = 1) const;
};
// A TensorShapeProto.
Proto shape_proto(std::initializer_list<int64_t> shape);
std::string header_of(uint64_t shards);
// How a string tensor of one string is stored, and the masked checksum of its entry.
std::pair<std::string, uint32_t> stored_string(std::string_view text);

// How a checkpoint of this index and this data file, which stands for all of them, is refused in opening or
// in reading; "accepted" where it is not.
std::string tf_refusal(const std::string& index, const std::string& shard = "",
                       const ModelLimits& limits = {});

}  // namespace ink::test
