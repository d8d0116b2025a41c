#include "models/text/vocabulary_json.h"

#include "models/text/special_tokens.h"
#include "weights/message.h"

namespace ink {

Result<TokenTable> read_token_ids(const Json* object, const std::string& file) {
  if (object == nullptr || !object->IsObject() || object->ObjectEmpty()) {
    return model_error(file, ": expected tokens with their ids, found ",
                       object != nullptr && object->IsObject() ? "none" : found_in(object));
  }
  if (object->MemberCount() > TokenTable::kMostTokens) {
    return model_error(file, ": expected at most ", TokenTable::kMostTokens, " tokens, found ",
                       object->MemberCount());
  }
  TokenTable tokens;
  constexpr size_t kUsualLength = 8;
  tokens.reserve(object->MemberCount(), object->MemberCount() * kUsualLength);
  for (const auto& [name, value] : object->GetObject()) {
    const auto id = number_or_none(&value, 0, kMostTokenId);
    if (!id) {
      return model_error(file, ": expected an id from 0 to ", kMostTokenId, " for the token ",
                         quote(text_of(name)), ", found ", found_in(&value));
    }
    if (!tokens.add(text_of(name), *id)) {
      return model_error(file, ": the token ", quote(text_of(name)), " is there twice");
    }
  }
  return tokens;
}

std::vector<const Json*> parts_of(const Json* stage, const char* list) {
  std::vector<const Json*> parts;
  if (is_null(stage)) return parts;
  const Json* const of_sequence = is_type(stage, "Sequence") ? member(stage, list) : nullptr;
  if (of_sequence == nullptr || !of_sequence->IsArray()) return {stage};
  for (const Json& part : of_sequence->GetArray()) parts.push_back(&part);
  return parts;
}

bool is_type(const Json* stage, std::string_view type) { return text_or_none(member(stage, "type")) == type; }

}  // namespace ink
