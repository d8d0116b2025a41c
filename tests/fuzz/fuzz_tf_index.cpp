#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "converters/sources/tensorflow/table.h"
#include "converters/sources/tensorflow/tensorflow.h"
#include "tests/converters/sample_tensorflow.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate_proto.h"
#include "weights/store.h"

using ink::fuzz::Input;
using ink::fuzz::Random;

namespace {

constexpr size_t kLength = 4;

// An input: the size of the index in 4 bytes, the index, the data file, which stands for all of them.
struct Checkpoint {
  std::string index, shard;
};

Checkpoint checkpoint_of(const uint8_t* data, size_t size) {
  if (size < kLength) return {};
  const std::string all(reinterpret_cast<const char*>(data), size);
  size_t length = 0;
  for (size_t i = kLength; i-- > 0;) length = length << 8 | data[i];
  length = std::min(length, size - kLength);
  return {all.substr(kLength, length), all.substr(kLength + length)};
}

Input input_of(const Checkpoint& checkpoint) {
  const std::string all =
      ink::test::little(checkpoint.index.size(), kLength) + checkpoint.index + checkpoint.shard;
  return {all.begin(), all.end()};
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The entries as far as they can be read.
ink::test::TableEntries entries_of(const std::string& index) {
  ink::test::TableEntries entries;
  const auto keep = [&](const ink::TableEntry& entry) -> ink::Status {
    entries.emplace_back(entry.key,
                         std::string(reinterpret_cast<const char*>(entry.value.data()), entry.value.size()));
    return {};
  };
  const auto status = ink::read_table(std::as_bytes(std::span(index)), "fuzz", {}, keep);
  if (!status.ok() && status.error().message.empty()) std::abort();
  return entries;
}

// A changed object graph, with its checksums right, behind the rest of the data file.
void mutate_graph(Checkpoint& checkpoint, ink::test::TableEntries& entries, Random& random) {
  for (auto& [key, value] : entries) {
    if (key != "_CHECKPOINTABLE_OBJECT_GRAPH") continue;
    const ink::Place place{&key, 0};
    const auto entry = ink::read_bundle_entry(key, std::as_bytes(std::span(value)), place, {});
    if (!entry.ok() || entry->offset >= checkpoint.shard.size()) return;
    const std::string stored =
        checkpoint.shard.substr(static_cast<size_t>(entry->offset), static_cast<size_t>(entry->size));
    size_t position = 0;
    const auto length = ink::read_varint(std::as_bytes(std::span(stored)), position);
    if (!length || position + 4 > stored.size()) return;
    ink::test::SampleBundle bundle;
    bundle.shard = std::move(checkpoint.shard);
    bundle.add_graph(ink::test::Proto().raw(ink::fuzz::mutate_proto(stored.substr(position + 4), random)));
    checkpoint.shard = std::move(bundle.shard);
    value = bundle.entries.front().second;
  }
}

void mutate_entry(ink::test::TableEntries& entries, Random& random) {
  const size_t at = random.below(entries.size());
  auto& [key, value] = entries[at];
  switch (random.below(10)) {
    case 0: entries.erase(entries.begin() + static_cast<ptrdiff_t>(at)); break;
    case 1: {
      Input changed(key.begin(), key.end());
      ink::fuzz::mutate_bytes(changed, random, 0, changed.size());
      key.assign(changed.begin(), changed.end());
      std::ranges::sort(entries);
      break;
    }
    case 2: value = entries[random.below(entries.size())].second; break;
    default: value = ink::fuzz::mutate_proto(value, random); break;
  }
}

// So that the blocks behind stay where the index says they are.
void mutate_in_place(std::string& index, Random& random) {
  if (index.empty()) return;
  char& byte = index[random.below(index.size())];
  switch (random.below(4)) {
    case 0: byte = static_cast<char>(random.next()); break;
    case 1: byte = static_cast<char>(byte + (random.one_in(2) ? 1 : -1)); break;
    case 2: byte = random.one_in(2) ? '\xff' : '\0'; break;
    default: byte = static_cast<char>(byte ^ (1 << random.below(8))); break;
  }
}

}  // namespace

int fuzz_one(const uint8_t* data, size_t size) {
  const Checkpoint checkpoint = checkpoint_of(data, size);
  const auto shard = std::as_bytes(std::span(checkpoint.shard));
  const auto open_shard = [&](uint32_t, uint32_t) -> ink::Result<ink::BundleShard> {
    return ink::BundleShard{"shard", shard, nullptr};
  };
  const auto source = ink::open_tf_bundle(std::as_bytes(std::span(checkpoint.index)), "fuzz", open_shard);
  // Past the header: there was an entry.
  if (!source.ok()) return entries_of(checkpoint.index).empty() ? 0 : 1;
  for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
    const ink::SourceTensor& tensor = (*source)->tensors()[i];
    const auto count = ink::element_count(tensor.shape);
    const auto read = (*source)->read(i);
    if (read.ok() && read->bytes.size() != static_cast<size_t>(*count) * dtype_size(tensor.dtype))
      std::abort();
  }
  return 1;
}

std::vector<Input> fuzz_seeds() {
  const std::string folder = INK_GOLDENS_DIR "/tensorflow/";
  std::vector<Input> seeds;
  for (const char* name : {"checkpoint/ckpt-1", "weights/w", "clash/two", "saved_keras/variables/variables",
                           "named/model.ckpt", "sliced/s", "blocks/all", "snappy/all"}) {
    seeds.push_back(
        input_of({read_file(folder + name + ".index"), read_file(folder + name + ".data-00000-of-00001")}));
  }
  return seeds;
}

// Changes a block and mends the checksums, or an entry or the object graph and builds the table anew.
void fuzz_mutate(Input& input, Random& random) {
  Checkpoint checkpoint = checkpoint_of(input.data(), input.size());
  const size_t choice = random.below(40);
  if (choice == 0) return ink::fuzz::mutate_bytes(input, random, 0, input.size());
  if (choice == 1) return input.resize(random.below(input.size() + 1));
  if (choice < 14) {
    mutate_in_place(checkpoint.index, random);
    ink::test::mend_checksums(checkpoint.index);
  } else {
    ink::test::TableEntries entries = entries_of(checkpoint.index);
    if (entries.empty()) return;
    if (choice < 22) {
      mutate_graph(checkpoint, entries, random);
    } else {
      mutate_entry(entries, random);
    }
    checkpoint.index =
        ink::test::table_of(entries, {1 + random.below(40), 1 + random.below(20), random.one_in(4)});
  }
  input = input_of(checkpoint);
}
