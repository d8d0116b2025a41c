#include <algorithm>
#include <array>

#include "models/text/utf8.h"
#include "models/text/vocabulary_json.h"
#include "models/text/word_piece.h"
#include "weights/message.h"

namespace ink {
namespace {

// A token that is cleaned as texts are and stays itself, so that it is found in a cleaned text.
std::string as_it_is(std::string_view token) { return std::string(token); }

Status find_special(const TokenizerSettings& settings, std::string_view role, std::string_view usual,
                    const TokenTable& tokens, int32_t& id, const std::string& file) {
  const auto named = settings.special.find(role);
  const std::string_view name =
      named == settings.special.end() ? usual : std::string_view(named->second.text);
  const auto found = tokens.find(name);
  if (!found) return model_error(file, ": expected a token ", quote(name), ", found none");
  id = *found;
  return {};
}

Status find_usual(WordPieceVocabulary& made, const TokenizerSettings& settings, const std::string& file) {
  INK_TRY_STATUS(find_special(settings, "unk_token", "[UNK]", made.tokens, made.unknown, file));
  INK_TRY_STATUS(find_special(settings, "cls_token", "[CLS]", made.tokens, made.start, file));
  INK_TRY_STATUS(find_special(settings, "sep_token", "[SEP]", made.tokens, made.end, file));
  // Nothing is padded here; a vocabulary may do without.
  if (!find_special(settings, "pad_token", "[PAD]", made.tokens, made.pad, file).ok()) made.pad = 0;
  return {};
}

Status refuse_lower_case(bool lower_case, bool strip_accents, const std::string& file) {
  if (!lower_case && !strip_accents) return {};
  return model_error(file, ": expected a cased tokenizer, found one that ",
                     lower_case ? "writes all in lower case" : "strips accents", ", which is not understood");
}

Status check_normalizer(const Json& tokenizer, bool& split_ideographs, const std::string& file) {
  const Json* const normalizer = member(&tokenizer, "normalizer");
  const std::vector<const Json*> parts = parts_of(normalizer, "normalizers");
  if (parts.size() != 1 || !is_type(parts[0], "BertNormalizer") ||
      !flag_or_none(member(parts[0], "clean_text")).value_or(true)) {
    return model_error(file, ": expected a BertNormalizer that cleans as normalizer, found ",
                       found_in(member(normalizer, "type")));
  }
  const bool lower_case = flag_or_none(member(parts[0], "lowercase")).value_or(true);
  split_ideographs = flag_or_none(member(parts[0], "handle_chinese_chars")).value_or(true);
  return refuse_lower_case(lower_case, flag_or_none(member(parts[0], "strip_accents")).value_or(false), file);
}

}  // namespace

Result<WordPieceVocabulary> read_word_list(std::string_view text, const TokenizerSettings& settings,
                                           const std::string& file, const std::string& origin) {
  INK_TRY_STATUS(
      refuse_lower_case(settings.do_lower_case, settings.strip_accents, origin + "tokenizer_config.json"));
  WordPieceVocabulary made;
  made.split_ideographs = settings.split_ideographs;
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  if (lines > TokenTable::kMostTokens) {
    return model_error(file, ": expected at most ", TokenTable::kMostTokens, " lines, found ", lines);
  }
  if (const Status valid = check_utf8(text); !valid.ok()) {
    return model_error(file, ": ", valid.error().message);
  }
  made.tokens.reserve(lines, text.size());
  for (int32_t id = 0; !text.empty(); ++id) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    made.tokens.set(line, id);
  }
  INK_TRY_STATUS(find_usual(made, settings, file));
  made.specials = specials_of(settings,
                              {{"unk_token", "[UNK]"},
                               {"sep_token", "[SEP]"},
                               {"pad_token", "[PAD]"},
                               {"cls_token", "[CLS]"},
                               {"mask_token", "[MASK]"}},
                              made.tokens, as_it_is);
  made.length = settings.sentence_length ? settings.sentence_length : settings.model_length;
  return made;
}

Result<WordPieceVocabulary> read_word_piece_json(const Json& tokenizer, const TokenizerSettings& settings,
                                                 const std::string& file) {
  WordPieceVocabulary made;
  INK_TRY_STATUS(check_normalizer(tokenizer, made.split_ideographs, file));
  const Json* const pre_tokenizer = member(&tokenizer, "pre_tokenizer");
  if (!is_type(pre_tokenizer, "BertPreTokenizer")) {
    return model_error(file, ": expected a BertPreTokenizer as pre_tokenizer, found ",
                       found_in(member(pre_tokenizer, "type")));
  }
  const Json* const model = member(&tokenizer, "model");
  INK_TRY(made.tokens, read_token_ids(member(model, "vocab"), file));
  INK_TRY(made.specials, read_added_tokens(tokenizer, made.tokens, as_it_is, file));
  made.inside = text_or_none(member(model, "continuing_subword_prefix")).value_or("##");
  constexpr int32_t kLongestWord = 1'000;
  made.longest_word =
      number_or_none(member(model, "max_input_chars_per_word"), 1, kLongestWord).value_or(made.longest_word);
  TokenizerSettings named = settings;
  if (const auto unknown = text_or_none(member(model, "unk_token"))) {
    named.special.insert_or_assign("unk_token", TokenizerSettings::Special{std::string(*unknown), false});
  }
  INK_TRY_STATUS(find_usual(made, named, file));
  INK_TRY(const std::optional<Frame> frame, read_frame(tokenizer, made.tokens, file));
  if (frame) {
    made.start = frame->start;
    made.end = frame->end;
  }
  if (const auto id = number_or_none(member(member(&tokenizer, "padding"), "pad_id"), 0, kMostTokenId))
    made.pad = *id;
  made.length = settings.sentence_length;
  if (!made.length) {
    made.length = number_or_none(member(member(&tokenizer, "truncation"), "max_length"), 2, 1 << 20);
  }
  if (!made.length) made.length = settings.model_length;
  return made;
}

}  // namespace ink
