#include "models/text/clip_tokenizer.h"

#include <algorithm>

#include "models/text/clip_words.h"
#include "models/text/code_sets.h"
#include "models/text/html_entities.h"
#include "models/text/normal_form.h"
#include "models/text/repair.h"
#include "models/text/utf8.h"
#include "weights/message.h"

namespace ink {
namespace {

std::u32string clean_as_tokenizers(std::u32string_view text) {
  const std::u32string composed = compose(text, ComposeVersion::unicode9);
  std::u32string spaced;
  spaced.reserve(composed.size());
  for (size_t i = 0; i < composed.size(); ++i) {
    if (!is_white_space(composed[i])) {
      spaced += composed[i];
    } else if (i == 0 || !is_white_space(composed[i - 1])) {
      spaced += U' ';
    }
  }
  return lower_each(spaced);
}

// Without the white space that the original joins and cuts off: no word has any.
Result<std::u32string> clean_as_openai(std::u32string_view text) {
  INK_TRY(const std::u32string repaired, repair_text(text));
  return lower_in_context(unescape_html(unescape_html(repaired)));
}

class ClipTokenizer final : public Tokenizer {
 public:
  ClipTokenizer(ClipVocabulary vocabulary, ClipCleaning cleaning, int max_length)
      : vocabulary_(std::move(vocabulary)), cleaning_(cleaning), max_length_(max_length) {}

  Result<std::vector<int32_t>> encode(std::string_view utf8) const override {
    if (utf8.size() > kLongestText) {
      return Error{ErrorKind::limit,
                   concat("expected a text of at most ", kLongestText, " bytes, found ", utf8.size())};
    }
    INK_TRY(const std::u32string text, from_utf8(utf8));
    std::vector<int32_t> ids{vocabulary_.start};
    if (cleaning_ == ClipCleaning::openai) {
      INK_TRY(const std::u32string cleaned, clean_as_openai(text));
      append_words(cleaned, ids);
    } else {
      append_pieces(utf8, ids);
    }
    ids.resize(std::min(ids.size(), static_cast<size_t>(max_length_ - 1)));
    ids.push_back(vocabulary_.end);
    return ids;
  }

  int max_length() const override { return max_length_; }
  int32_t start_id() const override { return vocabulary_.start; }
  int32_t end_id() const override { return vocabulary_.end; }
  int32_t pad_id() const override { return cleaning_ == ClipCleaning::openai ? 0 : vocabulary_.pad; }
  int vocabulary_size() const override { return vocabulary_.tokens.largest_id() + 1; }
  std::string_view kind() const override { return "clip"; }
  std::string_view cleaning() const override {
    return cleaning_ == ClipCleaning::openai ? "openai" : "huggingface";
  }

 private:
  bool is_full(const std::vector<int32_t>& ids) const {
    return ids.size() >= static_cast<size_t>(max_length_);
  }

  void append_words(std::u32string_view cleaned, std::vector<int32_t>& ids) const {
    const bool is_openai = cleaning_ == ClipCleaning::openai;
    const ClipWordRules rules{cleaning_, is_openai ? SpecialWords::whole : vocabulary_.special_words};
    each_clip_word(cleaned, rules, [&](std::u32string_view word) {
      // In openai's, these words are the tokens themselves.
      if (is_openai && word == U"<|startoftext|>") {
        ids.push_back(vocabulary_.start);
      } else if (is_openai && word == U"<|endoftext|>") {
        ids.push_back(vocabulary_.end);
      } else {
        vocabulary_.pairs.encode(to_utf8(word), ids);
      }
      return !is_full(ids);
    });
  }

  void append_pieces(std::string_view text, std::vector<int32_t>& ids) const {
    for (const AddedTokens::Piece& raw : vocabulary_.specials.raw.split(text)) {
      if (raw.id >= 0) {
        ids.push_back(raw.id);
        continue;
      }
      const std::string cleaned = ink::clean_as_tokenizers(raw.text);
      for (const AddedTokens::Piece& piece : vocabulary_.specials.cleaned.split(cleaned)) {
        if (is_full(ids)) return;
        if (piece.id >= 0) {
          ids.push_back(piece.id);
        } else {
          append_words(std::move(from_utf8(piece.text)).value(), ids);
        }
      }
    }
  }

  ClipVocabulary vocabulary_;
  ClipCleaning cleaning_;
  int max_length_;
};

}  // namespace

std::string clean_as_tokenizers(std::string_view utf8) {
  const Result<std::u32string> text = from_utf8(utf8);
  return text.ok() ? to_utf8(clean_as_tokenizers(*text)) : std::string(utf8);
}

std::unique_ptr<Tokenizer> make_clip_tokenizer(ClipVocabulary vocabulary, ClipCleaning cleaning,
                                               int max_length) {
  return std::make_unique<ClipTokenizer>(std::move(vocabulary), cleaning, max_length);
}

}  // namespace ink
