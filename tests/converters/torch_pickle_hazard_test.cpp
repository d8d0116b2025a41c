#include <gtest/gtest.h>

#include <algorithm>

#include "tests/converters/sample_torch.h"
#include "tests/converters/torch_refusal.h"
#include "weights/message.h"

namespace ink {
namespace {

using namespace std::string_literals;
using test::Bytes;
using test::bytes_of;
namespace pickle = test::pickle;

// What messages about the pickle of torch_parts() begin with, and where it stands in the archive.
const std::string kPickle = "f, member 'm/data.pkl': ";
constexpr size_t kPickleAt = 30 + sizeof("m/data.pkl") - 1;

std::string refusal(std::string_view pickle, const ModelLimits& limits = {}) {
  return test::refusal(test::build_zip(test::torch_parts(pickle)), limits);
}

std::string floats(int64_t offset, std::initializer_list<int64_t> shape,
                   std::initializer_list<int64_t> stride) {
  return pickle::tensor(pickle::storage("FloatStorage", "0", 6), offset, shape, stride);
}

// A state dict of one entry.
std::string entry(std::string_view value) {
  return pickle::whole(pickle::dict(pickle::text("w") + std::string(value)));
}

TEST(TorchPickle, TheSampleIsRead) {
  EXPECT_EQ(refusal(entry(floats(0, {2, 3}, {3, 1}))), "accepted");
  EXPECT_EQ(refusal(entry(floats(1, {5}, {1}))), "accepted");
  EXPECT_EQ(refusal(entry(floats(0, {3, 2}, {1, 3}))), "accepted");
}

TEST(TorchPickleHazard, OpcodesThatTorchDoesNotWrite) {
  const std::pair<std::string, std::string> cases[] = {
      {"0", "0x00000030 at offset 2 is the pickle opcode POP"},
      {"2", "0x00000032 at offset 2 is the pickle opcode DUP"},
      {"1", "0x00000031 at offset 2 is the pickle opcode POP_MARK"},
      {"ios\nsystem\n", "0x00000069 at offset 2 is the pickle opcode INST"},
      {"o", "0x0000006f at offset 2 is the pickle opcode OBJ"},
      {"P1\n", "0x00000050 at offset 2 is the pickle opcode PERSID"},
      {"\x82\x01", "0x00000082 at offset 2 is the pickle opcode EXT1"},
      {"\x83\x01\x01", "0x00000083 at offset 2 is the pickle opcode EXT2"},
      {"\x84\x01\x01\x01\x01", "0x00000084 at offset 2 is the pickle opcode EXT4"},
      {"\x92", "0x00000092 at offset 2 is the pickle opcode NEWOBJ_EX"},
      {"I1\n", "0x00000049 at offset 2 is the pickle opcode INT"},
      {"S'x'\n", "0x00000053 at offset 2 is the pickle opcode STRING"},
      {"\x97", "0x00000097 at offset 2 is the pickle opcode NEXT_BUFFER"},
  };
  for (const auto& [code, message] : cases) {
    EXPECT_EQ(refusal(pickle::whole(code)),
              kPickle + "byte " + message + ", which torch does not write; it is not followed");
  }
  EXPECT_EQ(refusal(pickle::whole("\xff")), kPickle + "byte 0x000000ff at offset 2 is no opcode of a pickle");
}

TEST(TorchPickleHazard, OpcodesOfALaterProtocol) {
  const std::string os = pickle::text("os") + pickle::text("system");
  EXPECT_EQ(
      refusal(pickle::whole(os + "\x93")),
      kPickle + "pickle opcode STACK_GLOBAL at offset 20 belongs to protocol 4, the pickle announces 2");
  EXPECT_EQ(refusal(pickle::whole("\x95\1\0\0\0\0\0\0\0"s)),
            kPickle + "pickle opcode FRAME at offset 2 belongs to protocol 4, the pickle announces 2");
  EXPECT_EQ(refusal("\x80\x06}."),
            kPickle + "pickle opcode PROTO at offset 0 announces protocol 6, supported: 2 to 5");
  EXPECT_EQ(refusal("\x80\x01}."),
            kPickle + "pickle opcode PROTO at offset 0 announces protocol 1, supported: 2 to 5");
  EXPECT_EQ(
      refusal("}."),
      kPickle + "byte 0x0000007d at offset 0: expected a pickle, which begins with 0x80 and its protocol");
  EXPECT_EQ(refusal(pickle::whole("\x80\x02}")),
            kPickle + "pickle opcode PROTO at offset 2 stands inside the pickle, expected at its beginning");
  EXPECT_EQ(refusal("\x80\x04)(\x93."),
            kPickle + "pickle opcode STACK_GLOBAL at offset 4 needs more values than are on the stack");
  EXPECT_EQ(
      refusal("\x80\x04))\x93."),
      kPickle + "pickle opcode STACK_GLOBAL at offset 4 finds something else than the two texts of a name");
}

TEST(TorchPickleHazard, StackAndMarks) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "STOP at offset 2 finds 0 values and 0 marks on the stack, expected one value"},
      {"}}", "STOP at offset 4 finds 2 values and 0 marks on the stack, expected one value"},
      {"}(", "STOP at offset 4 finds 1 values and 1 marks on the stack, expected one value"},
      {"t", "TUPLE at offset 2 finds no mark on the stack"},
      {"u", "SETITEMS at offset 2 finds no mark on the stack"},
      {"(u", "SETITEMS at offset 3 needs more values than are on the stack"},
      {"}(Nu", "SETITEMS at offset 5 finds 1 values, expected pairs"},
      {"}(NNNu", "SETITEMS at offset 7 finds 3 values, expected pairs"},
      {"](NNu", "SETITEMS at offset 6 changes a value of another kind than it can"},
      {"}NNNs", "SETITEM at offset 6 changes a value of another kind than it can"},
      {"Ns", "SETITEM at offset 3 needs more values than are on the stack"},
      {"}(Ne", "APPENDS at offset 5 changes a value of another kind than it can"},
      {")Na", "APPEND at offset 4 changes a value of another kind than it can"},
      {"N(\x85", "TUPLE1 at offset 4 needs more values than are on the stack"},
      {"NN\x87", "TUPLE3 at offset 4 needs more values than are on the stack"},
      {"N}b", "BUILD at offset 4 changes a value of another kind than it can"},
      {"}}R", "REDUCE at offset 4 finds something else than a name and a tuple of arguments"},
      {pickle::global("a", "b") + "NR",
       "REDUCE at offset 8 finds something else than a name and a tuple of arguments"},
      {"))\x81", "NEWOBJ at offset 4 finds something else than a name and a tuple of arguments"},
      {pickle::object("a", "b", "") + "}b", "BUILD at offset 14 gives an object a second state"},
      {"q\1", "BINPUT at offset 2 finds nothing on the stack to remember"},
      {"N(q\1", "BINPUT at offset 4 finds nothing on the stack to remember"},
      {"h\1", "BINGET at offset 2 asks for entry 1 of the memo, which is not there"},
      {"j\xff\xff\xff\xff",
       "LONG_BINGET at offset 2 asks for entry 4294967295 of the memo, which is not there"},
      {pickle::call("collections", "OrderedDict", "]K\1a"),
       "REDUCE at offset 33 makes an OrderedDict of something else than pairs"},
      {pickle::call("collections", "OrderedDict", "NN"),
       "REDUCE at offset 31 makes an OrderedDict of something else than pairs"},
      {pickle::global("", "b"), "GLOBAL at offset 2 names '' and 'b', expected 1 to 1024 characters"},
      {pickle::global("a", std::string(2000, 'x')),
       "GLOBAL at offset 2 names something of more than 1024 characters"},
  };
  for (const auto& [code, message] : cases)
    EXPECT_EQ(refusal(pickle::whole(code)), kPickle + "pickle opcode " + message);
}

// The reader of another program wrote past its stack here.
TEST(TorchPickleHazard, ItemsForATensor) {
  const std::string tensor = floats(0, {6}, {1});
  const std::string broken = entry(tensor + "(" + pickle::text("a") + "Nu");
  EXPECT_EQ(refusal(broken), concat(kPickle + "pickle opcode SETITEMS at offset ", broken.size() - 3,
                                    " changes a value of another kind than it can"));
  EXPECT_TRUE(refusal(entry(tensor + "}b")).ends_with("changes a value of another kind than it can"));
}

TEST(TorchPickleHazard, CutOff) {
  EXPECT_EQ(refusal("\x80\x02}"), kPickle + "an opcode of the pickle at offset 3 needs 1 bytes, 0 are left");
  EXPECT_EQ(refusal("\x80"), kPickle + "the protocol of the pickle at offset 1 needs 1 bytes, 0 are left");
  EXPECT_EQ(refusal("\x80\x02X\xff\xff\xff\xff..."),
            kPickle + "a text of the pickle at offset 7 needs 4294967295 bytes, 3 are left");
  EXPECT_EQ(refusal("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff..."),
            kPickle + "a text of the pickle at offset 11 needs 18446744073709551615 bytes, 3 are left");
  EXPECT_EQ(refusal("\x80\x02J\1"), kPickle + "a number of the pickle at offset 3 needs 4 bytes, 1 are left");
  EXPECT_EQ(refusal("\x80\x02\x8a\x09\1"),
            kPickle + "a number of the pickle at offset 4 needs 9 bytes, 1 are left");
  EXPECT_EQ(refusal("\x80\x02"
                    "cos"),
            kPickle + "a name of the pickle at offset 5 needs 1 bytes, 0 are left");
  EXPECT_EQ(refusal(pickle::whole("}") + "}"),
            kPickle + "the pickle ends at offset 4, 1 bytes before its member");
}

TEST(TorchPickleHazard, Limits) {
  std::string deep;
  for (int i = 0; i < 10'001; ++i) deep += "N";
  EXPECT_EQ(refusal(pickle::whole(deep)),
            kPickle + "pickle opcode NONE at offset 10002 exceeds the limit of 10000 values on the stack");
  EXPECT_EQ(refusal(pickle::whole(std::string(10'001, '('))),
            kPickle + "pickle opcode MARK at offset 10002 exceeds the limit of 10000 values on the stack");
  std::string many = "]";
  for (int i = 0; i < 500'000; ++i) many += "Na";
  EXPECT_EQ(refusal(pickle::whole(many)),
            kPickle + "the pickle has more than 1000000 opcodes before offset 1000001");
  ModelLimits limits;
  limits.pickle_memo = 2;
  EXPECT_EQ(refusal(pickle::whole("}q\1q\2r\xff\xff\xff\xff"), limits),
            kPickle + "pickle opcode LONG_BINPUT at offset 7 exceeds the limit of 2 entries of the memo");
  limits = {};
  limits.pickle_bytes = 10;
  EXPECT_EQ(refusal(pickle::whole("}NNNNNNNNNN"), limits),
            "f: member 'm/data.pkl' at offset 40 has 14 bytes, the limit for a pickle is 10");
}

// Each list holds the one before twice: 2^40 paths to one tensor, which nobody walks twice.
TEST(TorchPickleHazard, Doubling) {
  const auto bomb = [](const std::string& innermost) {
    std::string lists = innermost + "q\0"s;
    for (char i = 0; i < 40; ++i) {
      const char next = static_cast<char>(i + 1);
      for (const std::string_view piece : {"]h", "ah", "aq"})
        lists += std::string(piece) + (piece == "aq" ? next : i);
    }
    return entry(pickle::tuple(lists));
  };
  EXPECT_TRUE(refusal(bomb(floats(0, {6}, {1})))
                  .ends_with(" exceeds the limit of 100000 tensors or of 16777216 bytes of names"));
  EXPECT_TRUE(refusal(bomb("N")).ends_with(" exceeds the limit of 64 levels or of 400000 entries"));
}

TEST(TorchPickleHazard, Cycles) {
  // A dict that holds itself, as a value and below an object that is not known.
  const std::string self = "}q\0("s + pickle::text("w") + "h\0u"s;
  EXPECT_TRUE(refusal(pickle::whole(self)).ends_with("exceeds the limit of 64 levels or of 400000 entries"));
  EXPECT_EQ(refusal(pickle::whole("}q\0("s + pickle::text("w") +
                                  pickle::object("a", "b", pickle::text("x") + "h\0"s) + "u")),
            "accepted");
  std::string nested;
  for (int i = 0; i < 1000; ++i) nested.append("}").append(pickle::text("a"));
  nested.append("}").append(1000, 's');
  EXPECT_TRUE(
      refusal(pickle::whole(nested)).ends_with("exceeds the limit of 64 levels or of 400000 entries"));
}

TEST(TorchPickleHazard, ViewsOutsideTheirStorage) {
  constexpr int64_t kHuge = INT64_MAX;
  const auto outside = [](std::initializer_list<int64_t> shape, std::initializer_list<int64_t> stride,
                          int64_t offset) {
    const std::string message = refusal(entry(floats(offset, shape, stride)));
    return message.starts_with(kPickle + "tensor 'w' at offset ") &&
           message.ends_with(" reaches beyond the 6 elements of storage '0'");
  };
  EXPECT_TRUE(outside({7}, {1}, 0));
  EXPECT_TRUE(outside({6}, {1}, 1));
  EXPECT_TRUE(outside({2, 3}, {4, 1}, 0));
  EXPECT_TRUE(outside({1}, {1}, 6));
  EXPECT_TRUE(outside({2}, {kHuge}, 0));
  EXPECT_TRUE(outside({3, 3}, {kHuge, kHuge}, 0));
  EXPECT_TRUE(outside({1}, {1}, kHuge));
  EXPECT_TRUE(outside({2}, {kHuge}, kHuge));
  EXPECT_TRUE(outside({}, {}, 6));
  EXPECT_EQ(refusal(entry(floats(0, {2, 3}, {3, 1}))), "accepted");
  EXPECT_EQ(refusal(entry(floats(5, {}, {}))), "accepted");
  // Without elements there is nothing to reach.
  EXPECT_EQ(refusal(entry(floats(0, {0, 9}, {kHuge, 1}))), "accepted");
}

TEST(TorchPickleHazard, ImpossibleShapes) {
  const auto says = [](const std::string& value, const std::string& message) {
    const std::string found = refusal(entry(value));
    EXPECT_TRUE(found.starts_with(kPickle + "tensor 'w'")) << found;
    EXPECT_NE(found.find(" at offset "), std::string::npos) << found;
    EXPECT_TRUE(found.ends_with(message)) << found;
  };
  says(floats(0, {-1}, {1}), " holds the negative -1");
  says(floats(0, {2}, {-1}), ": its stride at offset 136 holds the negative -1");
  says(floats(-1, {2}, {1}), " has the impossible shape [2], stride [1] or storage offset -1");
  says(floats(0, {2, 3}, {1}), " has the impossible shape [2, 3], stride [1] or storage offset 0");
  says(floats(0, {int64_t{1} << 32, int64_t{1} << 32}, {0, 0}),
       " has the impossible shape [4294967296, 4294967296], stride [0, 0] or storage offset 0");
  says(floats(0, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1}),
       " has 9 dimensions, the limit is 8");
  const std::string store = pickle::storage("FloatStorage", "0", 6);
  says(pickle::call("torch._utils", "_rebuild_tensor_v2", store + pickle::integer(0) + "NN\x89"),
       " is no tuple");
  says(pickle::call("torch._utils", "_rebuild_tensor_v2", store + pickle::integer(0) + "N\x85N\x89"),
       " holds something else than integers");
  says(pickle::call("torch._utils", "_rebuild_tensor_v2", store + "N))\x89"),
       ": torch._utils._rebuild_tensor_v2 is called with other arguments than torch gives it");
  says(pickle::call("torch._utils", "_rebuild_tensor_v2", ""),
       ": torch._utils._rebuild_tensor_v2 is called with other arguments than torch gives it");
  says(pickle::call("torch._utils", "_rebuild_parameter", "N\x88N"), " is a parameter without a tensor");
  std::string wrapped = floats(0, {6}, {1});
  for (int i = 0; i < 5; ++i) wrapped = pickle::call("torch._utils", "_rebuild_parameter", wrapped + "\x88N");
  says(wrapped, " is wrapped more than 4 times");
}

// One number that claims to be a terabyte.
TEST(TorchPickleHazard, Expansion) {
  const std::string huge = refusal(entry(floats(0, {int64_t{1} << 40}, {0})));
  EXPECT_TRUE(huge.starts_with(
      kPickle +
      "up to 'w' at offset 166 its tensors have 4398046511104 bytes, 4398046511104 of them to be "
      "copied; the limits are 4 times the file's "))
      << huge;
  // The same tensor by many names is as many tensors for whoever reads them.
  std::string many = floats(0, {6}, {1}) + "q\1";
  many = pickle::text("w") + many;
  for (int i = 0; i < 500; ++i) many += pickle::text(concat("w", i)) + "h\1";
  EXPECT_EQ(refusal(pickle::whole(pickle::dict(many))), "accepted");
  ModelLimits limits;
  limits.tensor_expansion = 1;
  EXPECT_TRUE(refusal(pickle::whole(pickle::dict(many)), limits).starts_with(kPickle + "up to 'w"));
  limits = {};
  limits.materialised_bytes = 20;
  EXPECT_TRUE(refusal(entry(floats(0, {3, 2}, {1, 3})), limits).find("24 of them to be copied") !=
              std::string::npos);
  EXPECT_EQ(refusal(entry(floats(0, {2, 3}, {3, 1})), limits), "accepted");
}

TEST(TorchPickleHazard, Storages) {
  // "... the storage at offset N" for a state dict of one tensor on that storage, and what follows.
  const auto expect = [](const std::string& storage, std::string_view message) {
    const std::string whole = entry(pickle::tensor(storage, 0, {6}, {1}));
    const size_t at = whole.find(storage) + storage.size() - 1;
    EXPECT_EQ(refusal(whole), concat(kPickle + "the storage at offset ", at, message));
  };
  const auto sized = [&](std::string_view type, int64_t elements, std::string_view message) {
    const std::string storage = pickle::storage(type, "0", elements);
    const size_t member = kPickleAt + entry(pickle::tensor(storage, 0, {6}, {1})).size() + (30 + 11 + 6) +
                          (30 + 8);  // byteorder, and the header of the storage
    expect(storage,
           concat(message, " bytes, but member 'm/data/0' at offset ", member, " of the archive has 24"));
  };
  sized("FloatStorage", 7, " has 7 elements of torch.FloatStorage, 28");
  sized("HalfStorage", 6, " has 6 elements of torch.HalfStorage, 12");
  sized("DoubleStorage", 6, " has 6 elements of torch.DoubleStorage, 48");
  expect(pickle::storage("FloatStorage", "../../x", 6),
         " is said to be member 'm/data/../../x', which is not there");
  expect(pickle::storage("FloatStorage", "1", 6), " is said to be member 'm/data/1', which is not there");
  expect(pickle::storage("FloatStorage", "0", -1), " has the impossible number of elements -1");
  expect(pickle::storage("FloatStorage", "0", INT64_MAX),
         " has the impossible number of elements 9223372036854775807");
  expect(pickle::storage("StrangeStorage", "0", 6),
         " is of the class 'torch.StrangeStorage', which is not known");
  expect("K\x07\x85Q", " is something else than a storage");
  expect(")Q", " is something else than a storage");
  expect(pickle::tuple(pickle::text("storage")) + "Q",
         " does not say class, key, device and number of elements, or is a piece of another storage");
  const std::string complex = pickle::tensor(pickle::storage("ComplexFloatStorage", "0", 3), 0, {3}, {1});
  EXPECT_TRUE(
      refusal(entry(complex)).ends_with(" lies in a torch.ComplexFloatStorage, which is not supported"));
}

TEST(TorchPickleHazard, OneStorageOfTwoTypes) {
  const std::string first = pickle::storage("FloatStorage", "0", 6),
                    second = pickle::storage("IntStorage", "0", 6);
  const std::string two =
      pickle::whole(pickle::dict(pickle::text("a") + pickle::tensor(first, 0, {6}, {1}) + pickle::text("b") +
                                 pickle::tensor(second, 0, {6}, {1})));
  EXPECT_EQ(refusal(two), concat(kPickle + "the storage at offset ", two.find(second) + second.size() - 1,
                                 " says 6 elements of torch.IntStorage for the key '0', the one at offset ",
                                 two.find(first) + first.size() - 1, " says 6 of torch.FloatStorage"));
}

TEST(TorchPickleHazard, NamedTwice) {
  const std::string two =
      pickle::dict(pickle::text("a") + floats(0, {6}, {1}) + pickle::text("a") + floats(0, {1}, {1}));
  EXPECT_EQ(refusal(pickle::whole(two)),
            concat(kPickle + "the tensor 'a' at offset ", pickle::whole(two).size() - 3, " is there twice"));
}

}  // namespace
}  // namespace ink
