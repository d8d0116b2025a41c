#include "models/text/word_piece.h"

#include <algorithm>

#include "kernels/base/function_ref.h"
#include "models/text/code_sets.h"
#include "models/text/utf8.h"
#include "weights/message.h"

namespace ink {
namespace {

// Without what BERT drops, with a space for each white space and round each ideograph.
std::u32string clean(std::u32string_view text, bool split_ideographs) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t point : text) {
    if (is_dropped_by_word_piece(point)) continue;
    if (is_white_space(point)) {
      out += U' ';
    } else if (split_ideographs && is_ideograph_in_word_piece(point)) {
      out += {U' ', point, U' '};
    } else {
      out += point;
    }
  }
  return out;
}

// Calls `word` with each word, until it answers false.
void each_word(std::u32string_view text, FunctionRef<bool(std::u32string_view)> word) {
  for (size_t at = 0; at < text.size();) {
    if (is_white_space(text[at])) {
      ++at;
      continue;
    }
    size_t end = at + 1;
    if (!is_alone_in_word_piece(text[at])) {
      while (end < text.size() && !is_white_space(text[end]) && !is_alone_in_word_piece(text[end])) ++end;
    }
    if (!word(text.substr(at, end - at))) return;
    at = end;
  }
}

class WordPiece final : public Tokenizer {
 public:
  WordPiece(WordPieceVocabulary vocabulary, int max_length)
      : vocabulary_(std::move(vocabulary)), max_length_(max_length) {}

  Result<std::vector<int32_t>> encode(std::string_view utf8) const override {
    if (utf8.size() > kLongestText) {
      return Error{ErrorKind::limit,
                   concat("expected a text of at most ", kLongestText, " bytes, found ", utf8.size())};
    }
    INK_TRY_STATUS(check_utf8(utf8));
    std::vector<int32_t> ids{vocabulary_.start};
    for (const AddedTokens::Piece& raw : vocabulary_.specials.raw.split(utf8)) {
      if (is_full(ids)) break;
      if (raw.id >= 0) {
        ids.push_back(raw.id);
      } else {
        append_text(raw.text, ids);
      }
    }
    ids.resize(std::min(ids.size(), static_cast<size_t>(max_length_ - 1)));
    ids.push_back(vocabulary_.end);
    return ids;
  }

  int max_length() const override { return max_length_; }
  int32_t start_id() const override { return vocabulary_.start; }
  int32_t end_id() const override { return vocabulary_.end; }
  int32_t pad_id() const override { return vocabulary_.pad; }
  int vocabulary_size() const override { return vocabulary_.tokens.largest_id() + 1; }
  std::string_view kind() const override { return "wordpiece"; }
  std::string_view cleaning() const override { return "cased"; }

 private:
  bool is_full(const std::vector<int32_t>& ids) const {
    return ids.size() >= static_cast<size_t>(max_length_);
  }

  void append_text(std::string_view utf8, std::vector<int32_t>& ids) const {
    const std::u32string cleaned = clean(std::move(from_utf8(utf8)).value(), vocabulary_.split_ideographs);
    if (vocabulary_.specials.cleaned.empty()) return append_words(cleaned, ids);
    const std::string text = to_utf8(cleaned);
    for (const AddedTokens::Piece& piece : vocabulary_.specials.cleaned.split(text)) {
      if (is_full(ids)) return;
      if (piece.id >= 0) {
        ids.push_back(piece.id);
      } else {
        append_words(std::move(from_utf8(piece.text)).value(), ids);
      }
    }
  }

  void append_words(std::u32string_view text, std::vector<int32_t>& ids) const {
    each_word(text, [&](std::u32string_view word) {
      append_word(word, ids);
      return !is_full(ids);
    });
  }

  // The longest token that the rest of the word begins with, again and again; the word is unknown as a whole
  // where there is none.
  void append_word(std::u32string_view word, std::vector<int32_t>& ids) const {
    const size_t before = ids.size();
    const bool fits =
        word.size() <= static_cast<size_t>(vocabulary_.longest_word) && append_tokens(word, ids);
    if (fits) return;
    ids.resize(before);
    ids.push_back(vocabulary_.unknown);
  }

  bool append_tokens(std::u32string_view word, std::vector<int32_t>& ids) const {
    const std::string& inside = vocabulary_.inside;
    std::string bytes = inside;
    std::vector<size_t> ends;  // of each code point, in `bytes`
    for (const char32_t point : word) {
      append_utf8(bytes, point);
      ends.push_back(bytes.size());
    }
    size_t begin = inside.size();
    for (size_t first = 0; first < word.size();) {
      size_t from = begin;
      if (first > 0) {
        // Over what is done with, which is longer: the prefix is in front of the word besides.
        from -= inside.size();
        inside.copy(bytes.data() + from, inside.size());
      }
      size_t last = word.size();
      std::optional<int32_t> id;
      for (; last > first && !id; --last) {
        id = vocabulary_.tokens.find(std::string_view(bytes).substr(from, ends[last - 1] - from));
      }
      if (!id) return false;
      ids.push_back(*id);
      begin = ends[last];
      first = last + 1;
    }
    return true;
  }

  WordPieceVocabulary vocabulary_;
  int max_length_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_word_piece_tokenizer(WordPieceVocabulary vocabulary, int max_length) {
  return std::make_unique<WordPiece>(std::move(vocabulary), max_length);
}

}  // namespace ink
