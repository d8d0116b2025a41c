#include <gtest/gtest.h>

#include "models/text/tokenizer.h"
#include "tests/models/text/made_up_texts.h"
#include "tests/models/text/tokenizer_files.h"

namespace ink {
namespace {

const test::Merges& merges() {
  static const test::Merges made = test::made_up_merges(20, test::MadeUpTexts());
  return made;
}

const std::vector<std::string>& words() {
  static const std::vector<std::string> made = test::made_up_words(400, test::MadeUpTexts());
  return made;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const size_t at = text.find(what);
  EXPECT_NE(at, text.npos) << what;
  return at == text.npos ? text : text.replace(at, what.size(), by);
}

// What is said of files that hold no tokenizer.
std::string refusal(const TokenizerFiles& files, ErrorKind kind = ErrorKind::model) {
  TokenizerOptions options;
  options.origin = "dir/";
  const auto opened = open_tokenizer(files, options);
  if (opened.ok()) return "opened";
  EXPECT_EQ(opened.error().kind, kind);
  EXPECT_EQ(opened.error().message.find('\n'), std::string::npos);
  return opened.error().message;
}

std::string json_refusal(const std::string& json) { return refusal({{"tokenizer.json", json}}); }

TEST(TokenizerRefusal, NoFormIsWhole) {
  EXPECT_EQ(refusal({}),
            "dir/: expected a tokenizer in tokenizer.json, vocab.json with merges.txt, vocab.txt or "
            "bpe_simple_vocab_16e6.txt.gz, found none");
  EXPECT_EQ(refusal({{"vocab.json", "{}"}}),
            "dir/merges.txt: expected this file beside the other, found none");
  EXPECT_EQ(refusal({{"merges.txt", ""}}), "dir/vocab.json: expected this file beside the other, found none");
}

TEST(TokenizerRefusal, JsonIsNone) {
  EXPECT_EQ(json_refusal("{\"model\": "),
            "dir/tokenizer.json: expected JSON in UTF-8, at byte 10: Invalid value.");
  EXPECT_EQ(json_refusal("[1]"), "dir/tokenizer.json: expected a JSON object, found a list");
  EXPECT_EQ(json_refusal("{}"),
            "dir/tokenizer.json: expected 'BPE' or 'WordPiece' as the type of its model, found nothing");
  EXPECT_EQ(json_refusal(R"({"model":{"type":"Unigram"}})"),
            "dir/tokenizer.json: expected 'BPE' or 'WordPiece' as the type of its model, found 'Unigram'");
}

TEST(TokenizerRefusal, ClipJsonAsksForSomethingElse) {
  const std::string good = test::clip_json(merges());
  const auto with = [&](const std::string& what, const std::string& by) {
    return json_refusal(replaced(good, what, by));
  };
  EXPECT_EQ(
      with("NFC", "NFKC"),
      "dir/tokenizer.json: expected NFC, white space and Lowercase as normalizer, as CLIP's tokenizer has, "
      "found 'Sequence'");
  EXPECT_TRUE(
      with("'s|", "'x|").starts_with("dir/tokenizer.json: expected the pattern of words as pattern, "));
  EXPECT_EQ(with("\"dropout\":null", "\"dropout\":0.1"),
            "dir/tokenizer.json: expected null as dropout, as CLIP's tokenizer has, found another number");
  EXPECT_EQ(with("\"</w>\",\"fuse", "\"\",\"fuse"),
            "dir/tokenizer.json: expected </w> as end_of_word_suffix, as CLIP's tokenizer has, found ''");
  EXPECT_EQ(with("\"lstrip\":false", "\"lstrip\":true"),
            "dir/tokenizer.json: the added token '<|startoftext|>' is to be found as lstrip, which is not "
            "understood");
  EXPECT_EQ(with("{\"id\":532,", "{\"id\":9,"),
            "dir/tokenizer.json: the added token '<|startoftext|>' has the id 9, but 532 in the vocabulary");
  EXPECT_EQ(with("\"!\":0", "\"!\":-1"),
            "dir/tokenizer.json: expected an id from 0 to 4194303 for the token '!', found -1");
  EXPECT_EQ(with("\"!\":0,", ""), "dir/tokenizer.json: expected a token '!' for the byte 33, found none");
  EXPECT_EQ(with("\"\\\"\":1", "\"!\":1"), "dir/tokenizer.json: the token '!' is there twice");
  EXPECT_EQ(
      with("RobertaProcessing", "ByteLevel"),
      "dir/tokenizer.json: expected a post_processor that puts one token before and one behind a text, found "
      "'ByteLevel'");
  EXPECT_EQ(with("\"cls\":[\"<|startoftext|>\",532]", "\"cls\":[\"<|startoftext|>\",534]"),
            "dir/tokenizer.json: expected ids from 0 to 533 in post_processor, found 534");
}

TEST(TokenizerRefusal, MergesAreNone) {
  const std::string vocabulary = test::vocabulary_json(merges());
  const auto with = [&](const std::string& text) {
    return refusal({{"vocab.json", vocabulary}, {"merges.txt", text}});
  };
  EXPECT_EQ(with("#version: 0.2\nab\n"),
            "dir/merges.txt: expected two tokens with a space between them in line 2, found 'ab'");
  EXPECT_EQ(with("a b c\n"),
            "dir/merges.txt: expected two tokens with a space between them in line 1, found 'a b c'");
  EXPECT_EQ(with("nosuch token\n"),
            "dir/merges.txt: line 1: expected tokens in merge 0, found 'nosuch', which is none");
  const std::string twice = merges()[0].first + " " + merges()[0].second + "\n";
  EXPECT_NE(with(twice + twice).find("dir/merges.txt: line 2: merge 1, "), std::string::npos);
  EXPECT_EQ(refusal({{"vocab.json", "{\"a\":0}"}, {"merges.txt", ""}}),
            "dir/vocab.json: expected a token '\\xc4\\x80' for the byte 0, found none");
}

TEST(TokenizerRefusal, SimpleVocabularyIsDamaged) {
  const std::string text = test::simple_vocabulary(merges()), packed = test::gzipped(text);
  const auto with = [](const std::string& bytes) {
    return refusal({{"bpe_simple_vocab_16e6.txt.gz", bytes}});
  };
  const std::string file = "dir/bpe_simple_vocab_16e6.txt.gz: ";
  EXPECT_EQ(with(""), file + "expected a line and merges, found nothing");
  EXPECT_EQ(with("header only"), file + "expected merges from line 2 on, found none");
  EXPECT_EQ(with("header\nx"), file + "expected two tokens with a space between them in line 2, found 'x'");
  EXPECT_EQ(with("header\nyy z"), file + "line 2: expected tokens in merge 0, found 'yy', which is none");
  EXPECT_EQ(with("h\na b\nab c\na bc"), file + "the token of line 4, 'a bc', is there twice");
  EXPECT_EQ(with(packed.substr(0, packed.size() / 2)), file + "the .gz is cut short");
  std::string damaged = packed;
  for (size_t i = 12; i < 40; ++i) damaged[i] = '\xFF';
  EXPECT_NE(with(damaged).find("the .gz is damaged, at byte "), std::string::npos);
  EXPECT_EQ(with(packed), "opened");
  EXPECT_EQ(with(text), "opened");
}

TEST(TokenizerRefusal, WordListIsNone) {
  const auto with = [](const std::string& text, const std::string& config) {
    return refusal({{"vocab.txt", text}, {"tokenizer_config.json", config}});
  };
  const std::string list = test::word_list(words());
  EXPECT_EQ(with(list, "{}"), "opened");
  EXPECT_EQ(with("a\nb\n", "{}"), "dir/vocab.txt: expected a token '[UNK]', found none");
  EXPECT_EQ(with(replaced(list, "[SEP]", "[sep]"), "{}"),
            "dir/vocab.txt: expected a token '[SEP]', found none");
  EXPECT_EQ(with(list + "\xFF\n", "{}").substr(0, 60),
            "dir/vocab.txt: expected a text in UTF-8, found '\\xff\\x0a' at");
  EXPECT_EQ(
      with(list, R"({"do_lower_case": true})"),
      "dir/tokenizer_config.json: expected a cased tokenizer, found one that writes all in lower case, which "
      "is not understood");
  EXPECT_EQ(with(list, R"({"do_lower_case": 1})"),
            "dir/tokenizer_config.json: expected true or false as do_lower_case, found 1");
  EXPECT_EQ(with(list, R"({"model_max_length": 1})"),
            "dir/tokenizer_config.json: expected a number of tokens from 2 on as model_max_length, found 1");
}

TEST(TokenizerRefusal, WordPieceJsonAsksForSomethingElse) {
  const std::string good = test::word_piece_json(words());
  const auto with = [&](const std::string& what, const std::string& by) {
    return json_refusal(replaced(good, what, by));
  };
  EXPECT_EQ(json_refusal(good), "opened");
  EXPECT_EQ(
      with("\"lowercase\":false", "\"lowercase\":true"),
      "dir/tokenizer.json: expected a cased tokenizer, found one that writes all in lower case, which is not "
      "understood");
  EXPECT_EQ(with("BertNormalizer", "Lowercase"),
            "dir/tokenizer.json: expected a BertNormalizer that cleans as normalizer, found 'Lowercase'");
  EXPECT_EQ(with("BertPreTokenizer", "Whitespace"),
            "dir/tokenizer.json: expected a BertPreTokenizer as pre_tokenizer, found 'Whitespace'");
  EXPECT_EQ(with("\"unk_token\":\"[UNK]\"", "\"unk_token\":\"<unk>\""),
            "dir/tokenizer.json: expected a token '<unk>', found none");
  EXPECT_EQ(with("\"ids\":[102]", "\"ids\":[400]"),
            "dir/tokenizer.json: expected ids from 0 to 399 in post_processor, found 400");
}

TEST(TokenizerRefusal, TextIsNoUtf8) {
  const auto opened = open_tokenizer({{"vocab.txt", test::word_list(words())}});
  const auto clip = open_tokenizer({{"bpe_simple_vocab_16e6.txt", test::simple_vocabulary(merges())}});
  ASSERT_TRUE(opened.ok() && clip.ok());
  for (const Tokenizer* tokenizer : {opened->get(), clip->get()}) {
    for (const std::string bad :
         {"ab\xFF", "ab\xC0\x80", "ab\xED\xA0\x80", "ab\xF4\x90\x80\x80", "ab\xE3\x81"}) {
      const auto ids = tokenizer->encode(bad);
      ASSERT_FALSE(ids.ok());
      EXPECT_EQ(ids.error().kind, ErrorKind::bad_input);
      EXPECT_TRUE(ids.error().message.ends_with(" at byte 2")) << ids.error().message;
    }
    const auto long_text = tokenizer->encode(std::string(Tokenizer::kLongestText + 1, 'a'));
    ASSERT_FALSE(long_text.ok());
    EXPECT_EQ(long_text.error().kind, ErrorKind::limit);
  }
}

TEST(TokenizerRefusal, LengthHasNoRoomForTheEnds) {
  TokenizerOptions options;
  options.max_length = 1;
  const auto opened = open_tokenizer({{"vocab.txt", test::word_list(words())}}, options);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace ink
