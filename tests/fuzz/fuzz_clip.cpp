#include "tests/fuzz/text_target.h"
#include "tests/models/text/made_up_texts.h"
#include "tests/models/text/tokenizer_files.h"

using ink::fuzz::Input;

int fuzz_one(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  ink::TokenizerOptions options;
  // Either cleaning, by the input itself.
  if (size % 2 == 0) options.cleaning = ink::ClipCleaning::openai;
  return ink::fuzz::run_tokenizer(input, options);
}

std::vector<Input> fuzz_seeds() {
  namespace test = ink::test;
  const test::Merges merges = test::made_up_merges(24, test::MadeUpTexts());
  const std::string simple = test::simple_vocabulary(merges),
                    text = "it's <|endoftext|> \xC3\x83\xC2\xA9 &amp;";
  return {
      ink::fuzz::pack_tokenizer({{"bpe_simple_vocab_16e6.txt", simple}}, text),
      ink::fuzz::pack_tokenizer({{"bpe_simple_vocab_16e6.txt.gz", test::gzipped(simple)}}, text),
      ink::fuzz::pack_tokenizer({{"vocab.json", test::vocabulary_json(merges)},
                                 {"merges.txt", test::merges_txt(merges)},
                                 {"special_tokens_map.json", test::clip_special_tokens()}},
                                text),
      ink::fuzz::pack_tokenizer({{"tokenizer.json", test::clip_json(merges)}}, text),
  };
}

void fuzz_mutate(Input& input, ink::fuzz::Random& random) { ink::fuzz::mutate_tokenizer(input, random); }
