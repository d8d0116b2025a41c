#include "models/text/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>

#include "models/text/utf8.h"
#include "weights/message.h"

namespace ink {

Result<rapidjson::Document> parse_json_object(std::string_view text, std::string_view file) {
  rapidjson::Document document;
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag;
  if (check_utf8(text).ok()) {
    // Several times as fast as with the parser's own look at every byte.
    rapidjson::MemoryStream stream(text.data(), text.size());
    document.ParseStream<kFlags, rapidjson::UTF8<>>(stream);
  } else {
    document.Parse<kFlags | rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  }
  if (document.HasParseError()) {
    return model_error(file, ": expected JSON in UTF-8, at byte ", document.GetErrorOffset(), ": ",
                       rapidjson::GetParseError_En(document.GetParseError()));
  }
  if (!document.IsObject()) return model_error(file, ": expected a JSON object, found ", found_in(&document));
  return document;
}

const Json* member(const Json* object, const char* key) {
  if (object == nullptr || !object->IsObject()) return nullptr;
  const auto found = object->FindMember(key);
  return found == object->MemberEnd() ? nullptr : &found->value;
}

std::string_view text_of(const Json& text) { return {text.GetString(), text.GetStringLength()}; }

std::optional<std::string_view> text_or_none(const Json* value) {
  if (value == nullptr || !value->IsString()) return std::nullopt;
  return text_of(*value);
}

std::optional<bool> flag_or_none(const Json* value) {
  if (value == nullptr || !value->IsBool()) return std::nullopt;
  return value->GetBool();
}

std::optional<int32_t> number_or_none(const Json* value, int32_t least, int32_t most) {
  if (value == nullptr || !value->IsInt() || value->GetInt() < least || value->GetInt() > most) {
    return std::nullopt;
  }
  return value->GetInt();
}

bool is_null(const Json* value) { return value == nullptr || value->IsNull(); }

std::string found_in(const Json* value) {
  if (is_null(value)) return "nothing";
  if (value->IsString()) return quote(text_of(*value));
  if (value->IsBool()) return value->GetBool() ? "true" : "false";
  if (value->IsInt()) return std::to_string(value->GetInt());
  if (value->IsNumber()) return "another number";
  return value->IsArray() ? "a list" : "an object";
}

}  // namespace ink
