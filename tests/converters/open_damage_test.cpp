#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "converters/sources/open.h"
#include "tests/weights/sample_files.h"
#include "weights/zip.h"

namespace ink {
namespace {

namespace fs = std::filesystem;
using test::Bytes;

// A sample that somebody downloaded, a file of it that was damaged, and the sentence: the file, the member,
// the place and the reason.
struct Damage {
  std::string name, sample, file;
  std::function<void(Bytes&)> change;
  std::string message;  // behind the path of the sample's folder
};

void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

std::function<void(Bytes&)> flip(size_t at) {
  return [=](Bytes& bytes) { bytes[at] ^= std::byte{1}; };
}

std::function<void(Bytes&)> cut(size_t size) {
  return [=](Bytes& bytes) { bytes.resize(size); };
}

// Changes what a member of an archive holds and packs all again, so that no checksum tells.
std::function<void(Bytes&)> inside(const std::string& member, size_t at) {
  return [=](Bytes& bytes) {
    const auto zip = ZipReader::open(bytes, "z");
    std::vector<test::ZipPart> parts;
    for (const ZipMember& each : zip->members()) {
      Bytes content = *zip->read(each);
      if (each.name == member) content[at] ^= std::byte{1};
      parts.push_back(test::stored_part(each.name, content));
    }
    bytes = test::build_zip(parts);
  };
}

std::vector<Damage> damages() {
  return {
      {"TorchCut", "torch", "sequential.pt", cut(1000),
       "sequential.pt: has no end record of a zip archive from offset 0 to its end at 1000: incomplete "
       "download?"},
      {"TorchHeader", "torch", "sequential.pt", flip(1833 + 14),
       "sequential.pt: the header of member 'sequential/.format_version' at offset 1833 says checksum 1, the "
       "directory 2212294583"},
      {"TorchDirectory", "torch", "sequential.pt", flip(26),
       "sequential.pt: an extra field of the header of member 'sequential/data.pkl' at offset 52 needs 2882 "
       "bytes, 11 are left"},
      {"TorchPickle", "torch", "sequential.pt", inside("sequential/data.pkl", 2),
       "sequential.pt, member 'sequential/data.pkl': pickle opcode BUILD at offset 2 needs more values than "
       "are on the stack"},
      {"TorchStorage", "torch", "sequential.pt", flip(2305),
       "sequential.pt: member 'sequential/data/0' at offset 2304 has the checksum 0xe81448ba, the directory "
       "says 0x7367a26e"},
      {"TorchByteOrder", "torch", "sequential.pt", inside("sequential/byteorder", 0),
       "sequential.pt, member 'sequential/byteorder' at offset 271 says 'mittle', supported: little"},
      {"LegacyCut", "torch", "legacy.pt", cut(2000),
       "legacy.pt: a text of the pickle at offset 1997 needs 14 bytes, 3 are left"},
      {"LegacyPickle", "torch", "legacy.pt", flip(27),
       "legacy.pt: byte 0x00000059 at offset 27 is no opcode of a pickle"},
      {"KerasCut", "keras", "sequential.h5", cut(9000),
       "sequential.h5 is 8952 bytes shorter than its superblock at offset 0 declares: incomplete download?"},
      {"KerasHeader", "keras", "sequential.h5", flip(96),
       "sequential.h5: an object header at offset 96 has the version 0, supported: 1 and 2"},
      {"KerasMember", "keras", "sequential-3.keras", inside("model.weights.h5", 96),
       "sequential-3.keras, member 'model.weights.h5': an object header at offset 96 has the version 0, "
       "supported: 1 and 2"},
      {"KerasMetadata", "keras", "sequential-3.keras", inside("metadata.json", 1),
       "sequential-3.keras, member 'metadata.json' is broken at offset 1: Missing a name for object member."},
      {"KerasChecksum", "keras", "sequential-3.keras", flip(20000),
       "sequential-3.keras: member 'model.weights.h5' at offset 3317 has the checksum 0xe02cb49c, the "
       "directory says 0x578ca054"},
      {"IndexBlock", "tensorflow/named", "model.ckpt.index", flip(100),
       "model.ckpt.index: the block at offset 0 has the checksum 0xc08ff7fa, expected 0xfa3a863c"},
      {"DataCut", "tensorflow/named", "model.ckpt.data-00000-of-00001", cut(100),
       "model.ckpt.index: '\\x00table\\x00\\x01\\x01\\x02\\x80\\x83\\x80\\x83' at offset 26 has 36 bytes at "
       "offset 112 of model.ckpt.data-00000-of-00001, which has 100; is it cut short?"},
      {"SavedModelCut", "tensorflow/saved_keras", "saved_model.pb", cut(9000),
       "saved_model.pb: the SavedModel at offset 6 has 46587 bytes in field 2, 8994 are left"},
      {"SavedModelMetadata", "tensorflow/saved_keras", "keras_metadata.pb", cut(9),
       "keras_metadata.pb: Keras' metadata at offset 3 has 3341 bytes in field 1, 6 are left"},
      {"ShardCut", "huggingface/shards", "model-00002-of-00003.safetensors", cut(200),
       "model-00002-of-00003.safetensors is 1000 bytes shorter than its header declares: incomplete "
       "download? (model.safetensors.index.json asks for it)"},
      {"ShardIndex", "huggingface/shards", "model.safetensors.index.json", cut(100),
       "model.safetensors.index.json: the JSON is broken at offset 100: Missing a closing quotation mark in "
       "string."},
  };
}

class OpenDamage : public testing::TestWithParam<Damage> {};

TEST_P(OpenDamage, IsSaidWithItsPlace) {
  const Damage& damage = GetParam();
  const test::TempFolder folder;
  const std::string copy = folder / "sample";
  fs::copy(fs::path(INK_GOLDENS_DIR) / damage.sample, copy, fs::copy_options::recursive);
  const std::string path = copy + "/" + damage.file;
  // A folder of files is opened as one, and files that lie beside others by their name.
  const bool whole = damage.sample.find('/') != damage.sample.npos && !damage.sample.ends_with("/named");
  const std::string opened = whole ? copy : damage.sample.ends_with("/named") ? copy + "/model.ckpt" : path;
  Bytes bytes = test::read_file(path);
  damage.change(bytes);
  test::write_file(path, bytes);
  const auto source = open_source(opened);
  std::string message = "accepted";
  if (!source.ok()) {
    message = source.error().message;
    EXPECT_EQ(source.error().kind, ErrorKind::model);
  }
  for (size_t i = 0; source.ok() && i < (*source)->tensors().size(); ++i) {
    const auto read = (*source)->read(i);
    if (!read.ok()) message = read.error().message;
  }
  for (size_t at = message.find(copy); at != message.npos; at = message.find(copy)) {
    message.replace(at, copy.size() + 1, "");
  }
  EXPECT_EQ(message, damage.message);
  EXPECT_TRUE(message.starts_with(damage.file) || message.find(" of " + damage.file) != message.npos);
}

INSTANTIATE_TEST_SUITE_P(All, OpenDamage, testing::ValuesIn(damages()),
                         [](const auto& damage) { return damage.param.name; });

}  // namespace
}  // namespace ink
