#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "converters/sources/open.h"
#include "tests/converters/sample_torch.h"

namespace ink {
namespace {

const std::string kFolder = INK_GOLDENS_DIR "/huggingface/";

// By folder, in the order of the manifest.
std::map<std::string, std::vector<test::TorchTensor>> manifest() {
  std::map<std::string, std::vector<test::TorchTensor>> folders;
  std::ifstream file(kFolder + "manifest.txt");
  std::string folder;
  for (test::TorchTensor t; file >> folder >> t.name >> t.dtype >> t.shape >> t.sha256;) {
    folders[folder].push_back(t);
  }
  return folders;
}

TEST(HuggingFaceGolden, EveryTensorIsThatOfTheModel) {
  const auto folders = manifest();
  ASSERT_EQ(folders.size(), 5u);
  for (auto [folder, expected] : folders) {
    for (const bool mmap : {true, false}) {
      OpenOptions options;
      options.mmap = mmap;
      const auto source = open_source(kFolder + folder, options);
      ASSERT_TRUE(source.ok()) << source.error().message;
      std::string problem;
      EXPECT_FALSE(expected.empty());
      std::ranges::sort(expected, {}, &test::TorchTensor::name);
      EXPECT_TRUE(test::read_all(**source, problem) == expected) << folder;
      EXPECT_EQ(problem, "") << folder;
      EXPECT_TRUE((*source)->unknown().empty()) << folder;
    }
  }
}

TEST(HuggingFaceGolden, EachFormSaysWhatItIs) {
  const std::map<std::string, std::pair<std::string, std::string>> expected = {
      {"one", {"Hugging Face folder (safetensors)", "config.json preprocessor_config.json "}},
      {"shards", {"Hugging Face folder (safetensors, 3 shards)", "config.json "}},
      {"torch_file", {"Hugging Face folder (torch)", "config.json "}},
      {"torch_shards", {"Hugging Face folder (torch, 2 shards)", "config.json "}},
      {"sentence",
       {"sentence-transformers folder (safetensors)",
        "modules.json config_sentence_transformers.json config.json sentence_bert_config.json "
        "tokenizer_config.json 1_Pooling/config.json 2_Dense/config.json 3_Normalize/config.json "}},
  };
  for (const auto& [folder, form] : expected) {
    const auto source = open_source(kFolder + folder);
    ASSERT_TRUE(source.ok()) << source.error().message;
    EXPECT_EQ((*source)->format(), form.first);
    const std::string library = folder == "sentence" ? "sentence-transformers " : "transformers ";
    EXPECT_TRUE((*source)->producer().starts_with(library)) << (*source)->producer();
    std::string texts;
    for (const SourceText& text : (*source)->texts()) texts += text.name + " ";
    EXPECT_EQ(texts, form.second) << folder;
  }
}

}  // namespace
}  // namespace ink
