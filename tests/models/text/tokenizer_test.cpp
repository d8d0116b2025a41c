#include "models/text/tokenizer.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/models/text/made_up_texts.h"
#include "tests/models/text/tokenizer_files.h"

namespace ink {
namespace {

using Ids = std::vector<int32_t>;

const std::vector<std::string>& words() {
  static const std::vector<std::string> made = test::made_up_words(400, test::MadeUpTexts());
  return made;
}

std::unique_ptr<Tokenizer> open(const TokenizerFiles& files, std::optional<int> length = std::nullopt,
                                std::optional<ClipCleaning> cleaning = std::nullopt) {
  TokenizerOptions options;
  options.max_length = length;
  options.cleaning = cleaning;
  auto opened = open_tokenizer(files, options);
  if (!opened.ok()) throw std::runtime_error(opened.error().message);
  return std::move(opened).value();
}

std::unique_ptr<Tokenizer> clip(std::optional<int> length = std::nullopt,
                                std::optional<ClipCleaning> cleaning = std::nullopt) {
  static const std::string text = test::simple_vocabulary({{"a", "b"}, {"ab", "c</w>"}, {"b", "a</w>"}});
  return open({{"bpe_simple_vocab_16e6.txt", text}}, length, cleaning);
}

TEST(Tokenizer, SaysWhatItIs) {
  const auto a = clip();
  EXPECT_EQ(a->kind(), "clip");
  EXPECT_EQ(a->cleaning(), "openai");
  EXPECT_EQ(a->max_length(), 77);
  EXPECT_EQ(a->vocabulary_size(), 517);
  EXPECT_EQ(a->start_id(), 515);
  EXPECT_EQ(a->end_id(), 516);
  EXPECT_EQ(a->pad_id(), 0);
  const auto b = open({{"vocab.txt", test::word_list(words())}});
  EXPECT_EQ(b->kind(), "wordpiece");
  EXPECT_EQ(b->cleaning(), "cased");
  EXPECT_EQ(b->max_length(), 512);
  EXPECT_EQ(b->vocabulary_size(), 400);
  EXPECT_EQ(b->start_id(), 101);
  EXPECT_EQ(b->end_id(), 102);
  EXPECT_EQ(b->pad_id(), 0);
}

TEST(Tokenizer, EmptyTextIsItsEnds) {
  EXPECT_EQ(*clip()->encode(""), (Ids{515, 516}));
  EXPECT_EQ(*clip()->encode(" \t\n"), (Ids{515, 516}));
  EXPECT_EQ(*open({{"vocab.txt", test::word_list(words())}})->encode(""), (Ids{101, 102}));
}

TEST(Tokenizer, LongTextKeepsItsEnd) {
  for (const int length : {2, 3, 5, 77}) {
    const auto ids = *clip(length)->encode("abc abc abc abc " + std::string(400, '!'));
    ASSERT_EQ(ids.size(), static_cast<size_t>(length));
    EXPECT_EQ(ids.front(), 515);
    EXPECT_EQ(ids.back(), 516);
    const auto pieces =
        *open({{"vocab.txt", test::word_list(words())}}, length)->encode(std::string(900, '!'));
    ASSERT_EQ(pieces.size(), static_cast<size_t>(length));
    EXPECT_EQ(pieces.front(), 101);
    EXPECT_EQ(pieces.back(), 102);
  }
}

// "abc" is a b c</w>: ab, then abc</w>. "aba" has ab first, which leaves a</w>.
TEST(Tokenizer, MergesTheEarliestLearntFirst) {
  const auto tokenizer = clip();
  const Ids abc = *tokenizer->encode("abc"), aba = *tokenizer->encode("aba");
  EXPECT_EQ(abc, (Ids{515, 513, 516}));
  ASSERT_EQ(aba.size(), 4u);
  EXPECT_EQ(aba[1], 512);
}

TEST(Tokenizer, TheTwoCleaningsDiffer) {
  const auto openai = clip(), huggingface = clip(std::nullopt, ClipCleaning::huggingface);
  EXPECT_EQ(*openai->encode("&lt;"), *openai->encode("<"));
  EXPECT_EQ(*huggingface->encode("&lt;"), *huggingface->encode("& lt ;"));
  EXPECT_EQ(*openai->encode("\uFF0C"), *openai->encode(","));
  EXPECT_NE(*huggingface->encode("\uFF0C"), *huggingface->encode(","));
}

// Where the file's pattern has special words, they end what is round them; else signs join. In any case
// other than their own they are no tokens.
TEST(Tokenizer, SpecialWordsFollowThePattern) {
  const std::string with = test::clip_json({{"a", "b"}}),
                    special = R"(<\\|startoftext\\|>|<\\|endoftext\\|>|)";
  std::string without = with, whole = with;
  without.erase(without.find(special), special.size());
  const std::string flag = R"("trim_offsets":true)";
  whole.replace(whole.find(flag), flag.size(), R"("use_regex":false)");
  const std::string text = "<|EndOfText|>!";
  const auto ids = [](const std::string& json, const std::string& of) {
    return *open({{"tokenizer.json", json}})->encode(of);
  };
  EXPECT_EQ(ids(with, text), ids(with, "<| endoftext |> !"));
  EXPECT_EQ(ids(without, text), ids(without, "<| endoftext |>!"));
  // One word: only its last byte ends a word.
  EXPECT_EQ(ids(whole, text).size(), 2 + 14u);
  EXPECT_NE(ids(whole, text), ids(with, text));
}

// What were quadratic in the length would take minutes. The bound is loose for busy machines and sanitizers.
TEST(Tokenizer, LongWordsAreQuick) {
  std::string marks = "a";
  for (int i = 0; i < 50'000; ++i) marks += i % 2 == 0 ? "\u0345" : "\u0334";
  const std::string texts[] = {std::string(100'000, 'a'), marks};
  const std::unique_ptr<Tokenizer> tokenizers[] = {clip(), clip(std::nullopt, ClipCleaning::huggingface),
                                                   open({{"vocab.txt", test::word_list(words())}})};
  for (const auto& tokenizer : tokenizers) {
    for (const std::string& text : texts) {
      const auto start = std::chrono::steady_clock::now();
      EXPECT_TRUE(tokenizer->encode(text).ok());
      EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
    }
  }
}

std::string escaped_times(int times) {
  std::string text = "&";
  for (int i = 0; i < times; ++i) text += "amp;";
  return text;
}

// A long text that unescaping changes by a few characters at a time is refused instead.
TEST(Tokenizer, EndlessRepairIsRefused) {
  for (const int times : {4'000, 200'000}) {
    const auto ids = clip()->encode(escaped_times(times));
    ASSERT_FALSE(ids.ok()) << times;
    EXPECT_EQ(ids.error().kind, ErrorKind::limit);
  }
}

TEST(Tokenizer, ShortTextsAreRepairedToTheEnd) {
  const auto tokenizer = clip();
  for (const int times : {1, 20, 500})
    EXPECT_EQ(*tokenizer->encode(escaped_times(times)), *tokenizer->encode("&"));
}

TEST(Tokenizer, LengthsComeFromTheFileNearestToTheModel) {
  const std::string list = test::word_list(words()), config = R"({"model_max_length": 512})";
  EXPECT_EQ(
      open({{"vocab.txt", list}, {"tokenizer_config.json", R"({"model_max_length": 1e30})"}})->max_length(),
      512);
  EXPECT_EQ(
      open({{"vocab.txt", list}, {"tokenizer_config.json", R"({"model_max_length": 64})"}})->max_length(),
      64);
  EXPECT_EQ(open({{"vocab.txt", list},
                  {"tokenizer_config.json", config},
                  {"sentence_bert_config.json", R"({"max_seq_length": 128})"}})
                ->max_length(),
            128);
  const TokenizerFiles json{{"tokenizer.json", test::word_piece_json(words())},
                            {"tokenizer_config.json", config}};
  EXPECT_EQ(open(json)->max_length(), 128);
  EXPECT_EQ(open(json, 9)->max_length(), 9);
}

TEST(Tokenizer, NeededFilesAreEnough) {
  const std::string list = test::word_list(words());
  const TokenizerFiles files{{"vocab.txt", list},
                             {"README.md", "x"},
                             {"merges.txt", "y"},
                             {"tokenizer_config.json", test::kCasedConfig}};
  EXPECT_TRUE(has_tokenizer(files));
  const TokenizerFiles needed = needed_files(files);
  EXPECT_EQ(needed.size(), 2u);
  const std::string text = "1girl, white hair [MASK]";
  EXPECT_EQ(*open(needed)->encode(text), *open(files)->encode(text));
  EXPECT_FALSE(has_tokenizer({{"merges.txt", ""}}));
  EXPECT_TRUE(needed_files({{"merges.txt", ""}}).empty());
}

}  // namespace
}  // namespace ink
