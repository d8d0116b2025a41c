#include "converters/tokenizer_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ink {
namespace {

namespace fs = std::filesystem;

class TokenizerFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("tokenizer_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& content) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }

  // The names of the files that were found, and their folder relative to that of the test.
  std::string found(const std::string& checkpoint) {
    const auto result = find_tokenizer((folder_ / checkpoint).string());
    if (!result.ok()) return result.error().message;
    std::string names;
    for (const auto& [name, content] : result->files) names += name + " ";
    if (names.empty()) return names;
    return names + "in " +
           fs::weakly_canonical(result->folder).lexically_relative(fs::weakly_canonical(folder_)).string();
  }

  fs::path folder_;
};

TEST_F(TokenizerFilesTest, LieInTheFolder) {
  EXPECT_EQ(found(""), "");
  write("model.safetensors", "x");
  write("merges.txt", "x");
  EXPECT_EQ(found(""), "");
  EXPECT_EQ(find_tokenizer(folder_.string())->lacks, (folder_ / "vocab.json").string());
  write("vocab.json", "{}");
  EXPECT_EQ(find_tokenizer(folder_.string())->lacks, "");
  write("special_tokens_map.json", "{}");
  EXPECT_EQ(found(""), "merges.txt special_tokens_map.json vocab.json in .");
  EXPECT_EQ(found("model.safetensors"), "merges.txt special_tokens_map.json vocab.json in .");
  write("tokenizer.json", "{}");
  EXPECT_EQ(found(""), "special_tokens_map.json tokenizer.json in .");
}

TEST_F(TokenizerFilesTest, LieInAPartOfTheFolder) {
  write("modules.json", "[]");
  write("0_CLIPModel/vocab.json", "{}");
  write("0_CLIPModel/merges.txt", "x");
  EXPECT_EQ(found(""), "merges.txt vocab.json in 0_CLIPModel");
}

TEST_F(TokenizerFilesTest, LieAboveAPart) {
  write("1_Pooling/config.json", "{}");
  write("vocab.txt", "x");
  EXPECT_EQ(found("1_Pooling"), "");
  write("modules.json", "[]");
  EXPECT_EQ(found("1_Pooling"), "vocab.txt in .");
}

TEST_F(TokenizerFilesTest, AreNotThere) {
  write("vocab.txt", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
  EXPECT_NE(found("").find("vocab.txt: expected a tokenizer's file, found "), std::string::npos) << found("");
  write("vocab.txt", "");
  EXPECT_NE(found("").find("vocab.txt: expected a tokenizer's file, found "), std::string::npos) << found("");
}

TEST_F(TokenizerFilesTest, AreNamed) {
  write("vocab.json", "{}");
  write("merges.txt", "x");
  write("words", "[PAD]\n[UNK]\n");
  write("some.json", " {\"model\": 1}");
  write("packed", "\x1F\x8B");
  const auto names = [&](const std::string& path) {
    const auto result = read_tokenizer((folder_ / path).string());
    if (!result.ok()) return result.error().message;
    std::string all;
    for (const auto& [name, content] : result->files) all += name + " ";
    return all;
  };
  EXPECT_EQ(names(""), "merges.txt vocab.json ");
  EXPECT_EQ(names("vocab.json"), "merges.txt vocab.json ");
  EXPECT_EQ(names("words"), "vocab.txt ");
  EXPECT_EQ(names("some.json"), "tokenizer.json ");
  EXPECT_EQ(names("packed"), "bpe_simple_vocab_16e6.txt.gz ");
  const auto missing = read_tokenizer((folder_ / "nothing").string());
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::no_input);
  write("half/vocab.json", "{}");
  const auto half = read_tokenizer((folder_ / "half").string());
  ASSERT_FALSE(half.ok());
  EXPECT_EQ(half.error().kind, ErrorKind::no_input);
  EXPECT_NE(half.error().message.find("half/merges.txt: expected this file"), std::string::npos);
  fs::create_directories(folder_ / "empty");
  const auto empty = read_tokenizer((folder_ / "empty").string());
  ASSERT_FALSE(empty.ok());
  EXPECT_EQ(empty.error().kind, ErrorKind::no_input);
}

}  // namespace
}  // namespace ink
