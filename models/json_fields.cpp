#include "models/json_fields.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <charconv>

#include "weights/message.h"

namespace ink {

namespace {

std::string shortest(double value) {
  char digits[32];
  return {digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr};
}

}  // namespace

struct JsonFields::Impl {
  rapidjson::Document document;

  const rapidjson::Value* find(std::string_view path) const {
    const rapidjson::Value* value = &document;
    while (true) {
      if (!value->IsObject()) return nullptr;
      const std::string_view key = path.substr(0, path.find('.'));
      const rapidjson::Value name(
          rapidjson::StringRef(key.data(), static_cast<rapidjson::SizeType>(key.size())));
      const auto member = value->FindMember(name);
      if (member == value->MemberEnd()) return nullptr;
      value = &member->value;
      if (key.size() == path.size()) return value->IsNull() ? nullptr : value;
      path.remove_prefix(key.size() + 1);
    }
  }
};

JsonFields::JsonFields(std::string_view json, std::string origin)
    : impl_(std::make_unique<Impl>()), origin_(std::move(origin)) {
  impl_->document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(json.data(),
                                                                                                json.size());
  if (impl_->document.HasParseError()) {
    status_ =
        model_error(origin_, ": not JSON: ", rapidjson::GetParseError_En(impl_->document.GetParseError()),
                    " Offset ", impl_->document.GetErrorOffset());
  } else if (!impl_->document.IsObject()) {
    status_ = model_error(origin_, ": expected a JSON object");
  }
  if (!status_.ok()) impl_->document.SetObject();
}

JsonFields::~JsonFields() = default;
JsonFields::JsonFields(JsonFields&&) noexcept = default;
JsonFields& JsonFields::operator=(JsonFields&&) noexcept = default;

bool JsonFields::has(std::string_view path) const { return impl_->find(path) != nullptr; }

void JsonFields::refuse(std::string_view path, std::string_view expected) {
  if (status_.ok()) status_ = model_error(origin_, ": ", quote(path), ": expected ", expected);
}

int JsonFields::integer(std::string_view path, int64_t least, int64_t most) {
  const rapidjson::Value* value = impl_->find(path);
  if (value != nullptr && value->IsInt64() && value->GetInt64() >= least && value->GetInt64() <= most) {
    return static_cast<int>(value->GetInt64());
  }
  refuse(path, concat("an integer from ", least, " to ", most));
  return static_cast<int>(least);
}

double JsonFields::number(std::string_view path, double least, double most) {
  const rapidjson::Value* value = impl_->find(path);
  if (value != nullptr && value->IsNumber() && value->GetDouble() >= least && value->GetDouble() <= most) {
    return value->GetDouble();
  }
  refuse(path, concat("a number from ", std::to_string(least), " to ", std::to_string(most)));
  return least;
}

bool JsonFields::flag(std::string_view path) {
  const rapidjson::Value* value = impl_->find(path);
  if (value != nullptr && value->IsBool()) return value->GetBool();
  refuse(path, "true or false");
  return false;
}

std::string JsonFields::text(std::string_view path) {
  const rapidjson::Value* value = impl_->find(path);
  if (value != nullptr && value->IsString()) return {value->GetString(), value->GetStringLength()};
  refuse(path, "a text");
  return {};
}

int JsonFields::integer_or(std::string_view path, int otherwise, int64_t least, int64_t most) {
  return has(path) ? integer(path, least, most) : otherwise;
}
double JsonFields::number_or(std::string_view path, double otherwise, double least, double most) {
  return has(path) ? number(path, least, most) : otherwise;
}
bool JsonFields::flag_or(std::string_view path, bool otherwise) { return has(path) ? flag(path) : otherwise; }
std::string JsonFields::text_or(std::string_view path, std::string_view otherwise) {
  return has(path) ? text(path) : std::string(otherwise);
}

void JsonObject::key(std::string_view key) {
  members_ += concat(members_.empty() ? "\"" : ",\"", key, "\":");
}

JsonObject& JsonObject::integer(std::string_view name, int64_t value) {
  key(name);
  members_ += std::to_string(value);
  return *this;
}

JsonObject& JsonObject::number(std::string_view name, double value) {
  key(name);
  members_ += shortest(value);
  return *this;
}

JsonObject& JsonObject::flag(std::string_view name, bool value) {
  key(name);
  members_ += value ? "true" : "false";
  return *this;
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  key(name);
  members_ += concat("\"", value, "\"");
  return *this;
}

JsonObject& JsonObject::object(std::string_view name, const JsonObject& value) {
  key(name);
  members_ += value.json();
  return *this;
}

JsonObject& JsonObject::integers(std::string_view name, const std::vector<int>& values) {
  key(name);
  std::string list;
  for (const int value : values) list += concat(list.empty() ? "" : ",", value);
  members_ += concat("[", list, "]");
  return *this;
}

JsonObject& JsonObject::numbers(std::string_view name, const std::vector<double>& values) {
  key(name);
  std::string list;
  for (const double value : values) list += concat(list.empty() ? "" : ",", shortest(value));
  members_ += concat("[", list, "]");
  return *this;
}

}  // namespace ink
