#include "tests/fuzz/text_target.h"
#include "tests/models/text/made_up_texts.h"
#include "tests/models/text/tokenizer_files.h"

using ink::fuzz::Input;

int fuzz_one(const uint8_t* data, size_t size) {
  return ink::fuzz::run_tokenizer({reinterpret_cast<const char*>(data), size}, {});
}

std::vector<Input> fuzz_seeds() {
  namespace test = ink::test;
  const std::vector<std::string> words = test::made_up_words(420, test::MadeUpTexts());
  const std::string text = "1girl, x[MASK]y \xE9\xAB\xAA";
  return {
      ink::fuzz::pack_tokenizer(
          {{"vocab.txt", test::word_list(words)}, {"tokenizer_config.json", test::kCasedConfig}}, text),
      ink::fuzz::pack_tokenizer({{"tokenizer.json", test::word_piece_json(words)},
                                 {"sentence_bert_config.json", R"({"max_seq_length": 64})"}},
                                text),
  };
}

void fuzz_mutate(Input& input, ink::fuzz::Random& random) { ink::fuzz::mutate_tokenizer(input, random); }
