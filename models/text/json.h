#pragma once

#include <rapidjson/document.h>

#include <optional>
#include <string>
#include <string_view>

#include "kernels/base/result.h"

namespace ink {

using Json = rapidjson::Value;

// A text as JSON; one object from end to end. Error (model): where it is not. `file` leads the message.
Result<rapidjson::Document> parse_json_object(std::string_view text, std::string_view file);

// What an object has under a key; null where it has nothing there, or is none.
const Json* member(const Json* object, const char* key);

std::string_view text_of(const Json& text);  // of a string
// Nothing where `value` is null or another kind of value.
std::optional<std::string_view> text_or_none(const Json* value);
std::optional<bool> flag_or_none(const Json* value);
// A whole number from `least` to `most`.
std::optional<int32_t> number_or_none(const Json* value, int32_t least, int32_t most);
bool is_null(const Json* value);  // or missing

// For messages: "a string", or what the string says.
std::string found_in(const Json* value);

}  // namespace ink
