#include "converters/sources/open.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "tests/converters/memory_folder.h"
#include "tests/converters/sample_ncnn.h"
#include "tests/harness/sanitized.h"
#include "weights/safetensors.h"

namespace ink {
namespace {

namespace fs = std::filesystem;
using test::bytes_of;
using test::TempFolder;
using test::vectors_file;
using namespace std::string_view_literals;

std::string format_of(const std::string& path) {
  const auto source = open_source(path);
  return source.ok() ? std::string((*source)->format()) : source.error().message;
}

TEST(OpenSource, TheNameOfAFileDecidesNothing) {
  const TempFolder folder;
  for (const char* name : {"m.safetensors", "m.pth", "m.bin", "m.h5", "m", "m.index.json"}) {
    test::write_file(folder / name, vectors_file({"a"}));
    EXPECT_EQ(format_of(folder / name), "safetensors") << name;
  }
}

TEST(OpenSource, AFolderOrItsIndex) {
  const TempFolder folder;
  const std::string root = folder / "model";
  fs::create_directory(root);
  test::write_file(root + "/model.safetensors.index.json", bytes_of(R"({"weight_map": {"a": "s.pt"}})"));
  test::write_file(root + "/s.pt", vectors_file({"a"}));
  for (const std::string& path : {root, root + "/", root + "//", root + "/../model"}) {
    EXPECT_EQ(format_of(path), "Hugging Face folder (safetensors, 1 shard)") << path;
  }
  EXPECT_EQ(format_of(root + "/model.safetensors.index.json"), "safetensors, 1 shard");
  const auto source = open_source(root + "/");
  EXPECT_EQ((*source)->origin(), root);
  // As the cache of downloads keeps them.
  fs::create_symlink(root + "/s.pt", folder / "link");
  fs::create_directory_symlink(root, folder / "linked");
  EXPECT_EQ(format_of(folder / "link"), "safetensors");
  EXPECT_EQ(format_of(folder / "linked"), "Hugging Face folder (safetensors, 1 shard)");
}

struct Bad {
  std::string_view content;
  std::string_view complaint;
};

TEST(OpenSourceHazard, SaysWhatAFileIs) {
  const TempFolder folder;
  const std::string path = folder / "model.pth";
  const Bad cases[] = {
      {"", "an empty file (did the download fail?)"},
      {"<!DOCTYPE html><html>404", "an HTML page (did the download fail?)"},
      {"version https://git-lfs.github.com/spec/v1\noid", "a Git-LFS pointer"},
      {"\x1f\x8b\x08\0"sv, "a gzip archive (unpack it first)"},
      {"7z\xbc\xaf\x27\x1c\0"sv, "a 7z archive"},
      {"\xfd\x37zXZ\0"sv, "an xz archive"},
      {"BZh91AY", "a bzip2 archive"},
      {"\x28\xb5\x2f\xfd", "a zstd archive"},
      {"Rar!\x1a\x07", "a RAR archive"},
      {"GGUF\3", "a GGUF file"},
      {"\x08\x09\x12\x07pytorch", "an ONNX file"},
      {"\x1c\0\0\0TFL3"sv, "a TensorFlow Lite file"},
      {"\x93NUMPY\1", "a NumPy array"},
      {"\x89PNG\r\n\x1a\n", "a picture"},
      {"RIFF\1\0\0\0WEBPVP8 "sv, "a picture"},
      {"# notes", "a file of unknown format"},
      {"\x80\x02}q\0."sv, "a Python pickle without torch's form around it"},
      {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x18."sv, "a Python pickle"},
      {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv, "model.pth"},
      {"PK\x03\x04 cut short", "model.pth"},
      {"\x89HDF\r\n\x1a\n", "model.pth"},
      {"\0\0\x05\x0a\0\x57\xfb\x80\x8b\x24\x75\x47\xdb"sv, "model.pth"},
      {"\x08\x01\x12\xff\x01"sv, ""},
      {"\x02\0\0\0\0\0\0\0{"sv, "1 bytes shorter than its header declares"},
      {"{\"model_type\": \"clip\"}", "has no weight_map"},
      {"[1, 2]", "expected an object"},
      {"{\"weight_map\": {\"a\": \"../../etc/passwd\"}}", "expected a plain file name"},
      {"{\"weight_map\": {\"a\": \"none\"}}", "none: cannot be opened"},
      {"{\"weight_map\": {\"a\": \"model.pth\"}}", "is a JSON text, expected"},
      {"{\"weight_map\": {\"a\": \"sub\"}}", "sub: is a folder, expected a file"},
      {"{\"weight_map\": {\"a\": \"fifo\"}}", "fifo: is not a regular file"},
  };
  fs::create_directory(folder / "sub");
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  for (const Bad& bad : cases) {
    test::write_file(path, bytes_of(bad.content));
    const std::string message = format_of(path);
    EXPECT_TRUE(message.starts_with(folder.path())) << message;
    EXPECT_NE(message.find(bad.complaint), std::string::npos) << bad.complaint << ": " << message;
  }
  test::write_file(path, bytes_of(std::string(257, 'n') + "ustar"));
  EXPECT_NE(format_of(path).find("a tar archive"), std::string::npos);
}

TEST(OpenSourceHazard, ArchivesThatAreNoCheckpoint) {
  const TempFolder folder;
  const std::pair<std::vector<std::string>, std::string_view> cases[] = {
      {{}, "a zip archive of 0 members, expected one of torch, with a data.pkl, or of Keras"},
      {{"a", "b", "c", "d"}, "of 4 members ('a', 'b', 'c', ...), expected"},
      {{"x/saved_model.pb", "x/variables/variables.index"}, "as of a packed SavedModel: unpack it first"},
      {{"m/config.json", "m/model.safetensors"}, "as of a packed folder: unpack it first"},
      {{"arr_0.npy"}, "as of NumPy arrays"},
      {{"META-INF/MANIFEST.MF"}, "as of a Java archive"},
      {{"[Content_Types].xml"}, "as of an office document"},
      {{"p-1.0.dist-info/METADATA"}, "as of a Python package"},
      {{"up2x.param", "up2x.bin"}, "as of a packed pair of ncnn files"},
      {{"weights/up2x.pth"}, "as of a packed checkpoint: unpack it first"},
  };
  for (const auto& [names, complaint] : cases) {
    std::vector<test::ZipPart> parts;
    for (const std::string& name : names) parts.push_back(test::stored_part(name, bytes_of("x")));
    test::write_file(folder / "model.keras", test::build_zip(parts));
    const std::string message = format_of(folder / "model.keras");
    EXPECT_NE(message.find(complaint), std::string::npos) << complaint << ": " << message;
  }
}

TEST(OpenSourceHazard, TheLatestCheckpointOfTensorFlow) {
  const TempFolder folder;
  for (const char* text : {"", "model_checkpoint_path: \"\"\n", "model_checkpoint_path: \"../x\"\n",
                           "model_checkpoint_path: \"/etc/passwd\"\n", "model_checkpoint_path: \"a\\056b\"\n",
                           "model_checkpoint_path: \"none\"\n", "all_model_checkpoint_paths: \"x\"\n",
                           "model_checkpoint_path: x"}) {
    test::write_file(folder / "checkpoint", bytes_of(text));
    const auto source = open_source(folder.path());
    ASSERT_FALSE(source.ok()) << text;
    EXPECT_TRUE(source.error().message.starts_with(folder.path())) << source.error().message;
  }
}

TEST(OpenSourceHazard, FoldersWithoutACheckpoint) {
  const TempFolder folder;
  EXPECT_NE(format_of(folder.path()).find("is a folder that holds no checkpoint"), std::string::npos);
  EXPECT_NE(format_of(folder / "none").find("No such file"), std::string::npos);
  fs::create_directory(folder / "model.safetensors");
  EXPECT_NE(format_of(folder.path()).find("model.safetensors: is a folder, expected a file"),
            std::string::npos);
  fs::remove(folder / "model.safetensors");
  fs::create_symlink("model.safetensors", folder / "model.safetensors");
  EXPECT_NE(format_of(folder.path()).find("is a folder that holds no checkpoint"), std::string::npos);
}

TEST(OpenSourceHazard, ALongTextIsRefusedBeforeItIsRead) {
  const TempFolder folder;
  OpenOptions options;
  options.limits.json_bytes = 20;
  test::write_file(folder / "model.safetensors", vectors_file({"a"}));
  test::write_file(folder / "config.json", bytes_of("{                   }"));
  const auto source = open_source(folder.path(), options);
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().kind, ErrorKind::limit);
  EXPECT_EQ(source.error().message, (folder / "config.json") + ": has 21 bytes, the limit is 20");
}

std::vector<std::string> samples(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator(INK_GOLDENS_DIR "/" + folder)) {
    if (entry.path().extension() != ".txt") paths.push_back(entry.path().string());
  }
  return paths;
}

TEST(OpenSource, EverySampleUnderAnotherName) {
  const TempFolder folder;
  for (const std::string area : {"torch", "keras"}) {
    for (const std::string& path : samples(area)) {
      if (fs::is_directory(path)) continue;  // those that are refused
      const std::string format = format_of(path);
      fs::copy_file(path, folder / "copy.safetensors", fs::copy_options::overwrite_existing);
      EXPECT_EQ(format_of(folder / "copy.safetensors"), format) << path;
      EXPECT_EQ(format.find("orch") != format.npos || format.find("TorchScript") != format.npos,
                area == "torch")
          << path << ": " << format;
    }
  }
}

TEST(OpenSource, ACheckpointOfTensorFlowByAnyOfItsNames) {
  size_t checkpoints = 0;
  for (const std::string& path : samples("tensorflow")) {
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.path().extension() != ".index") continue;
      ++checkpoints;
      const std::string index = entry.path().string();
      const std::string format = format_of(index);
      EXPECT_TRUE(format.starts_with("TensorFlow")) << format;
      EXPECT_EQ(format_of(index.substr(0, index.size() - 6)), format);
      // As tf.train.Saver leaves it beside them.
      const TempFolder folder;
      fs::copy(entry.path().parent_path(), folder.path());
      test::write_file(folder / "checkpoint",
                       bytes_of("model_checkpoint_path: \"" + entry.path().stem().string() + "\"\n"));
      EXPECT_EQ(format_of(folder.path()), format);
    }
    if (fs::exists(path + "/saved_model.pb")) {
      EXPECT_EQ(format_of(path), format_of(path + "/saved_model.pb"));
    }
  }
  EXPECT_GT(checkpoints, 5u);
}

TEST(OpenSource, EitherFileOfAPairOfNcnn) {
  const TempFolder folder;
  const test::NcnnSample sample = test::small_ncnn();
  test::write_file(folder / "m.param", bytes_of(sample.param));
  EXPECT_EQ(format_of(folder / "m.param"),
            (folder / "m.bin") + ": cannot be opened: No such file or directory (it belongs to " +
                (folder / "m.param") + ")");
  test::write_file(folder / "m.bin", sample.bin);
  for (const char* name : {"m.param", "m.bin"}) {
    const auto source = open_source(folder / name);
    ASSERT_TRUE(source.ok()) << source.error().message;
    EXPECT_EQ((*source)->origin(), folder / "m.bin");
    EXPECT_FALSE((*source)->tensors().empty());
  }
  fs::rename(folder / "m.param", folder / "graph");
  EXPECT_EQ(format_of(folder / "graph"),
            (folder / "graph") +
                " is an ncnn .param file, but its name does not end so, and the .bin file that belongs to it "
                "cannot be found");
  test::write_file(folder / "m.param", sample.bin);
  EXPECT_EQ(format_of(folder / "m.bin"),
            (folder / "m.param") + " is an ncnn .bin file, expected an ncnn .param file");
}

// name -> bytes, of each tensor.
std::map<std::string, test::Bytes> contents_of(const TensorSource& source) {
  std::map<std::string, test::Bytes> contents;
  for (size_t i = 0; i < source.tensors().size(); ++i) {
    const auto read = source.read(i);
    EXPECT_TRUE(read.ok()) << read.error().message;
    if (read.ok()) contents[source.tensors()[i].name].assign(read->bytes.begin(), read->bytes.end());
  }
  return contents;
}

// Mapped, the tensors would be gone with the bytes of the files.
TEST(OpenSource, WhatIsNotMappedOutlivesItsFiles) {
  const std::string names[] = {"torch/sequential.pt",
                               "torch/legacy.pt",
                               "keras/sequential.h5",
                               "keras/sequential-3.keras",
                               "tensorflow/named/model.ckpt.index",
                               "tensorflow/saved_keras",
                               "tensorflow/saved_keras/saved_model.pb",
                               "huggingface/one",
                               "huggingface/shards",
                               "huggingface/torch_file",
                               "huggingface/sentence"};
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const fs::path original = fs::path(INK_GOLDENS_DIR) / name;
    const bool whole = fs::is_directory(original);
    const auto expected = open_source(original.string());
    ASSERT_TRUE(expected.ok()) << expected.error().message;
    const TempFolder folder;
    const fs::path copy = fs::path(folder.path()) / "copy";
    fs::copy(whole ? original : original.parent_path(), copy, fs::copy_options::recursive);
    OpenOptions options;
    options.mmap = false;
    const auto source = open_source((whole ? copy : copy / original.filename()).string(), options);
    ASSERT_TRUE(source.ok()) << source.error().message;
    for (const auto& entry : fs::recursive_directory_iterator(copy)) {
      if (entry.is_regular_file()) fs::resize_file(entry.path(), 0);
    }
    const auto tensors = contents_of(**source);
    EXPECT_FALSE(tensors.empty());
    EXPECT_EQ(tensors, contents_of(**expected));
  }
}

// The most that a child process had resident while it ran `work`, less what one that does nothing has.
template <class Work>
uint64_t peak_of(const Work& work) {
  const auto run = [](const auto& job) {
    const pid_t child = fork();
    if (child == 0) {
      job();
      _exit(0);
    }
    int status = 0;
    rusage usage = {};
    wait4(child, &status, 0, &usage);
    EXPECT_EQ(status, 0);
    return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  };
  const uint64_t idle = run([] {});
  const uint64_t busy = run(work);
  return busy > idle ? busy - idle : 0;
}

// Two shards of 100 MB, which the disk holds as holes.
TEST(OpenSource, TakesNoMoreMemoryThanTheTensorsAskedFor) {
  constexpr int64_t kTensor = 10 << 20, kTensors = 10;
  const TempFolder folder;
  std::string map;
  for (const std::string shard : {"one", "two"}) {
    std::string json;
    for (int64_t t = 0; t < kTensors; ++t) {
      const std::string name = shard + std::to_string(t);
      json += (t == 0 ? "{\"" : ",\"") + name + R"(":{"dtype":"U8","shape":[)" + std::to_string(kTensor) +
              R"(],"data_offsets":[)" + std::to_string(t * kTensor) + "," +
              std::to_string((t + 1) * kTensor) + "]}";
      map += (map.empty() ? "\"" : ",\"") + name + "\":\"" + shard + "\"";
    }
    test::write_file(folder / shard, test::safetensors_file(json + "}", {}));
    fs::resize_file(folder / shard, fs::file_size(folder / shard) + kTensors * kTensor);
  }
  test::write_file(folder / "model.safetensors.index.json", bytes_of("{\"weight_map\":{" + map + "}}"));

  for (const size_t asked : {size_t{0}, size_t{4}, size_t{20}}) {
    const uint64_t peak = peak_of([&] {
      const auto source = open_source(folder.path());
      if (!source.ok() || (*source)->tensors().size() != 2 * kTensors) _exit(1);
      uint64_t sum = 0;
      std::vector<SourceBytes> kept;
      for (size_t i = 0; i < asked; ++i) {
        auto bytes = (*source)->read(i);
        if (!bytes.ok()) _exit(2);
        for (const std::byte byte : bytes->bytes) sum += std::to_integer<uint64_t>(byte);
        kept.push_back(std::move(*bytes));
      }
      if (sum != 0) _exit(3);
    });
    if (!test::kSanitized) {
      EXPECT_LE(peak, asked * kTensor * 12 / 10 + (4 << 20)) << asked;
    }
  }
}

}  // namespace
}  // namespace ink
