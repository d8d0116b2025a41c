#include <gtest/gtest.h>

#include <algorithm>

#include "converters/sources/torch/torch.h"
#include "tests/converters/sample_torch.h"
#include "tests/converters/torch_refusal.h"
#include "weights/message.h"

namespace ink {
namespace {

using namespace std::string_literals;
using test::build_zip;
using test::Bytes;
using test::bytes_of;
using test::little_endian;
using test::refusal;
using test::stored_part;
using test::torch_parts;
using test::ZipPart;
using test::operator+;
namespace pickle = test::pickle;

// What messages about the pickle of torch_parts() begin with.
const std::string kPickle = "f, member 'm/data.pkl': ";

std::string floats() { return pickle::tensor(pickle::storage("FloatStorage", "0", 6), 0, {6}, {1}); }

std::string entry(std::string_view value, std::string_view name = "w") {
  return pickle::dict(pickle::text(name) + std::string(value));
}

std::string sample() { return pickle::whole(entry(floats())); }

std::string of_value(std::string_view value) { return refusal(build_zip(torch_parts(pickle::whole(value)))); }

TEST(TorchHazard, CodeIsNeverRun) {
  const std::string hint =
      ", whose code never runs here; where it can run, save plain tensors with "
      "torch.save(model.state_dict(), "
      "PATH)";
  EXPECT_EQ(of_value(pickle::call("os", "system", pickle::text("true"))),
            kPickle + "the model at offset 24 is made by calling 'os.system'" + hint);
  EXPECT_EQ(of_value(pickle::object("somebody", "Thing", "")),
            kPickle + "the model at offset 19 is an object of 'somebody.Thing'" + hint);
  const std::string numpy = of_value(entry(pickle::call("numpy", "rebuild", floats())));
  EXPECT_TRUE(numpy.ends_with(" is made by calling 'numpy.rebuild'" + hint)) << numpy;
  const std::string sparse =
      of_value(entry(pickle::call("torch._utils", "_rebuild_sparse_tensor", "N" + pickle::tuple(floats()))));
  EXPECT_TRUE(sparse.ends_with(" is made by calling 'torch._utils._rebuild_sparse_tensor'" + hint)) << sparse;
  const std::string below = of_value(entry(pickle::object("a", "B", pickle::text("data") + floats())));
  EXPECT_TRUE(below.ends_with(" is an object of 'a.B'" + hint)) << below;
  const std::string foreign = of_value(entry(pickle::call(
      "torch._tensor", "_rebuild_from_type_v2",
      pickle::global("torch._utils", "_rebuild_tensor_v2") + pickle::global("a", "Mine") + ")N")));
  EXPECT_TRUE(foreign.ends_with(" is of the class 'a.Mine', which only its own code could read")) << foreign;
  const std::string other = of_value(
      entry(pickle::call("torch._tensor", "_rebuild_from_type_v2",
                         pickle::global("os", "system") + pickle::global("torch", "Tensor") + ")N")));
  EXPECT_TRUE(other.ends_with(" is made by 'os.system', which is not followed")) << other;
}

TEST(TorchHazard, WhatIsNotKnownIsCarriedAndNamed) {
  const std::string evil = pickle::call("os", "system", pickle::text("true"));
  const Bytes file = build_zip(torch_parts(pickle::whole(
      pickle::dict(pickle::text("w") + floats() + pickle::text("x") + evil + pickle::global("a", "Key") +
                   pickle::integer(3) + pickle::text("n") + "N"))));
  const auto source = open_torch({file, nullptr}, "f");
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ((*source)->tensors().size(), 1u);
  const std::vector<std::string> unknown((*source)->unknown().begin(), (*source)->unknown().end());
  EXPECT_EQ(unknown, (std::vector<std::string>{"os.system", "a.Key"}));
}

TEST(TorchHazard, RootsThatAreNoModel) {
  EXPECT_EQ(of_value("N"),
            kPickle + "expected a dict of tensors or a module, found something else at offset 2");
  EXPECT_TRUE(
      of_value(floats()).starts_with(kPickle + "expected a dict of tensors or a module, found something"));
  EXPECT_TRUE(
      of_value(pickle::tuple(floats())).starts_with(kPickle + "expected a dict of tensors or a module"));
  EXPECT_EQ(of_value("}"), "accepted");
}

TEST(TorchHazard, Names) {
  for (const std::string& name : {""s, "a\nb"s, "a\0b"s, "\x1b[2J"s, std::string(2000, 'n')}) {
    const std::string found = of_value(entry(floats(), name));
    EXPECT_TRUE(found.ends_with("is empty, not printable or longer than 1024 bytes")) << found;
    EXPECT_EQ(found.find('\x1b'), std::string::npos);
  }
  EXPECT_EQ(of_value(entry(floats(), "net/weights:0")), "accepted");
  const std::string unnamed = of_value(pickle::dict(pickle::global("a", "Key") + floats()));
  EXPECT_TRUE(unnamed.ends_with(" has a key that is no name")) << unnamed;
}

TEST(TorchHazard, TheArchive) {
  const auto archive = [](auto change) {
    std::vector<ZipPart> parts = torch_parts(sample());
    change(parts);
    return refusal(build_zip(parts));
  };
  EXPECT_EQ(archive([](auto&) {}), "accepted");
  EXPECT_EQ(archive([](auto& parts) { parts.erase(parts.begin()); }),
            "f: has no data.pkl in a folder of its own, as archives of torch have");
  EXPECT_EQ(archive([](auto& parts) { parts[0].name = "a/b/data.pkl"; }),
            "f: has no data.pkl in a folder of its own, as archives of torch have");
  const std::string two =
      archive([](auto& parts) { parts.push_back(stored_part("n/data.pkl", bytes_of(sample()))); });
  EXPECT_TRUE(two.starts_with("f: has two pickles, 'm/data.pkl' and 'n/data.pkl' at offset ")) << two;
  const std::string twice = archive([](auto& parts) { parts.push_back(parts[0]); });
  EXPECT_TRUE(twice.starts_with("f: the member 'm/data.pkl' is there twice, at offset ")) << twice;
  EXPECT_EQ(archive([](auto& parts) { parts[1] = stored_part("m/byteorder", bytes_of("big")); }),
            "f, member 'm/byteorder' at offset 250 says 'big', supported: little");
  EXPECT_EQ(archive([](auto& parts) { parts[3] = stored_part("m/version", bytes_of("11\n")); }),
            "f, member 'm/version' at offset 357 says '11', supported: 1 to 10");
  EXPECT_EQ(archive([](auto& parts) { parts[3] = stored_part("m/version", bytes_of("three")); }),
            "f, member 'm/version' at offset 357 says 'three', supported: 1 to 10");
  const std::string wordy = archive([](auto& parts) { parts[3] = stored_part("m/version", Bytes(33)); });
  EXPECT_TRUE(wordy.ends_with(" has 33 bytes, expected one word")) << wordy;
  EXPECT_EQ(archive([](auto& parts) { parts.resize(3); }), "accepted");
  EXPECT_EQ(archive([](auto& parts) { parts.erase(parts.begin() + 1); }), "accepted");
  const std::string crc = archive([](auto& parts) { parts[0].crc ^= 1; });
  EXPECT_TRUE(crc.starts_with("f: member 'm/data.pkl' at offset 40 has the checksum 0x")) << crc;
  const std::string data_crc = archive([](auto& parts) { parts[2].crc ^= 1; });
  EXPECT_TRUE(data_crc.starts_with("f: member 'm/data/0' at offset ")) << data_crc;
  const std::string constants =
      archive([](auto& parts) { parts.push_back(stored_part("m/constants.pkl", bytes_of("\x80\x02"s))); });
  EXPECT_TRUE(constants.starts_with("f, member 'm/constants.pkl': an opcode of the pickle at offset 2 "))
      << constants;
}

TEST(TorchHazard, PackedMembers) {
  std::vector<ZipPart> parts = torch_parts(sample());
  parts[0] = test::deflated_part("m/data.pkl", bytes_of(sample()));
  parts[2] = test::deflated_part("m/data/0", Bytes(24));
  EXPECT_EQ(refusal(build_zip(parts)), "accepted");
  parts[2].data[0] ^= std::byte{0x06};
  const std::string torn = refusal(build_zip(parts));
  EXPECT_TRUE(torn.starts_with("f: member 'm/data/0' at offset ")) << torn;
  parts[0] = test::deflated_part("m/data.pkl", bytes_of(pickle::whole("0")));
  EXPECT_EQ(
      refusal(build_zip(parts)),
      "f, member 'm/data.pkl': byte 0x00000030 at offset 2 is the pickle opcode POP, which torch does not "
      "write; it is not followed");
}

TEST(TorchHazard, OtherFormats) {
  const std::string none =
      "f: begins at offset 0 like neither an archive of torch nor its older stream: expected 'PK' or a "
      "pickle "
      "of torch's magic number";
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  for (const std::string& text :
       {""s, "<html>"s, "version https://git-lfs.github.com/spec/v1"s, "7z\xbc\xaf\x27\x1c"s, "\x80\x02}."s,
        "\x80"s, "\x80\x06"s, std::string(100, '\0')}) {
    EXPECT_EQ(refusal(bytes_of(text)), none);
    EXPECT_FALSE(is_torch(bytes_of(text)));
  }
  EXPECT_EQ(
      refusal(bytes_of(tar)),
      "f: is a tar archive, as torch wrote before 0.1.11; load it there and save it again with torch.save(), "
      "then it can be read");
  // The magic number, but for a bit.
  Bytes legacy = test::torch_stream("\x80\x02}.", "", {});
  EXPECT_EQ(refusal(legacy), "accepted");
  legacy[7] ^= std::byte{1};
  EXPECT_EQ(refusal(legacy), none);
  EXPECT_EQ(refusal(bytes_of("PK\x03\x04 and so on")),
            "f: has no end record of a zip archive from offset 0 to its end at 14: incomplete download?");
  const ZipPart keras = stored_part("model.weights.h5", Bytes(10));
  EXPECT_FALSE(is_torch(build_zip({&keras, 1})));
  EXPECT_TRUE(is_torch(build_zip(torch_parts(sample()))));
  // Junk before an archive makes it another file.
  EXPECT_FALSE(is_torch(Bytes(3) + build_zip(torch_parts(sample()))));
}

Bytes zeros(uint64_t elements) { return little_endian(elements, 8) + Bytes(elements * 4); }

TEST(TorchHazard, TheLegacyStream) {
  const std::string key = pickle::text("0");
  const Bytes good = test::torch_stream(sample(), key, zeros(6));
  EXPECT_EQ(refusal(good), "accepted");
  const size_t storage_at = good.size() - 32;
  const auto at = [&](std::string_view before, std::string_view after) {
    return concat("f: ", before, " at offset ", storage_at, after);
  };
  EXPECT_EQ(
      refusal(test::torch_stream(sample(), key, zeros(5))).substr(0, at("storage '0'", " has 5").size()),
      at("storage '0'", " has 5"));
  EXPECT_EQ(refusal(test::torch_stream(sample(), key, little_endian(6, 8) + Bytes(23))),
            concat("f: storage '0' at offset ", storage_at + 8, " needs 24 bytes, 23 are left"));
  EXPECT_EQ(refusal(test::torch_stream(sample(), key, zeros(6) + Bytes(1))),
            concat("f: has 1 bytes after offset ", storage_at + 32, ", where its last storage ends"));
  const std::string missing = refusal(test::torch_stream(sample(), "", {}));
  EXPECT_TRUE(missing.ends_with(", is not in the list of storages")) << missing;
  const std::string foreign =
      refusal(test::torch_stream(sample(), key + pickle::text("1"), zeros(6) + zeros(0)));
  EXPECT_TRUE(foreign.ends_with(" belongs to no tensor")) << foreign;
  const std::string twice = refusal(test::torch_stream(sample(), key + key, zeros(6) + zeros(6)));
  EXPECT_TRUE(twice.ends_with(" is there twice")) << twice;
  const std::string no_text = refusal(test::torch_stream(sample(), "N", zeros(6)));
  EXPECT_TRUE(no_text.ends_with(" is no list of the keys of storages")) << no_text;
  const std::string piece =
      pickle::tuple(pickle::text("storage") + pickle::global("torch", "FloatStorage") + key +
                    pickle::text("cpu") + pickle::integer(6) + pickle::tuple(key)) +
      "Q";
  const std::string view =
      refusal(test::torch_stream(pickle::whole(entry(pickle::tensor(piece, 0, {6}, {1}))), key, zeros(6)));
  EXPECT_TRUE(view.ends_with(" or is a piece of another storage")) << view;
}

TEST(TorchHazard, TheHeadOfTheLegacyStream) {
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s;
  const std::string facts = pickle::text("little_endian");
  EXPECT_EQ(refusal(bytes_of(magic + pickle::whole(pickle::integer(1000)))),
            "f: the version of the stream at offset 15 is not 1001");
  EXPECT_EQ(refusal(bytes_of(magic + pickle::whole("N"))),
            "f: the version of the stream at offset 15 is not 1001");
  const std::string start = magic + pickle::whole(pickle::integer(1001));
  for (const std::string& value : {facts + "\x89"s, facts + "N", pickle::text("endian") + "\x88"s}) {
    EXPECT_EQ(refusal(bytes_of(start + pickle::whole(pickle::dict(value)))),
              "f: the facts of the machine at offset 28 do not say little_endian, which alone is supported");
  }
  EXPECT_EQ(refusal(bytes_of(start)), "f: an opcode of the pickle at offset 28 needs 1 bytes, 0 are left");
  // A pickle that only begins with the magic number.
  EXPECT_EQ(refusal(bytes_of(magic.substr(0, 14) + "N\x86.")),
            "f: the pickle at offset 0 is not torch's magic number");
}

}  // namespace
}  // namespace ink
