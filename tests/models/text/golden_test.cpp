#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "models/text/tokenizer.h"
#include "models/text/utf8.h"
#include "tests/models/text/made_up_texts.h"
#include "tests/models/text/tokenizer_files.h"

namespace ink {
namespace {

using test::MadeUpTexts;

constexpr size_t kTexts = 32768, kBlock = 32, kSweepBlock = 4096;
constexpr size_t kMerges = 4000, kWords = 30'000, kAllWords = 119'547;

const MadeUpTexts& texts() {
  static const MadeUpTexts made;
  return made;
}

const test::Merges& merges() {
  static const test::Merges made = test::made_up_merges(kMerges, texts());
  return made;
}

const std::vector<std::string>& words() {
  static const std::vector<std::string> made = test::made_up_words(kWords, texts());
  return made;
}

std::unique_ptr<Tokenizer> open(const TokenizerFiles& files, const TokenizerOptions& options = {}) {
  auto opened = open_tokenizer(files, options);
  if (opened.ok()) return std::move(opened).value();
  ADD_FAILURE() << opened.error().message;
  return nullptr;
}

std::vector<std::string> golden(const std::string& name) {
  std::ifstream file(INK_GOLDENS_DIR "/tokenizers/" + name + ".txt");
  return {std::istream_iterator<std::string>(file), {}};
}

// Of the ids of the texts of one block, one after the other.
class Hash {
 public:
  void add(const Tokenizer& tokenizer, const std::u32string& text) {
    const auto ids = tokenizer.encode(to_utf8(text));
    ASSERT_TRUE(ids.ok()) << ids.error().message;
    for (const int32_t id : *ids) add(static_cast<uint32_t>(id));
    add(UINT32_MAX);
  }
  std::string text() const {
    char hex[17];
    std::snprintf(hex, sizeof hex, "%016" PRIx64, value_);
    return hex;
  }

 private:
  void add(uint32_t one) { value_ = (value_ ^ one) * 0x100000001B3; }
  uint64_t value_ = 0xCBF29CE484222325;
};

// The first block that differs is told, and how many do.
void expect_same_ids(const Tokenizer* tokenizer, const std::string& name) {
  ASSERT_NE(tokenizer, nullptr);
  const std::vector<std::string> expected = golden(name + "-texts");
  ASSERT_EQ(expected.size(), kTexts / kBlock);
  size_t different = 0;
  for (size_t block = 0; block < expected.size(); ++block) {
    Hash hash;
    for (size_t i = 0; i < kBlock; ++i) hash.add(*tokenizer, texts().text(block * kBlock + i));
    if (hash.text() != expected[block] && different++ == 0) ADD_FAILURE() << name << ": block " << block;
  }
  EXPECT_EQ(different, 0u) << name;
}

void expect_same_sweep(const Tokenizer* tokenizer, const std::string& name) {
  ASSERT_NE(tokenizer, nullptr);
  const std::vector<std::string> expected = golden(name + "-sweep");
  std::vector<std::string> found;
  Hash hash;
  size_t count = 0;
  for (char32_t point = 0; point < 0x110000; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;
    hash.add(*tokenizer, test::sweep_text(point));
    if (++count % kSweepBlock == 0) {
      found.push_back(hash.text());
      hash = {};
    }
  }
  if (count % kSweepBlock != 0) found.push_back(hash.text());
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], expected[i]) << name << ": block " << i;
}

TEST(TokenizerGolden, ClipAsOpenAi) {
  const auto tokenizer =
      open({{"bpe_simple_vocab_16e6.txt.gz", test::gzipped(test::simple_vocabulary(merges()))}});
  expect_same_ids(tokenizer.get(), "clip-openai");
  expect_same_sweep(tokenizer.get(), "clip-openai");
}

TEST(TokenizerGolden, ClipAsHuggingFaceFromVocabularyAndMerges) {
  const auto tokenizer = open({{"vocab.json", test::vocabulary_json(merges())},
                               {"merges.txt", test::merges_txt(merges())},
                               {"special_tokens_map.json", test::clip_special_tokens()}});
  expect_same_ids(tokenizer.get(), "clip-huggingface");
  expect_same_sweep(tokenizer.get(), "clip-huggingface");
}

TEST(TokenizerGolden, ClipAsHuggingFaceFromTokenizerJson) {
  const auto tokenizer = open({{"tokenizer.json", test::clip_json(merges())}});
  expect_same_ids(tokenizer.get(), "clip-huggingface");
}

// The cleaning is the choice of who opens the file, whatever its form.
TEST(TokenizerGolden, ClipAsOpenAiFromTokenizerJson) {
  TokenizerOptions options;
  options.cleaning = ClipCleaning::openai;
  const auto tokenizer = open({{"tokenizer.json", test::clip_json(merges())}}, options);
  expect_same_ids(tokenizer.get(), "clip-openai");
}

TEST(TokenizerGolden, WordPieceFromItsList) {
  const auto tokenizer =
      open({{"vocab.txt", test::word_list(words())}, {"tokenizer_config.json", test::kCasedConfig}});
  expect_same_ids(tokenizer.get(), "word-piece");
  expect_same_sweep(tokenizer.get(), "word-piece");
}

TEST(TokenizerGolden, WordPieceFromTokenizerJson) {
  const auto tokenizer = open({{"tokenizer.json", test::word_piece_json(words())}});
  expect_same_ids(tokenizer.get(), "word-piece");
}

TEST(TokenizerGolden, WordPieceOfTheReleasedSize) {
  const auto all = test::made_up_words(kAllWords, texts());
  const auto tokenizer =
      open({{"vocab.txt", test::word_list(all)}, {"tokenizer_config.json", test::kCasedConfig}});
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(tokenizer->vocabulary_size(), static_cast<int>(kAllWords));
  expect_same_ids(tokenizer.get(), "word-piece-119547");
}

// $INKSTONE_TEST_CLIP_VOCABULARY is the released bpe_simple_vocab_16e6.txt.gz.
class ReleasedClip : public testing::Test {
 protected:
  void SetUp() override {
    const char* const path = std::getenv("INKSTONE_TEST_CLIP_VOCABULARY");
    if (path == nullptr) GTEST_SKIP() << "INKSTONE_TEST_CLIP_VOCABULARY is not set";
    std::ifstream file(path, std::ios::binary);
    files_["bpe_simple_vocab_16e6.txt.gz"] = {std::istreambuf_iterator<char>(file), {}};
  }

  TokenizerFiles files_;
};

TEST_F(ReleasedClip, AsOpenAi) {
  const auto tokenizer = open(files_);
  expect_same_ids(tokenizer.get(), "clip-openai-released");
  expect_same_sweep(tokenizer.get(), "clip-openai-released");
}

// From the text form, where the start token is looked for in the raw text, as transformers does by default.
TEST_F(ReleasedClip, AsHuggingFace) {
  TokenizerOptions options;
  options.cleaning = ClipCleaning::huggingface;
  const auto simple = open(files_, options);
  ASSERT_NE(simple, nullptr);
  const test::Merges released = test::merges_of(files_["bpe_simple_vocab_16e6.txt.gz"]);
  const auto tokenizer = open({{"tokenizer.json", test::clip_json(released)}});
  expect_same_ids(tokenizer.get(), "clip-huggingface-released");
  expect_same_sweep(tokenizer.get(), "clip-huggingface-released");
  for (const char* const text : {"", "a photo of a cat", "it's 3,000 <|endoftext|> x"}) {
    EXPECT_EQ(*simple->encode(text), *tokenizer->encode(text)) << text;
  }
}

TEST_F(ReleasedClip, HasTheReleasedIds) {
  const auto tokenizer = open(files_);
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(tokenizer->vocabulary_size(), 49408);
  EXPECT_EQ(tokenizer->start_id(), 49406);
  EXPECT_EQ(tokenizer->end_id(), 49407);
}

}  // namespace
}  // namespace ink
