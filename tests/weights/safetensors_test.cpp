#include "weights/safetensors.h"

#include <gtest/gtest.h>

#include "tests/weights/sample_files.h"

namespace ink {
namespace {

using test::Bytes;
using test::bytes_of;
using test::bytes_of_values;
using test::operator+;

WeightStore sample() {
  WeightStore store;
  store.set_metadata("zeta", "last");
  store.set_metadata("alpha", "quote \" and \xc3\xbc");
  EXPECT_TRUE(store.add("odd", DType::u8, {3}, bytes_of_values<uint8_t>({7, 8, 9})));
  EXPECT_TRUE(store.add("b/whole", DType::f32, {4, 4}, Bytes(64, std::byte{0x3f})));
  EXPECT_TRUE(store.add("a/whole", DType::f16, {2, 1, 16}, Bytes(64, std::byte{0x11})));
  EXPECT_TRUE(store.add("scalar", DType::i64, {}, bytes_of_values<int64_t>({-5})));
  EXPECT_TRUE(store.add("nothing", DType::bf16, {0, 3}, {}));
  return store;
}

// The file of sample(), by the definition of the format.
Bytes sample_file() {
  std::string json = R"({"__metadata__":{"alpha":"quote \" and )"
                     "\xc3\xbc"
                     R"(","zeta":"last"},)"
                     R"("a/whole":{"dtype":"F16","shape":[2,1,16],"data_offsets":[0,64]},)"
                     R"("b/whole":{"dtype":"F32","shape":[4,4],"data_offsets":[64,128]},)"
                     R"("nothing":{"dtype":"BF16","shape":[0,3],"data_offsets":[128,128]},)"
                     R"("odd":{"dtype":"U8","shape":[3],"data_offsets":[128,131]},)"
                     R"("scalar":{"dtype":"I64","shape":[],"data_offsets":[131,139]}})";
  while ((8 + json.size()) % 64 != 0) json += ' ';
  return test::safetensors_file(json, Bytes(64, std::byte{0x11}) + Bytes(64, std::byte{0x3f}) +
                                          bytes_of_values<uint8_t>({7, 8, 9}) +
                                          bytes_of_values<int64_t>({-5}));
}

void expect_same(const WeightStore& a, const WeightStore& b) {
  EXPECT_EQ(a.metadata(), b.metadata());
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  for (const StoredTensor& tensor : a.tensors()) {
    const StoredTensor* other = b.find(tensor.name);
    ASSERT_NE(other, nullptr) << tensor.name;
    EXPECT_EQ(other->dtype, tensor.dtype);
    EXPECT_EQ(other->shape, tensor.shape);
    EXPECT_TRUE(std::ranges::equal(other->bytes, tensor.bytes)) << tensor.name;
  }
}

TEST(Safetensors, WritesTheFormat) {
  const auto bytes = safetensors_bytes(sample());
  ASSERT_TRUE(bytes.ok()) << bytes.error().message;
  EXPECT_EQ(test::text_of(*bytes), test::text_of(sample_file()));
}

TEST(Safetensors, ReadsTheFormat) {
  const Bytes file = sample_file();
  const auto store = parse_safetensors(file, nullptr, "file");
  ASSERT_TRUE(store.ok()) << store.error().message;
  expect_same(*store, sample());
  EXPECT_EQ(store->origin(), "file");
  EXPECT_EQ(store->tensors()[0].name, "a/whole");
}

TEST(Safetensors, RoundTripsThroughAFile) {
  const test::TempFolder folder;
  const std::string path = folder / "model.safetensors";
  ASSERT_TRUE(write_safetensors(sample(), path));
  EXPECT_EQ(test::read_file(path), sample_file());
  for (const bool mmap : {true, false}) {
    auto store = read_safetensors(path, {.mmap = mmap, .limits = {}});
    ASSERT_TRUE(store.ok()) << store.error().message;
    // The bytes have to outlive both the Result and the file's name.
    const WeightStore moved = std::move(*store);
    expect_same(moved, sample());
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"model.safetensors"});
}

TEST(Safetensors, TheOrderOfAddingDoesNotMatter) {
  WeightStore reversed;
  const WeightStore store = sample();
  for (auto tensor = store.tensors().rbegin(); tensor != store.tensors().rend(); ++tensor) {
    ASSERT_TRUE(reversed.add(tensor->name, tensor->dtype, tensor->shape, tensor->bytes));
  }
  reversed.set_metadata("alpha", std::string(store.metadata("alpha")));
  reversed.set_metadata("zeta", "last");
  EXPECT_EQ(*safetensors_bytes(reversed), sample_file());
}

TEST(Safetensors, AnEmptyStoreIsAFileToo) {
  const auto bytes = safetensors_bytes(WeightStore());
  EXPECT_EQ(test::text_of(*bytes).substr(8, 3), "{} ");
  EXPECT_EQ(bytes->size() % 64, 0u);
  EXPECT_TRUE(parse_safetensors(*bytes, nullptr, "file").ok());
}

TEST(Safetensors, AcceptsWhatOtherWritersDo) {
  // Any order in the JSON, white space, no metadata, escapes, data on any byte, empty tensors between others.
  const Bytes file = test::safetensors_file(
      "{ \"b\" : {\"data_offsets\":[1,5],\"shape\":[1],\"dtype\":\"F32\"},\n\"\\u0061\":{\"dtype\":\"BOOL\","
      "\"shape\":[1],\"data_offsets\":[0,1]},\"none\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[1,1]"
      "}}  ",
      bytes_of_values<uint8_t>({1, 0, 0, 0x80, 0x3f}));
  const auto store = parse_safetensors(file, nullptr, "file");
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_EQ((*store->floats("b", std::vector<int64_t>{1}))[0], 1.0f);
  EXPECT_EQ(store->find("a")->dtype, DType::boolean);
}

TEST(Safetensors, RefusesToWriteWhatCannotBeRead) {
  const auto refuse = [](const WeightStore& store) {
    const auto bytes = safetensors_bytes(store);
    return bytes.ok() ? std::string("accepted") : bytes.error().message;
  };
  WeightStore store;
  ASSERT_TRUE(store.add("bad\xff", DType::u8, {0}, {}));
  EXPECT_EQ(refuse(store), "the tensor name 'bad\\xff' is not UTF-8 and cannot be written");
  store = WeightStore();
  ASSERT_TRUE(store.add("__metadata__", DType::u8, {0}, {}));
  EXPECT_EQ(refuse(store), "a tensor cannot be named '__metadata__'");
  store = WeightStore();
  store.set_metadata("key", "\xc3(");
  EXPECT_EQ(refuse(store), "the metadata text '\\xc3(' is not UTF-8 and cannot be written");
  store = WeightStore();
  store.set_metadata("key", std::string(size_t{17} << 20, 'x'));
  EXPECT_EQ(refuse(store), "the header would have 17825848 bytes, the limit is 16777216");
}

// Every file cut short and every header with one bit turned gives an error in words or tensors that lie in
// the file.
TEST(Safetensors, EveryTruncationIsRefused) {
  const Bytes file = sample_file();
  for (size_t size = 0; size < file.size(); ++size) {
    const Bytes cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
    const auto store = parse_safetensors(cut, nullptr, "file");
    ASSERT_FALSE(store.ok()) << size;
    EXPECT_EQ(store.error().kind, ErrorKind::model);
    EXPECT_TRUE(store.error().message.starts_with("file")) << store.error().message;
  }
}

TEST(Safetensors, EveryFlippedHeaderBitIsRefusedOrHarmless) {
  const Bytes file = sample_file();
  const size_t header_end = file.size() - 139;
  int refused = 0;
  for (size_t bit = 0; bit < header_end * 8; ++bit) {
    Bytes flipped = file;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    const auto store = parse_safetensors(flipped, nullptr, "file");
    if (!store.ok()) {
      ++refused;
      EXPECT_EQ(store.error().kind, ErrorKind::model);
      continue;
    }
    // What is left to change is names, texts, and types and shapes of the same size.
    EXPECT_EQ(store->tensors().size(), 5u) << bit;
    size_t total = 0;
    for (const StoredTensor& tensor : store->tensors()) {
      total += tensor.bytes.size();
      EXPECT_GE(tensor.bytes.data(), flipped.data() + header_end);
      EXPECT_LE(tensor.bytes.data() + tensor.bytes.size(), flipped.data() + flipped.size());
    }
    EXPECT_EQ(total, 139u) << bit;
  }
  EXPECT_GT(refused, static_cast<int>(header_end * 8 / 2));
}

}  // namespace
}  // namespace ink
