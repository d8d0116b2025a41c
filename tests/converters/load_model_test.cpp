#include "converters/load_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "converters/realcugan_layers.h"
#include "models/architecture.h"
#include "tests/converters/sample_ncnn.h"
#include "weights/safetensors.h"
#include "weights/sha256.h"

namespace ink {
namespace {

using test::bytes_of;
using test::TempFolder;

const test::NcnnSample& sample() {
  static const test::NcnnSample ncnn = test::ncnn_of_signature(realcugan_ncnn_signature({2, true, false}));
  return ncnn;
}

void write_pair(const std::string& stem) {
  test::write_file(stem + ".param", bytes_of(sample().param));
  test::write_file(stem + ".bin", sample().bin);
}

bool is_pro(const WeightStore& store) { return RealCuganConfig::from_json(store.metadata(kConfigKey))->pro; }

void expect_refusal(const std::string& path, ErrorKind kind, const std::string& message) {
  for (const bool mmap : {true, false}) {
    LoadOptions options;
    options.mmap = mmap;
    const auto store = load_model(path, options);
    ASSERT_FALSE(store.ok()) << path;
    EXPECT_EQ(store.error().kind, kind);
    EXPECT_EQ(store.error().message, message);
  }
}

TEST(LoadModel, TakesEitherFileOfAPair) {
  const TempFolder folder;
  write_pair(folder / "net");
  for (const char* name : {"net.param", "net.bin"}) {
    const auto store = load_model(folder / name);
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_EQ(store->tensors().size(), realcugan_tensors({2, true, false}).size());
    EXPECT_EQ(store->metadata(kSourceKey), "net.bin");
    EXPECT_EQ(store->metadata(kSourceSha256Key), sha256_hex(sample().bin));
    EXPECT_FALSE(is_pro(*store));
  }
}

TEST(LoadModel, AFolderOfProNetworksSaysSo) {
  const TempFolder folder;
  for (const std::string name : {"models-pro", "models-se", "my-models-pro"}) {
    std::filesystem::create_directory(folder / name);
    write_pair(folder / name + "/net");
    EXPECT_EQ(is_pro(*load_model(folder / name + "/net.bin")), name == "models-pro");
  }
  LoadOptions options;
  options.recognise.pro = false;
  EXPECT_FALSE(is_pro(*load_model(folder / "models-pro/net.bin", options)));
  options.recognise.pro = true;
  EXPECT_TRUE(is_pro(*load_model(folder / "models-se/net.param", options)));
}

TEST(LoadModel, AConvertedFileGivesTheSame) {
  const TempFolder folder;
  write_pair(folder / "net");
  const auto direct = load_model(folder / "net.param");
  ASSERT_TRUE(direct.ok());
  // The name decides nothing.
  ASSERT_TRUE(write_safetensors(*direct, folder / "converted.bin"));
  const auto converted = load_model(folder / "converted.bin");
  ASSERT_TRUE(converted.ok()) << converted.error().message;
  EXPECT_EQ(converted->metadata(), direct->metadata());
  for (const StoredTensor& tensor : direct->tensors()) {
    EXPECT_TRUE(std::ranges::equal(converted->find(tensor.name)->bytes, tensor.bytes)) << tensor.name;
  }
}

TEST(LoadModel, TakesTorchNames) {
  const TempFolder folder;
  write_pair(folder / "net");
  const auto direct = load_model(folder / "net.param");
  WeightStore torch;
  for (const TensorSpec& spec : realcugan_tensors({2, true, false})) {
    const StoredTensor* tensor = direct->find(spec.name);
    ASSERT_TRUE(torch.add(spec.source_name, tensor->dtype, tensor->shape, tensor->bytes));
  }
  ASSERT_TRUE(write_safetensors(torch, folder / "torch.safetensors"));
  LoadOptions options;
  options.hash_source = true;
  const auto store = load_model(folder / "torch.safetensors", options);
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_EQ(store->metadata(kConfigKey), direct->metadata(kConfigKey));
  EXPECT_EQ(store->metadata(kSourceKey), "torch.safetensors");
  EXPECT_EQ(store->metadata(kSourceSha256Key), sha256_hex(test::read_file(folder / "torch.safetensors")));
}

TEST(LoadModel, SaysWhatAFileIsInstead) {
  const TempFolder folder;
  const std::string path = folder / "model.safetensors";
  const std::string expected =
      ", expected a checkpoint of safetensors, torch, Keras, TensorFlow or ncnn, or a folder of them";
  expect_refusal(path, ErrorKind::no_input, path + ": cannot be opened: No such file or directory");
  expect_refusal(folder.path(), ErrorKind::model,
                 folder.path() +
                     ": is a folder that holds no checkpoint: expected model.safetensors or "
                     "pytorch_model.bin (or its .index.json), modules.json, saved_model.pb or "
                     "checkpoint");
  const std::pair<std::string, std::string> cases[] = {
      {"", " is an empty file (did the download fail?)"},
      {"<html><body>404", " is an HTML page (did the download fail?)"},
      {"version https://git-lfs.github.com/spec/v1\noid",
       " is a Git-LFS pointer (the file itself has not been fetched)"},
      {"hello", " is a file of unknown format"},
  };
  for (const auto& [content, what] : cases) {
    test::write_file(path, bytes_of(content));
    expect_refusal(path, ErrorKind::model, path + what + expected);
  }
}

TEST(LoadModel, MissesTheOtherFileOfAPair) {
  const TempFolder folder;
  write_pair(folder / "net");
  std::filesystem::rename(folder / "net.bin", folder / "other");
  expect_refusal(folder / "net.param", ErrorKind::no_input,
                 (folder / "net.bin") + ": cannot be opened: No such file or directory (it belongs to " +
                     (folder / "net.param") + ")");
  expect_refusal(folder / "other", ErrorKind::model,
                 (folder / "other") +
                     " is an ncnn .bin file, but its name does not end so, and the .param file that "
                     "belongs to it cannot be found");
}

TEST(LoadModel, APairThatDoesNotBelongTogether) {
  const TempFolder folder;
  write_pair(folder / "net");
  const auto other = test::ncnn_of_signature(realcugan_ncnn_signature({3, true, false}));
  test::write_file(folder / "net.bin", other.bin);
  const auto store = load_model(folder / "net.param");
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().kind, ErrorKind::model);
  test::write_file(folder / "net.param", bytes_of("<html>"));
  expect_refusal(
      folder / "net.bin", ErrorKind::model,
      (folder / "net.param") + " is an HTML page (did the download fail?), expected an ncnn .param file");
}

TEST(LoadModel, RefusesAnArchitectureItDoesNotKnow) {
  const TempFolder folder;
  WeightStore store;
  store.set_metadata(std::string(kArchitectureKey), "another");
  ASSERT_TRUE(write_safetensors(store, folder / "model"));
  std::string known;
  for (const Architecture& architecture : architectures()) {
    known += (known.empty() ? "" : ", ") + std::string(architecture.name);
  }
  ASSERT_NE(known.find("realcugan"), std::string::npos);
  expect_refusal(folder / "model", ErrorKind::model,
                 (folder / "model") + ": inkstone.architecture is 'another', supported: " + known);
}

TEST(LoadModel, RefusesNonFiniteWeightsInAConvertedFile) {
  const TempFolder folder;
  WeightStore store;
  store.set_metadata(std::string(kArchitectureKey), std::string(kRealCuganArchitecture));
  ASSERT_TRUE(store.add("w", DType::f16, {2}, test::bytes_of_values<uint16_t>({0, 0x7c00})));
  ASSERT_TRUE(write_safetensors(store, folder / "model"));
  expect_refusal(folder / "model", ErrorKind::model,
                 (folder / "model") + ": element 1 of tensor 'w' of shape [2] is not a finite number");
}

}  // namespace
}  // namespace ink
