#pragma once

#include <string>

#include "models/text/json.h"
#include "models/text/token_table.h"

namespace ink {

// The tokens of a JSON object with an id each. Error (model): a value is no id, a token is there twice, or
// there is none.
Result<TokenTable> read_token_ids(const Json* object, const std::string& file);

// What a tokenizer.json does with a text, in parts that have a type each: those of a "Sequence", or the one.
std::vector<const Json*> parts_of(const Json* stage, const char* list);

// Whether `stage` is of this type.
bool is_type(const Json* stage, std::string_view type);

}  // namespace ink
