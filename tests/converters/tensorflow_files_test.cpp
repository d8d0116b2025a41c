#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>

#include "converters/sources/tensorflow/tensorflow.h"
#include "tests/converters/sample_tensorflow.h"
#include "tests/weights/sample_files.h"

namespace ink {
namespace {

using test::Bytes;
using test::Proto;

const std::string kGoldens = INK_GOLDENS_DIR "/tensorflow/";
constexpr const char* kStems[] = {"checkpoint/ckpt-1",
                                  "checkpoint_legacy/ckpt-1",
                                  "weights/w",
                                  "clash/two",
                                  "named/model.ckpt",
                                  "dtypes/all",
                                  "sliced/s",
                                  "blocks/all",
                                  "snappy/all",
                                  "saved_keras/variables/variables",
                                  "saved_module/variables/variables",
                                  "saved_v1/variables/variables"};

// name -> type, shape and bytes.
using Tensors = std::map<std::string, std::pair<std::vector<int64_t>, Bytes>>;

// Tensors, or the words of the error in opening or in reading.
Result<Tensors> read_all(const Bytes& index, const Bytes& shard) {
  const auto open_shard = [&](uint32_t, uint32_t) -> Result<BundleShard> {
    return BundleShard{"d", shard, nullptr};
  };
  INK_TRY(const std::unique_ptr<TensorSource> source, open_tf_bundle(index, "i", open_shard));
  Tensors tensors;
  for (size_t i = 0; i < source->tensors().size(); ++i) {
    const SourceTensor& tensor = source->tensors()[i];
    INK_TRY(const SourceBytes read, source->read(i));
    tensors[tensor.name] = {tensor.shape, Bytes(read.bytes.begin(), read.bytes.end())};
    tensors[tensor.name].first.push_back(static_cast<int64_t>(tensor.dtype));
  }
  return tensors;
}

// Whether an error is one sentence that begins with the file and says where.
bool names_place(const Error& error, const std::string& file) {
  const std::string& text = error.message;
  const size_t at = text.find(" at offset ");
  return error.kind == ErrorKind::model && text.starts_with(file) && at != text.npos &&
         std::isdigit(static_cast<unsigned char>(text[at + 11])) != 0;
}

TEST(TensorFlowFiles, EveryBitOfAnIndex) {
  for (const std::string stem : kStems) {
    Bytes index = test::read_file(kGoldens + stem + ".index");
    const Bytes shard = test::read_file(kGoldens + stem + ".data-00000-of-00001");
    const auto expected = read_all(index, shard);
    ASSERT_TRUE(expected.ok()) << stem << expected.error().message;
    ASSERT_FALSE(expected->empty());
    for (size_t bit = 0; bit < 8 * index.size(); ++bit) {
      const auto mask = static_cast<std::byte>(1 << bit % 8);
      index[bit / 8] ^= mask;
      const auto found = read_all(index, shard);
      index[bit / 8] ^= mask;
      if (found.ok()) {
        EXPECT_EQ(*found, *expected) << stem << " bit " << bit;
      } else {
        EXPECT_TRUE(names_place(found.error(), "i"))
            << stem << " bit " << bit << ": " << found.error().message;
      }
    }
  }
}

TEST(TensorFlowFiles, EveryLengthOfAnIndex) {
  for (const std::string stem : kStems) {
    const Bytes index = test::read_file(kGoldens + stem + ".index");
    for (size_t size = 0; size < index.size(); ++size) {
      const auto found = read_all(Bytes(index.begin(), index.begin() + static_cast<ptrdiff_t>(size)), {});
      ASSERT_FALSE(found.ok()) << stem << " " << size;
      EXPECT_TRUE(names_place(found.error(), "i")) << stem << " " << size << ": " << found.error().message;
    }
  }
}

// Every bit of a data file is under a checksum, and no byte of it can be missing.
TEST(TensorFlowFiles, EveryBitAndLengthOfAShard) {
  const Bytes index = test::read_file(kGoldens + "clash/two.index");
  Bytes shard = test::read_file(kGoldens + "clash/two.data-00000-of-00001");
  for (size_t bit = 0; bit < 8 * shard.size(); ++bit) {
    const auto mask = static_cast<std::byte>(1 << bit % 8);
    shard[bit / 8] ^= mask;
    const auto found = read_all(index, shard);
    shard[bit / 8] ^= mask;
    ASSERT_FALSE(found.ok()) << bit;
    EXPECT_TRUE(names_place(found.error(), "d")) << bit << ": " << found.error().message;
  }
  while (!shard.empty()) {
    shard.pop_back();
    const auto found = read_all(index, shard);
    ASSERT_FALSE(found.ok()) << shard.size();
    EXPECT_NE(found.error().message.find("; is it cut short?"), std::string::npos) << found.error().message;
  }
}

TEST(TensorFlowFiles, EveryBitAndLengthOfASavedModel) {
  for (const std::string name : {"saved_module", "saved_v1", "saved_empty", "saved_keras"}) {
    Bytes graph = test::read_file(kGoldens + name + "/saved_model.pb");
    const auto whole = read_saved_model(graph, "g");
    ASSERT_TRUE(whole.ok()) << whole.error().message;
    for (size_t bit = 0; bit < 8 * graph.size(); ++bit) {
      const auto mask = static_cast<std::byte>(1 << bit % 8);
      graph[bit / 8] ^= mask;
      const auto found = read_saved_model(graph, "g");
      graph[bit / 8] ^= mask;
      if (!found.ok()) {
        EXPECT_TRUE(names_place(found.error(), "g"))
            << name << " bit " << bit << ": " << found.error().message;
      }
    }
    for (size_t size = 0; size < graph.size(); ++size) {
      const auto found = read_saved_model(std::span(graph).first(size), "g");
      ASSERT_FALSE(found.ok()) << name << " " << size;
      EXPECT_TRUE(names_place(found.error(), "g")) << name << " " << size << ": " << found.error().message;
    }
  }
}

std::string graph_refusal(const std::string& graph) {
  const auto info = read_saved_model(std::as_bytes(std::span(graph)), "g");
  if (info.ok()) return "accepted";
  EXPECT_EQ(info.error().kind, ErrorKind::model);
  return info.error().message;
}

Proto entry_proto(std::string_view key, const Proto& value) { return Proto().text(1, key).message(2, value); }
std::string with_signature(const Proto& signature) {
  return Proto().message(2, Proto().message(5, entry_proto("s", signature))).bytes;
}

TEST(SavedModelHazard, Graphs) {
  EXPECT_EQ(graph_refusal(""), "g: the SavedModel at offset 0 holds no model");
  EXPECT_EQ(graph_refusal(Proto().number(1, 1).bytes), "g: the SavedModel at offset 2 holds no model");
  EXPECT_EQ(graph_refusal(Proto().number(2, 1).bytes),
            "g: the SavedModel at offset 1 has field 2 of kind 0, expected 2");
  EXPECT_EQ(graph_refusal("<!DOCTYPE html>"),
            "g: the SavedModel at offset 1 has field 7 of kind 4, which is not supported");
  EXPECT_EQ(graph_refusal(with_signature({})), "accepted");
  EXPECT_EQ(graph_refusal(with_signature(Proto().text(3, "\xff"))),
            "g: the signature at offset 11 has text in field 3 that is not UTF-8");
  EXPECT_EQ(graph_refusal(
                with_signature(Proto().message(1, entry_proto("x", {})).message(1, entry_proto("x", {})))),
            "g: the entry of the signature at offset 23 has the key 'x', which another has");
  EXPECT_EQ(graph_refusal(Proto().message(2, Proto().text(1, "\x22\x01")).bytes),
            "g: what is said about the model at offset 6 has 1 bytes in field 4, 0 are left");
  // Nesting that nobody walks into: the graph itself is not read.
  std::string deep;
  for (int i = 0; i < 5'000; ++i) deep = Proto().text(2, deep).bytes;
  EXPECT_EQ(graph_refusal(Proto().text(2, deep).bytes), "accepted");
}

TEST(SavedModelHazard, KerasMetadata) {
  const auto read = [](const Proto& metadata) {
    const auto json = read_keras_metadata(std::as_bytes(std::span(metadata.bytes)), "k");
    return json.ok() ? *json : json.error().message;
  };
  const Proto root = Proto().text(3, "root").text(5, "{}");
  EXPECT_EQ(read(Proto().message(1, Proto().text(3, "root.layer").text(5, "[]")).message(1, root)), "{}");
  EXPECT_EQ(read({}), "");
  EXPECT_EQ(read(Proto().message(1, root).message(1, root)),
            "k: Keras' metadata at offset 14 has a second model");
  EXPECT_EQ(read(Proto().message(1, Proto().text(5, "\xff"))),
            "k: the object of Keras at offset 4 has text in field 5 that is not UTF-8");
  EXPECT_EQ(read(Proto().message(1, Proto().text(5, "{}").text(5, "{}"))),
            "k: the object of Keras at offset 8 has field 5 twice");
  EXPECT_EQ(read(Proto().number(1, 1)), "k: Keras' metadata at offset 1 has field 1 of kind 0, expected 2");
}

TEST(TensorFlowFiles, EveryBitAndLengthOfKerasMetadata) {
  Bytes file = test::read_file(kGoldens + "saved_keras/keras_metadata.pb");
  const auto whole = read_keras_metadata(file, "k");
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
    const auto mask = static_cast<std::byte>(1 << bit % 8);
    file[bit / 8] ^= mask;
    const auto found = read_keras_metadata(file, "k");
    file[bit / 8] ^= mask;
    if (found.ok()) continue;
    EXPECT_TRUE(names_place(found.error(), "k")) << bit << ": " << found.error().message;
  }
  // Cut between two of its objects, it is as good as any.
  size_t accepted = 0;
  for (size_t size = 0; size < file.size(); ++size) {
    const auto found = read_keras_metadata(std::span(file).first(size), "k");
    if (found.ok()) {
      ++accepted;
      EXPECT_EQ(*found, size == 0 ? "" : *whole);
    } else {
      EXPECT_TRUE(names_place(found.error(), "k")) << size << ": " << found.error().message;
    }
  }
  EXPECT_EQ(accepted, 4u);
}

TEST(SavedModelHazard, SignaturesWithoutEnd) {
  Proto signature;
  for (int i = 0; i < 30'000; ++i) signature.message(1, entry_proto(std::to_string(i), {}));
  const std::string refused = graph_refusal(with_signature(signature));
  EXPECT_NE(refused.find("brings the signatures to more than 1048576 bytes"), refused.npos) << refused;
}

TEST(SavedModelHazard, WordsAreEscaped) {
  const std::string graph =
      Proto()
          .message(2, Proto()
                          .message(1, Proto().text(4, "train").text(5, "1.0"))
                          .message(5, entry_proto("other", {})))
          .message(2, Proto()
                          .message(1, Proto().text(4, "serve").text(5, "2.0"))
                          .message(5, entry_proto(
                                          "a\"\\\n\x1b\xc3\xa4",
                                          Proto().message(
                                              2, entry_proto("o", Proto().text(1, "n").number(2, 99).message(
                                                                      3, Proto().number(3, 1)))))))
          .bytes;
  const auto info = read_saved_model(std::as_bytes(std::span(graph)), "g");
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->producer, "TensorFlow 2.0");
  EXPECT_EQ(info->texts.at(0).text,
            "{\"a\\\"\\\\\\u000a\\u001b\xc3\xa4\":{\"method_name\":\"\",\"inputs\":{},\"outputs\":"
            "{\"o\":{\"name\":\"n\",\"dtype\":\"type 99\",\"shape\":null}}}}");
}

TEST(SavedModelHazard, Utf8) {
  for (const char* good :
       {"", "a", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc1\x80", "\xc2", "\xc2z", "\xe0\x9f\x80", "\xed\xa0\x80", "\xe1\x80",
                          "\xf0\x8f\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf1\x80\x80z"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

std::string file_refusal(const std::string& path) {
  const auto source = open_tf_checkpoint(path);
  return source.ok() ? "accepted" : source.error().message;
}

TEST(TensorFlowFiles, FilesOfACheckpoint) {
  const test::TempFolder folder;
  const std::string index = folder / "m.index", first = folder / "m.data-00000-of-00003";
  const auto copy = [](const std::string& from, const std::string& to) {
    test::write_file(to, test::read_file(kGoldens + from));
  };
  EXPECT_EQ(file_refusal(index), index + ": cannot be opened: No such file or directory");
  copy("shards/merged.index", index);
  EXPECT_EQ(file_refusal(index), first + ": cannot be opened: No such file or directory");
  copy("shards/merged.data-00000-of-00003", first);
  copy("shards/merged.data-00001-of-00003", folder / "m.data-00001-of-00003");
  const std::string last = folder / "m.data-00002-of-00003";
  EXPECT_EQ(file_refusal(index), last + ": cannot be opened: No such file or directory");
  ASSERT_EQ(::mkfifo(last.c_str(), 0600), 0);
  EXPECT_EQ(file_refusal(index), last + ": is not a regular file");
  std::filesystem::remove(last);
  test::write_file(last, {});
  EXPECT_EQ(file_refusal(index), index + ": 'layer2/a' at offset 124 has 36 bytes at offset 0 of " + last +
                                     ", which has 0; is it cut short?");
  copy("shards/merged.data-00002-of-00003", last);
  EXPECT_EQ(file_refusal(index), "accepted");
  const std::string elsewhere = folder / "m.idx";
  copy("shards/merged.index", elsewhere);
  EXPECT_EQ(file_refusal(elsewhere), elsewhere +
                                         ": an index of TensorFlow has to be called NAME.index, for its data "
                                         "files NAME.data-... to be found");
  EXPECT_EQ(file_refusal(folder / ".index"),
            folder / ".index" + ": cannot be opened: No such file or directory");
}

TEST(TensorFlowFiles, FilesOfASavedModel) {
  const test::TempFolder folder;
  const auto refusal = [&] {
    const auto source = open_saved_model(folder.path());
    return source.ok() ? "accepted" : source.error().message;
  };
  const std::string graph = folder / "saved_model.pb";
  EXPECT_FALSE(is_saved_model(folder.path()));
  EXPECT_EQ(refusal(), graph + ": cannot be opened: No such file or directory");
  test::write_file(graph, {});
  EXPECT_TRUE(is_saved_model(folder.path()));
  EXPECT_EQ(refusal(), graph + ": the SavedModel at offset 0 holds no model");
  test::write_file(graph, test::read_file(kGoldens + "saved_v1/saved_model.pb"));
  EXPECT_EQ(refusal(), folder.path() +
                           ": holds no variables: weights that are constants of the graph are not supported");
  std::filesystem::create_directory(folder / "variables");
  const std::string index = folder / "variables/variables.index";
  test::write_file(index, test::read_file(kGoldens + "saved_v1/variables/variables.index"));
  EXPECT_EQ(refusal(), (folder / "variables/variables.data-00000-of-00001") +
                           ": cannot be opened: No such file or directory");
  EXPECT_TRUE(is_tf_index(test::read_file(index)));
  EXPECT_FALSE(is_tf_index(test::read_file(graph)));
}

}  // namespace
}  // namespace ink
