#include <gtest/gtest.h>

#include "tests/weights/sample_files.h"
#include "weights/safetensors.h"

namespace ink {
namespace {

using namespace std::string_literals;
using test::Bytes;
using test::bytes_of;
using test::little_endian;
using test::operator+;

struct Hazard {
  std::string name;
  Bytes file;
  std::string message;
};

void PrintTo(const Hazard& hazard, std::ostream* out) { *out << hazard.name; }

// A file of one or two tensors, "t" having this entry.
Bytes entry(const std::string& fields, size_t data_bytes) {
  return test::safetensors_file("{\"t\":{" + fields + "}}", Bytes(data_bytes));
}

Bytes two(const std::string& first, const std::string& second, size_t data_bytes) {
  const auto tensor = [](const std::string& offsets) {
    return R"({"dtype":"U8","shape":[4],"data_offsets":[)" + offsets + "]}";
  };
  return test::safetensors_file("{\"a\":" + tensor(first) + ",\"b\":" + tensor(second) + "}",
                                Bytes(data_bytes));
}

std::vector<Hazard> hazards() {
  const std::string good = R"("dtype":"U8","shape":[4],"data_offsets":[0,4])";
  const std::string deep(100'000, '[');
  return {
      {"Empty", {}, "f is an empty file (did the download fail?), expected a safetensors file"},
      {"Html", bytes_of("<!DOCTYPE html>\n<html><head>"),
       "f is an HTML page (did the download fail?), expected a safetensors file"},
      {"GitLfsPointer", bytes_of("version https://git-lfs.github.com/spec/v1\n"),
       "f is a Git-LFS pointer (the file itself has not been fetched), expected a safetensors file"},
      {"Zip", bytes_of("PK\x03\x04 and more"), "f is a zip archive, expected a safetensors file"},
      {"Pickle", bytes_of("\x80\x02}q"), "f is a Python pickle, expected a safetensors file"},
      {"SevenBytes", Bytes(7, std::byte{1}), "f: the header's length at offset 0 needs 8 bytes, 7 are left"},
      {"HeaderBeyondTheFile", little_endian(1000, 8) + bytes_of("{}"),
       "f is 998 bytes shorter than its header declares: incomplete download?"},
      {"HeaderOf100Megabytes", little_endian(100'000'000, 8) + bytes_of("{}"),
       "f: declares a header of 100000000 bytes, the limit is 16777216: is it a safetensors file?"},
      {"HeaderOf2To64", little_endian(~uint64_t{0}, 8) + bytes_of("{}"),
       "f: declares a header of 18446744073709551615 bytes, the limit is 16777216: is it a safetensors "
       "file?"},
      {"NoHeader", little_endian(0, 8) + bytes_of("{}"), "f: the header at offset 8 does not begin with '{'"},
      {"HeaderIsAnArray", test::safetensors_file("[]", {}),
       "f: the header at offset 8 does not begin with '{'"},
      {"SpaceBeforeTheHeader", test::safetensors_file(" {}", {}),
       "f: the header at offset 8 does not begin with '{'"},
      {"NotJson", test::safetensors_file("{\"t\":}", {}),
       "f: the header is broken at offset 13: Invalid value."},
      {"TwoDocuments", test::safetensors_file("{}{}", {}),
       "f: the header is broken at offset 10: The document root must not be followed by other values."},
      {"NotUtf8", test::safetensors_file("{\"\xff\":{}}", {}),
       "f: the header is broken at offset 10: Invalid encoding in string."},
      {"RawNul", test::safetensors_file("{}\0{"s, {}), "f: the header has a NUL byte at offset 10"},
      {"NulInName", test::safetensors_file(R"({"a\u0000b":{}})", {}),
       "f: the header is broken at offset 19: the name 'a\\x00b' contains NUL"},
      {"DuplicateTensor", test::safetensors_file("{\"t\":{" + good + "},\"t\":{" + good + "}}", Bytes(4)),
       "f: the header is broken at offset 64: the name 't' is there twice"},
      {"DuplicateMetadata", test::safetensors_file(R"({"__metadata__":{},"__metadata__":{}})", {}),
       "f: the header is broken at offset 41: the name '__metadata__' is there twice"},
      {"DuplicateMetadataKey", test::safetensors_file(R"({"__metadata__":{"k":"1","k":"2"}})", {}),
       "f: the header is broken at offset 36: the metadata key 'k' is there twice"},
      {"MetadataIsNoString", test::safetensors_file(R"({"__metadata__":{"k":1}})", {}),
       "f: the header is broken at offset 29: metadata 'k': expected a string"},
      {"MetadataIsNested", test::safetensors_file(R"({"__metadata__":{"k":{}}})", {}),
       "f: the header is broken at offset 29: metadata 'k': expected a string"},
      {"DuplicateField", entry(R"("dtype":"U8","dtype":"U8")", 0),
       "f: the header is broken at offset 34: tensor 't': dtype is there twice"},
      {"UnknownField", entry(R"("dtype":"U8","stride":1)", 0),
       "f: the header is broken at offset 35: tensor 't': the key 'stride' is unknown"},
      {"MissingField", entry(R"("dtype":"U8","shape":[4])", 4),
       "f: the header is broken at offset 38: tensor 't': data_offsets is missing"},
      {"TensorIsNull", test::safetensors_file(R"({"t":null})", {}),
       "f: the header is broken at offset 17: tensor 't': expected an object"},
      {"DeepNesting", test::safetensors_file("{\"t\":" + deep, {}),
       "f: the header is broken at offset 13: tensor 't': expected an object"},
      {"DeepNestingInShape", entry("\"shape\":" + deep, 0),
       "f: the header is broken at offset 23: tensor 't': expected a whole number from 0 to 2^64 - 1"},
      {"SubByteType", entry(R"("dtype":"F4","shape":[4],"data_offsets":[0,2])", 2),
       "f: the header is broken at offset 26: tensor 't': type 'F4' is not supported"},
      {"NegativeSize", entry(R"("dtype":"U8","shape":[-4],"data_offsets":[0,4])", 4),
       "f: the header is broken at offset 36: tensor 't': expected a whole number from 0 to 2^64 - 1"},
      {"SizeOf2To63", entry(R"("dtype":"U8","shape":[9223372036854775808,4],"data_offsets":[0,4])", 4),
       "f: the header is broken at offset 36: tensor 't': size 9223372036854775808 is too large"},
      {"SizesThatWrap", entry(R"("dtype":"U8","shape":[4611686018427387904,4],"data_offsets":[0,0])", 0),
       "f: tensor 't' has the impossible shape [4611686018427387904, 4]"},
      {"NineDimensions", entry(R"("dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1])", 1),
       "f: the header is broken at offset 52: tensor 't': more than 8 dimensions"},
      {"NegativeOffset", entry(R"("dtype":"U8","shape":[4],"data_offsets":[-1,3])", 4),
       "f: the header is broken at offset 55: tensor 't': expected a whole number from 0 to 2^64 - 1"},
      {"FractionalOffset", entry(R"("dtype":"U8","shape":[4],"data_offsets":[0.0,4])", 4),
       "f: the header is broken at offset 55: tensor 't': expected a whole number from 0 to 2^64 - 1"},
      {"OffsetOf2To64", entry(R"("dtype":"U8","shape":[4],"data_offsets":[0,18446744073709551616])", 4),
       "f: the header is broken at offset 57: tensor 't': expected a whole number from 0 to 2^64 - 1"},
      {"ThreeOffsets", entry(R"("dtype":"U8","shape":[4],"data_offsets":[0,4,8])", 4),
       "f: the header is broken at offset 59: tensor 't': data_offsets has more than 2 numbers"},
      {"OneOffset", entry(R"("dtype":"U8","shape":[4],"data_offsets":[0])", 4),
       "f: the header is broken at offset 56: tensor 't': data_offsets has not 2 numbers"},
      {"OffsetsBackwards", entry(R"("dtype":"U8","shape":[4],"data_offsets":[4,0])", 4),
       "f: tensor 't' ends at 0 of the data, before it begins at 4"},
      {"ShapeNeedsMore", entry(R"("dtype":"F32","shape":[4],"data_offsets":[0,4])", 4),
       "f: tensor 't' of type F32 and shape [4] needs 16 bytes, its data_offsets span 4"},
      {"Overlap", two("0,4", "3,7", 7),
       "f: tensor 'b' begins at 3 of the data, the one before it ends at 4: they overlap"},
      {"SameBytesTwice", two("0,4", "0,4", 4),
       "f: tensor 'b' begins at 0 of the data, the one before it ends at 4: they overlap"},
      {"Gap", two("0,4", "5,9", 9),
       "f: tensor 'b' begins at 5 of the data, the one before it ends at 4: there is a gap"},
      {"GapAtTheStart", two("1,5", "5,9", 9),
       "f: tensor 'a' begins at 1 of the data, the one before it ends at 0: there is a gap"},
      {"DataCutShort", two("0,4", "4,8", 5),
       "f is 3 bytes shorter than its header declares: incomplete download?"},
      {"TrailingBytes", two("0,4", "4,8", 10), "f has 2 bytes after its last tensor, expected none"},
      {"DataWithoutTensors", test::safetensors_file("{}", Bytes(1)),
       "f has 1 bytes after its last tensor, expected none"},
  };
}

class SafetensorsHazard : public testing::TestWithParam<Hazard> {};

TEST_P(SafetensorsHazard, IsRefusedInWords) {
  const auto store = parse_safetensors(GetParam().file, nullptr, "f");
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().kind, ErrorKind::model);
  EXPECT_EQ(store.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(All, SafetensorsHazard, testing::ValuesIn(hazards()),
                         [](const auto& param) { return param.param.name; });

TEST(SafetensorsLimits, TooManyTensors) {
  ModelLimits limits;
  limits.tensors = 1;
  const auto store = parse_safetensors(two("0,4", "4,8", 8), nullptr, "f", limits);
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().message, "f: the header is broken at offset 64: more than 1 tensors");
}

}  // namespace
}  // namespace ink
