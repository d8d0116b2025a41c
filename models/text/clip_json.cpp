#include <algorithm>
#include <array>

#include "models/text/clip_vocabulary.h"
#include "models/text/vocabulary_json.h"
#include "weights/message.h"

namespace ink {
namespace {

Error unlike(const std::string& file, std::string_view what, std::string_view expected, const Json* found) {
  return model_error(file, ": expected ", expected, " as ", what, ", as CLIP's tokenizer has, found ",
                     found_in(found));
}

// NFC, white space to one space, lower case: and nothing else, in this order.
Status check_normalizer(const Json& tokenizer, const std::string& file) {
  const Json* const normalizer = member(&tokenizer, "normalizer");
  const std::vector<const Json*> parts = parts_of(normalizer, "normalizers");
  const auto is_space_rule = [](const Json* part) {
    return is_type(part, "Replace") && text_or_none(member(member(part, "pattern"), "Regex")) == "\\s+" &&
           text_or_none(member(part, "content")) == " ";
  };
  if (parts.size() != 3 || !is_type(parts[0], "NFC") || !is_space_rule(parts[1]) ||
      !is_type(parts[2], "Lowercase")) {
    return unlike(file, "normalizer", "NFC, white space and Lowercase", member(normalizer, "type"));
  }
  return {};
}

Status check_pre_tokenizer(const Json& tokenizer, SpecialWords& special_words, const std::string& file) {
  constexpr std::string_view kWords = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  constexpr std::string_view kSpecialWords = "<\\|startoftext\\|>|<\\|endoftext\\|>|";
  const Json* const stage = member(&tokenizer, "pre_tokenizer");
  const std::vector<const Json*> parts = parts_of(stage, "pretokenizers");
  if (parts.size() != 2 || !is_type(parts[0], "Split") || !is_type(parts[1], "ByteLevel") ||
      text_or_none(member(parts[0], "behavior")) != "Removed" ||
      flag_or_none(member(parts[0], "invert")) != true ||
      flag_or_none(member(parts[1], "add_prefix_space")).value_or(false)) {
    return unlike(file, "pre_tokenizer", "Split and ByteLevel", member(stage, "type"));
  }
  const Json* const pattern = member(member(parts[0], "pattern"), "Regex");
  std::string_view words = text_or_none(pattern).value_or("");
  const bool has_special_words = words.starts_with(kSpecialWords);
  if (has_special_words) words.remove_prefix(kSpecialWords.size());
  if (words != kWords) return unlike(file, "pattern", "the pattern of words", pattern);
  const bool splits = flag_or_none(member(parts[1], "use_regex")).value_or(true);
  special_words = !has_special_words ? SpecialWords::none
                  : splits           ? SpecialWords::split
                                     : SpecialWords::whole;
  return {};
}

Status check_model(const Json* model, const std::string& file) {
  if (text_or_none(member(model, "end_of_word_suffix")) != BytePairs::kEndOfWord) {
    return unlike(file, "end_of_word_suffix", BytePairs::kEndOfWord, member(model, "end_of_word_suffix"));
  }
  if (!is_null(member(model, "dropout"))) return unlike(file, "dropout", "null", member(model, "dropout"));
  const Json* const prefix = member(model, "continuing_subword_prefix");
  if (!is_null(prefix) && text_or_none(prefix) != "") {
    return unlike(file, "continuing_subword_prefix", "nothing", prefix);
  }
  for (const char* const flag : {"byte_fallback", "ignore_merges"}) {
    if (flag_or_none(member(model, flag)).value_or(false))
      return unlike(file, flag, "false", member(model, flag));
  }
  return {};
}

// A merge is "left right" or ["left", "right"].
Status read_merges(const Json* merges, ClipVocabulary& vocabulary, const std::string& file) {
  if (merges == nullptr || !merges->IsArray()) {
    return model_error(file, ": expected a list as merges, found ", found_in(merges));
  }
  vocabulary.pairs.reserve(merges->Size());
  for (const Json& merge : merges->GetArray()) {
    std::string_view left, right;
    if (merge.IsString()) {
      left = text_of(merge).substr(0, text_of(merge).find(' '));
      right = text_of(merge).substr(std::min(left.size() + 1, text_of(merge).size()));
    } else if (merge.IsArray() && merge.Size() == 2) {
      left = text_or_none(&merge[0]).value_or("");
      right = text_or_none(&merge[1]).value_or("");
    }
    if (left.empty() || right.empty()) {
      return model_error(file, ": expected two tokens as a merge, found ", found_in(&merge));
    }
    if (const Status status = vocabulary.pairs.add_merge(vocabulary.tokens, left, right); !status.ok()) {
      return model_error(file, ": ", status.error().message);
    }
  }
  return {};
}

Status find_ends(const Json& tokenizer, const TokenizerSettings& settings, ClipVocabulary& made,
                 const std::string& file) {
  const auto start = made.tokens.find("<|startoftext|>"), end = made.tokens.find("<|endoftext|>");
  INK_TRY(const std::optional<Frame> frame, read_frame(tokenizer, made.tokens, file));
  if (!frame && (!start || !end)) {
    return model_error(
        file, ": expected a post_processor or tokens '<|startoftext|>' and '<|endoftext|>', found none");
  }
  made.start = frame ? frame->start : *start;
  made.end = frame ? frame->end : *end;
  made.pad = made.end;
  if (const auto named = settings.special.find("pad_token"); named != settings.special.end()) {
    if (const auto id = made.tokens.find(named->second.text)) made.pad = *id;
  }
  const Json* const padding = member(&tokenizer, "padding");
  if (const auto id = number_or_none(member(padding, "pad_id"), 0, kMostTokenId)) made.pad = *id;
  return {};
}

}  // namespace

Result<ClipVocabulary> read_clip_json(const Json& tokenizer, const TokenizerSettings& settings,
                                      const std::string& file) {
  ClipVocabulary made;
  const Json* const model = member(&tokenizer, "model");
  INK_TRY_STATUS(check_model(model, file));
  INK_TRY_STATUS(check_normalizer(tokenizer, file));
  INK_TRY_STATUS(check_pre_tokenizer(tokenizer, made.special_words, file));
  INK_TRY(made.tokens, read_token_ids(member(model, "vocab"), file));
  if (const Status status = made.pairs.set_bytes(made.tokens); !status.ok()) {
    return model_error(file, ": ", status.error().message);
  }
  INK_TRY_STATUS(read_merges(member(model, "merges"), made, file));
  INK_TRY(made.specials, read_added_tokens(tokenizer, made.tokens, clean_as_tokenizers, file));
  INK_TRY_STATUS(find_ends(tokenizer, settings, made, file));
  made.length = number_or_none(member(member(&tokenizer, "truncation"), "max_length"), 2, 1 << 20);
  if (!made.length) made.length = settings.model_length;
  return made;
}

}  // namespace ink
