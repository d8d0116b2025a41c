#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/cli/command.h"

namespace ink {
namespace {

using namespace test;
namespace fs = std::filesystem;

const std::string kLfsPointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21461c47\nsize 12345\n";

// A small folder of CLIP, of which a test damages a file.
class CliTextRefusal : public testing::Test {
 protected:
  void SetUp() override {
    fs::copy(INK_GOLDENS_DIR "/commands/clip", work_.path("clip"), fs::copy_options::recursive);
  }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(work_.path("clip/" + name), std::ios::binary) << content;
  }
  void remove(const std::string& name) const { ASSERT_TRUE(fs::remove(work_.path("clip/" + name))); }
  void replace(const std::string& name, const std::string& what, const std::string& by) const {
    std::string text = work_.read("clip/" + name);
    const size_t at = text.find(what);
    ASSERT_NE(at, text.npos) << what << " in " << text;
    write(name, text.replace(at, what.size(), by));
  }

  // What is said, in one line, and the exit code.
  std::string said(const std::vector<std::string>& arguments) const {
    const Outcome outcome = work_.run(arguments);
    return std::to_string(outcome.code) + " " + outcome.err;
  }
  std::string embed() const { return said({"embed", "-m", "clip", "--text", "red"}); }
  std::string tokenize() const { return said({"tokenize", "-m", "clip", "--text", "red"}); }

  Workplace work_;
};

constexpr const char* kNoMerges =
    "78 inkstone: error: clip/merges.txt: expected this file beside the tokenizer's other one, found none\n";

TEST_F(CliTextRefusal, OneOfTwoFilesIsMissing) {
  remove("merges.txt");
  EXPECT_EQ(embed(), kNoMerges);
  EXPECT_EQ(tokenize(), kNoMerges);
}

TEST_F(CliTextRefusal, NoSuchModel) {
  EXPECT_EQ(said({"tokenize", "-m", "nosuch", "--text", "red"}),
            "78 inkstone: error: nosuch: expected a model, found no such file or folder\n");
}

TEST_F(CliTextRefusal, AFileWasNotFetched) {
  write("config.json", kLfsPointer);
  EXPECT_EQ(
      embed(),
      "78 inkstone: error: clip/config.json: expected JSON, found a Git-LFS pointer (the file itself has "
      "not been fetched)\n");
  write("vocab.json", kLfsPointer);
  EXPECT_EQ(
      tokenize(),
      "78 inkstone: error: clip/vocab.json: expected a tokenizer's file, found a Git-LFS pointer (the file "
      "itself has not been fetched)\n");
}

TEST_F(CliTextRefusal, NoConfiguration) {
  remove("config.json");
  EXPECT_EQ(embed(),
            "78 inkstone: error: clip: config.json: 'text_config.num_attention_heads': expected config.json "
            "beside the weights to say it for a width of 32\n");
}

// The text's own token, and the tokens that are round each text.
TEST_F(CliTextRefusal, TheTokenizerIsAnotherModels) {
  const std::string word = "\"red</w>\"";
  const std::string vocabulary = work_.read("clip/vocab.json");
  ASSERT_NE(vocabulary.find(word + ": 513"), vocabulary.npos) << vocabulary;
  replace("vocab.json", word + ": 513", word + ": 600");
  EXPECT_EQ(embed(),
            "65 inkstone: error: text 1: expected token ids from 0 to 524, found 600 at position 1, beyond "
            "the model's 'text.token_embedding': is the tokenizer another's?\n");
  const Outcome some = work_.run({"embed", "-m", "clip", "--text", "a", "--text", "red"});
  EXPECT_EQ(some.code, 1);
  EXPECT_TRUE(some.says("text 2: expected token ids")) << some.err;
  EXPECT_TRUE(some.out.ends_with("]\nnull\n")) << some.out;
  replace("vocab.json", "\"<|endoftext|>\": 524", "\"<|endoftext|>\": 700");
  EXPECT_EQ(embed(),
            "78 inkstone: error: clip: 'text.token_embedding' has 525 rows, and the tokenizer puts token 700 "
            "round each text: is it another model's?\n");
}

}  // namespace
}  // namespace ink
