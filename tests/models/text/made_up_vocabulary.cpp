#include <algorithm>
#include <map>
#include <set>

#include "models/text/byte_pairs.h"
#include "models/text/utf8.h"
#include "tests/models/text/made_up_texts.h"

namespace ink::test {
namespace {

using Pair = std::pair<std::string, std::string>;

// Byte-pair encoding as slow as it is plain.
void merge_all(std::vector<std::string>& symbols, const std::map<Pair, size_t>& ranks) {
  while (true) {
    size_t best = SIZE_MAX, at = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = ranks.find({symbols[i], symbols[i + 1]});
      if (found != ranks.end() && found->second < best) {
        best = found->second;
        at = i;
      }
    }
    if (best == SIZE_MAX) return;
    symbols[at] += symbols[at + 1];
    symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(at) + 1);
  }
}

std::vector<std::string> words_of(const std::u32string& text) {
  std::vector<std::string> words{""};
  for (char c : to_utf8(text)) {
    if (c == ' ') {
      words.emplace_back();
    } else {
      words.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
    }
  }
  std::erase(words, "");
  return words;
}

}  // namespace

std::vector<Pair> made_up_merges(size_t count, const MadeUpTexts& texts) {
  constexpr size_t kLongestWord = 24;
  std::set<std::string> tokens;
  for (const std::string& letter : BytePairs::letters()) {
    tokens.insert(letter);
    tokens.insert(letter + "</w>");
  }
  std::map<Pair, size_t> ranks;
  std::vector<Pair> made;
  for (uint64_t j = 0; made.size() < count; ++j) {
    SplitMix random(j * 0x9FB21C651E98DF25 + 7);
    const std::vector<std::string> words = words_of(texts.text(random.below(1 << 20)));
    if (words.empty()) continue;
    std::vector<std::string> symbols;
    for (const char c : random.pick(words).substr(0, kLongestWord)) {
      symbols.push_back(BytePairs::letters()[static_cast<uint8_t>(c)]);
    }
    symbols.back() += "</w>";
    merge_all(symbols, ranks);
    if (symbols.size() < 2) continue;
    const size_t i = random.below(symbols.size() - 1);
    if (!tokens.insert(symbols[i] + symbols[i + 1]).second) continue;
    ranks[{symbols[i], symbols[i + 1]}] = made.size();
    made.emplace_back(symbols[i], symbols[i + 1]);
  }
  return made;
}

std::vector<std::string> made_up_words(size_t count, const MadeUpTexts& texts) {
  std::vector<std::string> tokens{"[PAD]"};
  for (int i = 1; i < 100; ++i) tokens.push_back("[unused" + std::to_string(i) + "]");
  tokens.insert(tokens.end(), {"[UNK]", "[CLS]", "[SEP]", "[MASK]"});
  for (const std::string prefix : {"", "##"}) {
    for (char c = 0x21; c < 0x7F; ++c) tokens.push_back(prefix + c);
  }
  std::set<std::string> known(tokens.begin(), tokens.end());
  const auto is_left_out = [](char32_t c) {
    return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || (c >= 0x2000 && c <= 0x202F);
  };
  for (uint64_t j = 0; tokens.size() < count; ++j) {
    SplitMix random(j * 0xA24BAED4963EE407 + 3);
    const std::u32string text = random.below(4) == 0 ? texts.word(random) : texts.script(random);
    const size_t start = random.below(text.size());
    const std::u32string part = text.substr(start, 1 + random.below(4));
    if (std::any_of(part.begin(), part.end(), is_left_out)) continue;
    std::string token = random.below(2) == 0 ? "##" : "";
    token += to_utf8(part);
    if (known.insert(token).second) tokens.push_back(token);
  }
  return tokens;
}

}  // namespace ink::test
