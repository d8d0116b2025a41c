#include "tests/converters/sample_tensorflow.h"

#include <algorithm>
#include <span>

#include "converters/sources/tensorflow/crc32c.h"
#include "converters/sources/tensorflow/protobuf.h"
#include "converters/sources/tensorflow/tensorflow.h"
#include "weights/message.h"

namespace ink::test {

namespace {

constexpr size_t kFooter = 48, kMark = 8;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

uint32_t masked(std::string_view text) { return mask_crc32c(crc32c(bytes_of(text))); }

std::string trailer(std::string_view block, int kind) {
  const std::string checked = std::string(block) + static_cast<char>(kind);
  return std::string(1, static_cast<char>(kind)) + little(masked(checked), 4);
}

}  // namespace

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  bytes += static_cast<char>(value);
  return bytes;
}

std::string little(uint64_t value, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

Proto& Proto::number(uint32_t field, uint64_t value) { return raw(varint(field << 3) + varint(value)); }

Proto& Proto::fixed32(uint32_t field, uint32_t value) {
  return raw(varint(field << 3 | 5) + little(value, 4));
}

Proto& Proto::text(uint32_t field, std::string_view value) {
  return raw(varint(field << 3 | 2) + varint(value.size())).raw(value);
}

Proto& Proto::raw(std::string_view value) {
  bytes += value;
  return *this;
}

std::string block_of(const TableEntries& entries, size_t restart_interval) {
  std::string block, restarts, last;
  size_t count = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto& [key, value] = entries[i];
    size_t shared = 0;
    if (i % restart_interval == 0) {
      restarts += little(block.size(), 4);
      ++count;
    } else {
      while (shared < std::min(key.size(), last.size()) && key[shared] == last[shared]) ++shared;
    }
    block += varint(shared) + varint(key.size() - shared) + varint(value.size()) + key.substr(shared) + value;
    last = key;
  }
  if (count == 0) return little(0, 4) + little(1, 4);
  return block + restarts + little(count, 4);
}

std::string table_of_blocks(const std::vector<RawBlock>& blocks, const std::string* index,
                            const std::string* footer) {
  std::string file;
  TableEntries places;
  const auto emit = [&](std::string_view block, int kind) {
    const std::string place = varint(file.size()) + varint(block.size());
    file += block;
    file += trailer(block, kind);
    return place;
  };
  for (const RawBlock& block : blocks) places.emplace_back(block.last_key, emit(block.bytes, block.kind));
  std::string ends = emit(block_of({}), 0);
  ends += emit(index != nullptr ? *index : block_of(places, 1), 0);
  if (footer != nullptr) ends = *footer;
  ends.resize(kFooter - kMark);
  return file + ends + little(0xdb4775248b80fb57u, 8);
}

std::string table_of(const TableEntries& entries, const TableForm& form) {
  std::vector<RawBlock> blocks;
  for (size_t begin = 0; begin < entries.size(); begin += form.entries_a_block) {
    const size_t end = std::min(entries.size(), begin + form.entries_a_block);
    const auto at = [&](size_t i) { return entries.begin() + static_cast<ptrdiff_t>(i); };
    const std::string block = block_of({at(begin), at(end)}, form.restart_interval);
    blocks.push_back(
        {entries[end - 1].first, form.packed ? snappy_literals(block) : block, form.packed ? 1 : 0});
  }
  return table_of_blocks(blocks);
}

std::string snappy_literals(std::string_view bytes) {
  std::string packed = varint(bytes.size());
  for (; !bytes.empty(); bytes.remove_prefix(std::min<size_t>(bytes.size(), 60))) {
    const std::string_view literal = bytes.substr(0, 60);
    packed += static_cast<char>((literal.size() - 1) << 2);
    packed += literal;
  }
  return packed;
}

void mend_checksums(std::string& table) {
  if (table.size() < kFooter) return;
  const size_t end = table.size() - kFooter;
  const auto mend = [&](uint64_t offset, uint64_t size) {
    if (offset > end || size > end - offset || end - offset - size < 5) return false;
    const size_t kind = static_cast<size_t>(offset + size);
    const std::string_view checked =
        std::string_view(table).substr(static_cast<size_t>(offset), kind + 1 - offset);
    const std::string checksum = little(masked(checked), 4);
    std::ranges::copy(checksum, table.begin() + static_cast<ptrdiff_t>(kind) + 1);
    return true;
  };
  const auto places = bytes_of(std::string_view(table).substr(end, kFooter - kMark));
  size_t position = 0;
  uint64_t place[4] = {};
  for (uint64_t& part : place) {
    const auto value = read_varint(places, position);
    if (!value) return;
    part = *value;
  }
  mend(place[0], place[1]);
  if (!mend(place[2], place[3])) return;
  // The places of data blocks are in the values of the index, which shares nothing in keys.
  const std::string index = table.substr(static_cast<size_t>(place[2]), static_cast<size_t>(place[3]));
  for (position = 0; position < index.size();) {
    const auto shared = read_varint(bytes_of(index), position),
               fresh = read_varint(bytes_of(index), position);
    const auto length = read_varint(bytes_of(index), position);
    if (!shared || !fresh || !length || *fresh > index.size() - position) return;
    position += static_cast<size_t>(*fresh);
    const auto offset = read_varint(bytes_of(index), position), size = read_varint(bytes_of(index), position);
    if (!offset || !size || !mend(*offset, *size)) return;
  }
}

Proto shape_proto(std::initializer_list<int64_t> shape) {
  Proto proto;
  for (const int64_t size : shape) {
    Proto dimension;
    if (size != 0) dimension.number(1, static_cast<uint64_t>(size));
    proto.message(2, dimension);
  }
  return proto;
}

Proto SampleBundle::stored(uint64_t dtype, std::initializer_list<int64_t> shape, std::string_view bytes) {
  Proto proto;
  proto.number(1, dtype).message(2, shape_proto(shape)).number(4, shard.size()).number(5, bytes.size());
  proto.fixed32(6, masked(bytes));
  shard += bytes;
  return proto;
}

void SampleBundle::add(std::string key, const Proto& entry) {
  entries.emplace_back(std::move(key), entry.bytes);
  std::ranges::sort(entries);
}

void SampleBundle::add_graph(const Proto& graph) {
  const auto [bytes, checksum] = stored_string(graph.bytes);
  Proto proto;
  proto.number(1, 7).message(2, {}).number(4, shard.size()).number(5, bytes.size()).fixed32(6, checksum);
  shard += bytes;
  add("_CHECKPOINTABLE_OBJECT_GRAPH", proto);
}

std::string SampleBundle::index(const TableForm& form, uint64_t shards) const {
  TableEntries all = {{"", header_of(shards)}};
  all.insert(all.end(), entries.begin(), entries.end());
  return table_of(all, form);
}

std::string header_of(uint64_t shards) {
  return Proto().number(1, shards).message(3, Proto().number(1, 1)).bytes;
}

std::pair<std::string, uint32_t> stored_string(std::string_view text) {
  const std::string length = little(text.size(), 4), length_checksum = little(masked(length), 4);
  return {varint(text.size()) + length_checksum + std::string(text),
          masked(length + length_checksum + std::string(text))};
}

std::string tf_refusal(const std::string& index, const std::string& shard, const ModelLimits& limits) {
  const auto open_shard = [&](uint32_t number, uint32_t) -> Result<BundleShard> {
    return BundleShard{concat("d", number), bytes_of(shard), nullptr};
  };
  const auto source = open_tf_bundle(bytes_of(index), "i", open_shard, limits);
  const auto words = [](const Error& error) {
    return error.kind == ErrorKind::model ? error.message : "another kind of error: " + error.message;
  };
  if (!source.ok()) return words(source.error());
  for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
    if (const auto read = (*source)->read(i); !read.ok()) return words(read.error());
  }
  return "accepted";
}

}  // namespace ink::test
