#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// Texts for tokenizers, the same as those of tests/reference/tokenizer_texts.py, which has the originals
// tokenize them. What the words are is read from goldens/tokenizers/parts.txt.

namespace ink::test {

class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  uint64_t next();
  size_t below(size_t count) { return static_cast<size_t>(next() % count); }
  template <class T>
  const T& pick(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }

 private:
  uint64_t state_;
};

class MadeUpTexts {
 public:
  MadeUpTexts();

  std::u32string text(uint64_t index) const;
  std::u32string word(SplitMix& random) const { return of("word", random); }
  std::u32string script(SplitMix& random) const;

 private:
  std::u32string of(const std::string& group, SplitMix& random) const;
  std::u32string piece(size_t kind, SplitMix& random) const;
  std::u32string mixed(SplitMix& random) const;
  std::u32string anything(SplitMix& random) const;
  std::u32string reference(SplitMix& random) const;
  std::u32string long_word(SplitMix& random) const;
  std::u32string marked(SplitMix& random) const;
  std::u32string broken(SplitMix& random) const;
  std::u32string upper_half(SplitMix& random) const;

  struct Script {
    uint32_t first, last;
  };
  std::vector<Script> scripts_;
  std::map<std::string, std::vector<std::u32string>> parts_;
};

// A code point in a word, behind one and alone.
std::u32string sweep_text(char32_t point);

// Vocabularies that cut such texts into pieces of several characters: CLIP's merges, "left right" each, and
// WordPiece's tokens.
std::vector<std::pair<std::string, std::string>> made_up_merges(size_t count, const MadeUpTexts& texts);
std::vector<std::string> made_up_words(size_t count, const MadeUpTexts& texts);

}  // namespace ink::test
