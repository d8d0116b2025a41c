#include "models/text/special_tokens.h"

#include <algorithm>

#include "weights/message.h"

namespace ink {
namespace {

constexpr std::string_view kRoles[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                       "pad_token", "cls_token", "mask_token"};
constexpr int kLongestLength = 1'000'000;

Status read_roles(const Json& json, TokenizerSettings& settings, const std::string& file) {
  for (const std::string_view role : kRoles) {
    const Json* const value = member(&json, std::string(role).c_str());
    if (is_null(value)) continue;
    const Json* const content = value->IsObject() ? member(value, "content") : value;
    const auto text = text_or_none(content);
    if (!text) return model_error(file, ": expected the text of ", role, ", found ", found_in(content));
    const bool normalized = value->IsObject() && flag_or_none(member(value, "normalized")).value_or(true);
    settings.special.insert_or_assign(std::string(role),
                                      TokenizerSettings::Special{std::string(*text), normalized});
  }
  return {};
}

Status read_flag(const Json& json, const char* key, bool& flag, const std::string& file) {
  const Json* const value = member(&json, key);
  if (is_null(value)) return {};
  if (!value->IsBool())
    return model_error(file, ": expected true or false as ", key, ", found ", found_in(value));
  flag = value->GetBool();
  return {};
}

// A length beyond all texts says that there is none.
Status read_length(const Json& json, const char* key, std::optional<int>& length, const std::string& file) {
  const Json* const value = member(&json, key);
  if (is_null(value)) return {};
  if (!value->IsNumber() || value->GetDouble() < 2) {
    return model_error(file, ": expected a number of tokens from 2 on as ", key, ", found ", found_in(value));
  }
  if (value->GetDouble() <= kLongestLength) length = static_cast<int>(value->GetDouble());
  return {};
}

Status add_special(Specials& specials, std::string_view text, int32_t id, bool normalized, CleanText clean,
                   const std::string& file) {
  const bool added = normalized ? specials.cleaned.add(clean(text), id) : specials.raw.add(text, id);
  if (added) return {};
  return model_error(file, ": the added token ", quote(text), " is empty, there twice or one too many");
}

Status add_one(Specials& specials, const Json& entry, TokenTable& tokens, CleanText clean,
               const std::string& file) {
  const auto text = text_or_none(member(&entry, "content"));
  const auto id = number_or_none(member(&entry, "id"), 0, kMostTokenId);
  if (!text || !id) {
    return model_error(file, ": expected content and an id from 0 to ", kMostTokenId,
                       " for each added token, found ", text ? quote(*text) : "none");
  }
  for (const char* const unknown : {"single_word", "lstrip", "rstrip"}) {
    if (flag_or_none(member(&entry, unknown)).value_or(false)) {
      return model_error(file, ": the added token ", quote(*text), " is to be found as ", unknown,
                         ", which is not understood");
    }
  }
  if (tokens.size() == TokenTable::kMostTokens) return model_error(file, ": too many tokens");
  if (!tokens.add(*text, *id) && *tokens.find(*text) != *id) {
    return model_error(file, ": the added token ", quote(*text), " has the id ", *id, ", but ",
                       *tokens.find(*text), " in the vocabulary");
  }
  return add_special(specials, *text, *id, flag_or_none(member(&entry, "normalized")).value_or(false), clean,
                     file);
}

// The one id of a token in a "TemplateProcessing".
std::optional<int32_t> template_id(const Json* processor, const Json& item) {
  const auto name = text_or_none(member(member(&item, "SpecialToken"), "id"));
  const Json* const tokens = member(processor, "special_tokens");
  const Json* const ids = name ? member(member(tokens, std::string(*name).c_str()), "ids") : nullptr;
  if (ids == nullptr || !ids->IsArray() || ids->Size() != 1) return std::nullopt;
  return number_or_none(&(*ids)[0], 0, kMostTokenId);
}

std::optional<int32_t> pair_id(const Json* pair) {
  if (pair == nullptr || !pair->IsArray() || pair->Size() != 2) return std::nullopt;
  return number_or_none(&(*pair)[1], 0, kMostTokenId);
}

}  // namespace

Result<TokenizerSettings> read_settings(const TokenizerFiles& files, const std::string& origin) {
  TokenizerSettings settings;
  // What the later one says counts.
  for (const char* const name :
       {"tokenizer_config.json", "special_tokens_map.json", "sentence_bert_config.json"}) {
    const auto found = files.find(name);
    if (found == files.end()) continue;
    const std::string file = origin + name;
    INK_TRY(const rapidjson::Document json, parse_json_object(found->second, file));
    if (std::string_view(name) == "sentence_bert_config.json") {
      INK_TRY_STATUS(read_length(json, "max_seq_length", settings.sentence_length, file));
      continue;
    }
    INK_TRY_STATUS(read_roles(json, settings, file));
    INK_TRY_STATUS(read_length(json, "model_max_length", settings.model_length, file));
    INK_TRY_STATUS(read_flag(json, "do_lower_case", settings.do_lower_case, file));
    INK_TRY_STATUS(read_flag(json, "strip_accents", settings.strip_accents, file));
    INK_TRY_STATUS(read_flag(json, "tokenize_chinese_chars", settings.split_ideographs, file));
  }
  return settings;
}

Result<Specials> read_added_tokens(const Json& tokenizer, TokenTable& tokens, CleanText clean,
                                   const std::string& file) {
  Specials specials;
  const Json* const added = member(&tokenizer, "added_tokens");
  if (is_null(added)) return specials;
  if (!added->IsArray())
    return model_error(file, ": expected a list as added_tokens, found ", found_in(added));
  for (const Json& entry : added->GetArray()) {
    INK_TRY_STATUS(add_one(specials, entry, tokens, clean, file));
  }
  return specials;
}

Specials specials_of(const TokenizerSettings& settings,
                     const std::vector<std::pair<std::string_view, std::string_view>>& defaults,
                     const TokenTable& tokens, CleanText clean) {
  std::map<std::string, bool, std::less<>> normalized;  // by text; what the last role says counts
  for (const auto& [role, text] : defaults) {
    const auto named = settings.special.find(role);
    if (named == settings.special.end()) {
      normalized.insert_or_assign(std::string(text), false);
    } else {
      normalized.insert_or_assign(named->second.text, named->second.normalized);
    }
  }
  Specials specials;
  for (const auto& [text, is_normalized] : normalized) {
    const auto id = tokens.find(text);
    if (id && is_normalized) specials.cleaned.add(clean(text), *id);
    if (id && !is_normalized) specials.raw.add(text, *id);
  }
  return specials;
}

Result<std::optional<Frame>> read_frame(const Json& tokenizer, const TokenTable& tokens,
                                        const std::string& file) {
  const Json* const processor = member(&tokenizer, "post_processor");
  if (is_null(processor)) return std::optional<Frame>();
  const std::string_view type = text_or_none(member(processor, "type")).value_or("");
  std::optional<int32_t> start, end;
  if (type == "RobertaProcessing" || type == "BertProcessing") {
    start = pair_id(member(processor, "cls"));
    end = pair_id(member(processor, "sep"));
  } else if (const Json* const single = member(processor, "single");
             type == "TemplateProcessing" && single != nullptr && single->IsArray() && single->Size() == 3 &&
             member(&(*single)[1], "Sequence") != nullptr) {
    start = template_id(processor, (*single)[0]);
    end = template_id(processor, (*single)[2]);
  }
  if (!start || !end) {
    return model_error(file,
                       ": expected a post_processor that puts one token before and one behind a text, found ",
                       found_in(member(processor, "type")));
  }
  if (const int32_t largest = std::max(*start, *end); largest > tokens.largest_id()) {
    return model_error(file, ": expected ids from 0 to ", tokens.largest_id(), " in post_processor, found ",
                       largest);
  }
  return std::optional(Frame{*start, *end});
}

}  // namespace ink
