#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "converters/sources/tensorflow/tensorflow.h"
#include "tests/converters/sample_tensorflow.h"

namespace ink {
namespace {

using test::Proto;
using test::SampleBundle;
using test::shape_proto;
using test::tf_refusal;

constexpr uint64_t kFloat = 1, kString = 7, kHuge = ~uint64_t{0};

std::string refusal_of(const SampleBundle& bundle) { return tf_refusal(bundle.index(), bundle.shard); }

std::string header_refusal(const Proto& header) {
  return tf_refusal(test::table_of({{"", header.bytes}, {"a", ""}}));
}

TEST(TfBundleHazard, Header) {
  EXPECT_EQ(tf_refusal(test::table_of({{"a", ""}})), "i: has no header before 'a' at offset 4");
  EXPECT_EQ(tf_refusal(test::table_of({})), "i: has no entries, expected a header at offset 0");
  EXPECT_EQ(header_refusal(Proto()),
            "i: the header at offset 3 says that there are 0 data files, supported: 1 to 1024");
  EXPECT_EQ(
      header_refusal(Proto().number(1, kHuge)),
      "i: the header at offset 3 says that there are 18446744073709551615 data files, supported: 1 to 1024");
  EXPECT_EQ(header_refusal(Proto().number(1, 1).number(2, 1)),
            "i: the header at offset 6 says that the numbers are big-endian, which is not supported");
  EXPECT_EQ(header_refusal(Proto().number(1, 1).message(3, Proto().number(2, 2))),
            "i: the version at offset 8 asks for a reader of version 2, supported: 1");
  EXPECT_EQ(header_refusal(Proto().number(1, 1).number(1, 1)), "i: the header at offset 6 has field 1 twice");
  // The older format of checkpoints, whose first field is a message.
  EXPECT_EQ(header_refusal(Proto().message(1, Proto())),
            "i: the header at offset 5 has field 1 of kind 2, expected 0");
}

struct Wire {
  const char* name;
  std::string bytes, message;
};

TEST(TfBundleHazard, WireFormat) {
  const Wire cases[] = {
      {"tag", "\x80", "i: the entry at offset 13 has no number of a field"},
      {"field 0", std::string(2, '\0'), "i: the entry at offset 13 has a field 0, which no message has"},
      {"high field", test::varint(uint64_t{1} << 32),
       "i: the entry at offset 13 has a field 536870912, which no message has"},
      {"number", "\x08\x80", "i: the entry at offset 14 has a broken number in field 1"},
      {"11 bytes", std::string("\x08").append(10, '\xff') + "\x01",
       "i: the entry at offset 14 has a broken number in field 1"},
      {"65 bits", std::string("\x08").append(9, '\xff') + "\x02",
       "i: the entry at offset 14 has a broken number in field 1"},
      {"length", "\x12\x80", "i: the entry at offset 14 has a broken length in field 2"},
      {"long", "\x12\x05zzzz", "i: the entry at offset 15 has 5 bytes in field 2, 4 are left"},
      {"fixed32", "\x35zzz", "i: the entry at offset 14 needs 4 bytes for field 6, 3 are left"},
      {"fixed64", "\x31zzzzzzz", "i: the entry at offset 14 needs 8 bytes for field 6, 7 are left"},
      {"group", "\x0b\x0c", "i: the entry at offset 14 has field 1 of kind 3, which is not supported"},
      {"kind of number", std::string("\x0a\0", 2),
       "i: the entry at offset 15 has field 1 of kind 2, expected 0"},
      {"kind of shape", "\x10\x01", "i: the entry at offset 14 has field 2 of kind 0, expected 2"},
      {"kind of checksum", "\x30\x01", "i: the entry at offset 14 has field 6 of kind 0, expected 5"},
      {"twice", "\x08\x01\x08\x01", "i: the entry at offset 16 has field 1 twice"},
  };
  for (const Wire& one : cases) {
    EXPECT_EQ(tf_refusal(test::table_of({{"", test::header_of(1)}, {"a", one.bytes}})), one.message)
        << one.name;
  }
}

// The refusal of one entry "w" of 8 bytes, float [2] at offset 0, after `change`.
std::string entry_refusal(const std::function<void(Proto&)>& change) {
  SampleBundle bundle;
  Proto entry;
  change(entry);
  bundle.shard = std::string(8, '\0');
  bundle.add("w", entry);
  return refusal_of(bundle);
}

TEST(TfBundleHazard, Places) {
  const auto at = [](uint64_t shard, uint64_t offset, uint64_t size) {
    return entry_refusal([=](Proto& entry) {
      entry.number(1, kString)
          .message(2, shape_proto({2}))
          .number(3, shard)
          .number(4, offset)
          .number(5, size);
    });
  };
  EXPECT_EQ(at(0, 0, 8), "accepted");
  EXPECT_EQ(at(1, 0, 8), "i: 'w' at offset 13 is in data file 1 of 1");
  EXPECT_EQ(at(kHuge, 0, 8), "i: the entry at offset 22 is in data file 18446744073709551615");
  EXPECT_EQ(at(0, 1, 8), "i: 'w' at offset 13 has 8 bytes at offset 1 of d0, which has 8; is it cut short?");
  EXPECT_EQ(at(0, 9, 0), "i: 'w' at offset 13 has 0 bytes at offset 9 of d0, which has 8; is it cut short?");
  EXPECT_EQ(at(0, kHuge, 8),
            "i: 'w' at offset 13 has 8 bytes at offset 18446744073709551615 of d0, which has 8; is it "
            "cut short?");
  EXPECT_EQ(at(0, 8, kHuge),
            "i: 'w' at offset 13 has 18446744073709551615 bytes at offset 8 of d0, which has 8; is it "
            "cut short?");
}

TEST(TfBundleHazard, Shapes) {
  const auto of = [](const Proto& shape, uint64_t size) {
    return entry_refusal([&](Proto& entry) { entry.number(1, kFloat).message(2, shape).number(5, size); });
  };
  EXPECT_EQ(of(shape_proto({3}), 8), "i: the entry at offset 13 has 8 bytes, expected 12 for float32 [3]");
  EXPECT_EQ(of(shape_proto({}), 8), "i: the entry at offset 13 has 8 bytes, expected 4 for float32 []");
  EXPECT_EQ(of(shape_proto({int64_t{1} << 62, 4}), 0),
            "i: the entry at offset 13 has a shape [4611686018427387904, 4] that is too large");
  EXPECT_EQ(of(shape_proto({int64_t{1} << 48, 2}), 0),
            "i: the entry at offset 13 has a shape [281474976710656, 2] that is too large");
  EXPECT_EQ(of(shape_proto({1, 1, 1, 1, 1, 1, 1, 1, 1}), 4),
            "i: the shape at offset 51 has more than 8 dimensions");
  EXPECT_EQ(of(shape_proto({-1}), 4), "i: the entry at offset 17 has a shape that is not known");
  EXPECT_EQ(of(shape_proto({-2}), 4), "i: the dimension at offset 20 is -2");
  EXPECT_EQ(of(Proto().number(3, 1), 4), "i: the entry at offset 17 has a shape that is not known");
  EXPECT_EQ(of(Proto().message(2, Proto().number(1, 1).number(1, 1)), 4),
            "i: the dimension at offset 22 has field 1 twice");
}

TEST(TfBundleHazard, TensorsOverEachOther) {
  SampleBundle bundle;
  const Proto entry = bundle.stored(kFloat, {2}, std::string(8, 'x'));
  bundle.add("a", entry);
  bundle.add("b", entry);
  EXPECT_EQ(refusal_of(bundle), "i: 'b' at offset 34 lies over 'a' in d0 at offset 0");
}

TEST(TfBundleHazard, ChecksumOfATensor) {
  SampleBundle bundle;
  bundle.add("a", bundle.stored(kFloat, {2}, "12345678"));
  bundle.shard[5] = 'x';
  EXPECT_EQ(refusal_of(bundle).substr(0, 39), "d0: 'a' at offset 0 has the checksum 0x");
}

// A tensor "w" [4, 3] of these parts, each an offset and a size by rows; -1: all of them.
struct Part {
  int64_t start, length, rows;
  uint64_t dtype = kFloat;
};

Proto slice_proto(std::initializer_list<std::pair<int64_t, int64_t>> extents) {
  Proto slice;
  for (const auto& [start, length] : extents) {
    Proto extent;
    if (start != 0) extent.number(1, static_cast<uint64_t>(start));
    if (length != -1) extent.number(2, static_cast<uint64_t>(length));
    slice.message(1, extent);
  }
  return slice;
}

SampleBundle in_parts(const std::vector<Part>& parts) {
  SampleBundle bundle;
  Proto whole;
  whole.number(1, kFloat).message(2, shape_proto({4, 3}));
  for (const Part& part : parts) {
    whole.message(7, slice_proto({{part.start, part.length}, {0, -1}}));
    const std::string bytes(static_cast<size_t>(part.rows) * 12, 'x');
    const std::string key = slice_key("w", {{part.start, part.length}, {0, -1}});
    // Two parts of one key are one entry.
    if (!bundle.entries.empty() && bundle.entries.back().first == key) continue;
    bundle.add(key, bundle.stored(part.dtype, {part.rows, 3}, bytes));
  }
  bundle.add("w", whole);
  return bundle;
}

TEST(TfBundleHazard, Parts) {
  EXPECT_EQ(refusal_of(in_parts({{0, 1, 1}, {1, 3, 3}})), "accepted");
  EXPECT_EQ(refusal_of(in_parts({{0, -1, 4}})), "accepted");
  const std::string incomplete = " has parts that do not make the whole tensor";
  EXPECT_EQ(refusal_of(in_parts({{0, 1, 1}, {1, 2, 2}})), "i: 'w' at offset 75" + incomplete);
  EXPECT_EQ(refusal_of(in_parts({{0, 2, 2}, {1, 3, 3}})), "i: 'w' at offset 75" + incomplete);
  EXPECT_EQ(refusal_of(in_parts({{0, 2, 2}, {1, 2, 2}})), "i: 'w' at offset 75" + incomplete);
  EXPECT_EQ(refusal_of(in_parts({{0, 2, 2}, {0, 2, 2}})), "i: 'w' at offset 47" + incomplete);
  EXPECT_EQ(refusal_of(in_parts({{0, 4, 3}})),
            "i: '\\x00w\\x00\\x01\\x01\\x02\\x80\\x84\\x80\\x7f' at offset 22 is float32 [3, 3], expected "
            "float32 [4, 3]");
  EXPECT_EQ(refusal_of(in_parts({{0, 4, 4, 3}})),
            "i: '\\x00w\\x00\\x01\\x01\\x02\\x80\\x84\\x80\\x7f' at offset 22 is int32 [4, 3], expected "
            "float32 [4, 3]");
  EXPECT_EQ(refusal_of(in_parts({{2, 3, 3}})), "i: the extent at offset 67 is 3 from 2 of 4");
  EXPECT_EQ(refusal_of(in_parts({{0, 0, 0}})), "i: the extent at offset 63 is 0 from 0 of 4");
}

TEST(TfBundleHazard, BrokenParts) {
  SampleBundle alone = in_parts({{0, 4, 4}});
  alone.entries.pop_back();
  EXPECT_EQ(refusal_of(alone),
            "i: '\\x00w\\x00\\x01\\x01\\x02\\x80\\x84\\x80\\x7f' at offset 22 is a part of no tensor");
  const auto with = [](const Proto& slice) {
    return entry_refusal(
        [&](Proto& entry) { entry.number(1, kFloat).message(2, shape_proto({2})).message(7, slice); });
  };
  EXPECT_EQ(with(slice_proto({{0, 2}})), "i: 'w' at offset 13 lacks part 0");
  EXPECT_EQ(with(slice_proto({})), "i: the part at offset 23 has fewer dimensions than its tensor");
  EXPECT_EQ(with(slice_proto({{0, 2}, {0, 1}})),
            "i: the part at offset 29 has more dimensions than its tensor");
  EXPECT_EQ(with(slice_proto({{1, -1}})), "i: the extent at offset 27 has a start and no length");
  EXPECT_EQ(with(slice_proto({{-5, 1}})), "i: the extent at offset 26 is negative");
  EXPECT_EQ(
      entry_refusal([&](Proto& entry) {
        entry.number(1, kFloat).message(2, shape_proto({2})).number(5, 8).message(7, slice_proto({{0, 2}}));
      }),
      "i: the entry at offset 13 has parts and bytes of its own");
  EXPECT_EQ(entry_refusal([&](Proto& entry) {
              for (int i = 0; i < 1025; ++i) entry.message(7, Proto());
            }),
            "i: the entry at offset 2064 has more than 1024 parts");
}

SampleBundle with_graph(const Proto& graph) {
  SampleBundle bundle;
  bundle.add("w/.ATTRIBUTES/VARIABLE_VALUE", bundle.stored(kFloat, {1}, "1234"));
  bundle.add_graph(graph);
  return bundle;
}

Proto node(std::initializer_list<std::pair<uint64_t, const char*>> edges, const char* key = nullptr,
           const char* name = "") {
  Proto proto;
  for (const auto& [to, edge] : edges) proto.message(1, Proto().number(1, to).text(2, edge));
  if (key != nullptr) proto.message(2, Proto().text(1, "VARIABLE_VALUE").text(2, name).text(3, key));
  return proto;
}

TEST(TfGraphHazard, Strings) {
  const auto changed = [](const std::function<void(std::string&)>& change) {
    SampleBundle bundle = with_graph(Proto().message(1, node({})));
    change(bundle.shard);
    return refusal_of(bundle).substr(0, 70);
  };
  const std::string place = "d0: '_CHECKPOINTABLE_OBJECT_GRAPH' at offset 4 ";
  EXPECT_EQ(changed([](std::string&) {}), "accepted");
  EXPECT_EQ(changed([](std::string& shard) { shard[4] = 3; }), place + "is not a string of 7 by");
  EXPECT_EQ(changed([](std::string& shard) { shard[4] = '\x80'; }), place + "is not a string of 7 by");
  EXPECT_EQ(changed([](std::string& shard) { shard[5] ^= 1; }).substr(0, 64), place + "has the checksum ");
  EXPECT_EQ(changed([](std::string& shard) { shard[9] ^= 1; }).substr(0, 64), place + "has the checksum ");
  SampleBundle of_floats;
  of_floats.add("_CHECKPOINTABLE_OBJECT_GRAPH", of_floats.stored(kFloat, {1}, "1234"));
  EXPECT_EQ(refusal_of(of_floats),
            "i: '_CHECKPOINTABLE_OBJECT_GRAPH' at offset 40 is float32 [1], expected one string");
}

TEST(TfGraphHazard, Graphs) {
  const char* key = "w/.ATTRIBUTES/VARIABLE_VALUE";
  EXPECT_EQ(refusal_of(with_graph({})), "accepted");
  // Cycles, of one and of two.
  EXPECT_EQ(refusal_of(with_graph(
                Proto().message(1, node({{0, "self"}, {1, "w"}})).message(1, node({{0, "root"}}, key)))),
            "accepted");
  EXPECT_EQ(refusal_of(with_graph(Proto().message(1, node({{1, "w"}})))),
            "d0: the edge at offset 18 leads to node 1 of 1");
  EXPECT_EQ(refusal_of(with_graph(Proto().message(1, node({{kHuge, "w"}})))),
            "d0: the edge at offset 27 leads to node 18446744073709551615");
  EXPECT_EQ(refusal_of(with_graph(Proto().message(1, node({}, key)).message(1, node({}, key)))),
            "d0: the attribute at offset 65 has the key 'w/.ATTRIBUTES/VARIABLE_VALUE', which another has");
  EXPECT_EQ(refusal_of(with_graph(Proto().message(1, node({}, key, "\xc3(")))),
            "d0: the attribute at offset 31 has text in field 2 that is not UTF-8");
  SampleBundle bundle = with_graph(Proto().message(1, node({{0, "a"}, {0, "b"}}, key)));
  ModelLimits limits;
  limits.tf_graph_items = 3;
  EXPECT_EQ(tf_refusal(bundle.index(), bundle.shard, limits),
            "d0: the node at offset 27 has more than 3 nodes, edges and attributes");
}

}  // namespace
}  // namespace ink
