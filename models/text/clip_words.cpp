#include "models/text/clip_words.h"

#include <algorithm>

#include "models/text/code_sets.h"

namespace ink {
namespace {

enum class Kind { letter, number, space, other };

// In openai's, the pattern ignores case, and the text is in lower case; what remains of that is that the long
// s is an s, and that the Greek iota subscript, a case of a letter, is no sign and yet no letter.
constexpr char32_t kLongS = 0x17F, kIotaSubscript = 0x345;

class Words {
 public:
  Words(std::u32string_view text, const ClipWordRules& rules)
      : text_(text), rules_(rules), is_openai_(rules.cleaning == ClipCleaning::openai) {}

  Kind kind(size_t at) const {
    const auto knowledge = is_openai_ ? LetterKnowledge::regex : LetterKnowledge::tokenizers;
    const char32_t point = text_[at];
    if (is_white_space(point) || (is_openai_ && point == kIotaSubscript)) return Kind::space;
    if (is_letter(point, knowledge)) return Kind::letter;
    return is_number(point, knowledge) ? Kind::number : Kind::other;
  }

  // The length of the word at `at`, which is no space.
  size_t length(size_t at) const {
    using namespace std::string_view_literals;
    if (text_[at] == '\'') {
      for (const auto word : {U"'s"sv, U"'t"sv, U"'re"sv, U"'ve"sv, U"'m"sv, U"'ll"sv, U"'d"sv}) {
        if (has(at, word)) return word.size();
      }
    }
    return length_of_kind(at);
  }

  // The length of the special word at `at`; 0 where there is none.
  size_t special_length(size_t at) const {
    using namespace std::string_view_literals;
    if (rules_.special_words == SpecialWords::none || text_[at] != '<') return 0;
    for (const auto word : {U"<|startoftext|>"sv, U"<|endoftext|>"sv}) {
      if (has(at, word)) return word.size();
    }
    return 0;
  }

  bool splits_special() const { return rules_.special_words == SpecialWords::split; }

 private:
  size_t length_of_kind(size_t at) const {
    const Kind first = kind(at);
    if (first == Kind::number) return 1;
    size_t end = at + 1;
    while (end < text_.size() && kind(end) == first) ++end;
    return end - at;
  }

  bool has(size_t at, std::u32string_view word) const {
    const auto is_same = [this](char32_t a, char32_t b) {
      return a == b || (is_openai_ && a == kLongS && b == 's');
    };
    const std::u32string_view here = text_.substr(at, word.size());
    return here.size() == word.size() && std::equal(here.begin(), here.end(), word.begin(), is_same);
  }

  std::u32string_view text_;
  ClipWordRules rules_;
  bool is_openai_;
};

}  // namespace

void each_clip_word(std::u32string_view text, const ClipWordRules& rules,
                    FunctionRef<bool(std::u32string_view)> word) {
  const Words words(text, rules);
  for (size_t at = 0; at < text.size();) {
    if (words.kind(at) == Kind::space) {
      ++at;
      continue;
    }
    constexpr size_t kSigns = 2;  // "<|" and "|>"
    const size_t special = words.special_length(at), length = special > 0 ? special : words.length(at);
    const std::u32string_view here = text.substr(at, length);
    at += length;
    if (special == 0 || !words.splits_special()) {
      if (!word(here)) return;
      continue;
    }
    for (const auto part :
         {here.substr(0, kSigns), here.substr(kSigns, length - 2 * kSigns), here.substr(length - kSigns)}) {
      if (!word(part)) return;
    }
  }
}

}  // namespace ink
