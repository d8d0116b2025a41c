#include "models/config_json.h"

#include <rapidjson/document.h>

#include <algorithm>

#include "weights/message.h"

namespace ink {

struct ConfigReader::Document {
  rapidjson::Document json;

  const rapidjson::Value* find(const char* key) const {
    if (json.HasParseError() || !json.IsObject()) return nullptr;
    const auto found = json.FindMember(key);
    return found == json.MemberEnd() ? nullptr : &found->value;
  }
};

namespace {

bool fits(const rapidjson::Value& value, int least, int most) {
  return value.IsInt() && value.GetInt() >= least && value.GetInt() <= most;
}

}  // namespace

ConfigReader::ConfigReader(std::string_view json, std::string_view architecture, std::string_view origin)
    : document_(std::make_unique<Document>()),
      start_(concat(origin, ": inkstone.config of the architecture ", architecture, ": ")) {
  document_->json.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document_->json.HasParseError() || !document_->json.IsObject()) {
    status_ = model_error(start_, "expected a JSON object, found ", quote(json.substr(0, 100)));
  }
}

ConfigReader::~ConfigReader() = default;

void ConfigReader::fail(std::string_view key, std::string_view expected) {
  if (status_.ok()) status_ = model_error(start_, "expected ", quote(key), " to be ", expected);
}

int ConfigReader::integer(const char* key, int least, int most) {
  const rapidjson::Value* value = document_->find(key);
  if (value != nullptr && fits(*value, least, most)) return value->GetInt();
  fail(key, concat("an integer from ", least, " to ", most));
  return least;
}

bool ConfigReader::boolean(const char* key) {
  const rapidjson::Value* value = document_->find(key);
  if (value != nullptr && value->IsBool()) return value->GetBool();
  fail(key, "true or false");
  return false;
}

std::string ConfigReader::word(const char* key, std::initializer_list<std::string_view> words) {
  const rapidjson::Value* value = document_->find(key);
  if (value != nullptr && value->IsString()) {
    const std::string_view found(value->GetString(), value->GetStringLength());
    if (std::ranges::find(words, found) != words.end()) return std::string(found);
  }
  std::string expected;
  for (const std::string_view each : words) expected += concat(expected.empty() ? "" : " or ", quote(each));
  fail(key, expected);
  return std::string(*words.begin());
}

std::vector<int> ConfigReader::integers(const char* key, size_t fewest, size_t most_values, int least,
                                        int most) {
  const rapidjson::Value* value = document_->find(key);
  if (value != nullptr && value->IsArray() && value->Size() >= fewest && value->Size() <= most_values &&
      std::all_of(value->Begin(), value->End(), [&](const auto& item) { return fits(item, least, most); })) {
    std::vector<int> values;
    for (const auto& item : value->GetArray()) values.push_back(item.GetInt());
    return values;
  }
  fail(key, concat(fewest, " to ", most_values, " integers from ", least, " to ", most));
  return std::vector<int>(fewest, least);
}

std::vector<double> ConfigReader::numbers(const char* key, size_t fewest, size_t most_values, double least,
                                          double most) {
  const rapidjson::Value* value = document_->find(key);
  const auto fits = [&](const rapidjson::Value& item) {
    return item.IsNumber() && item.GetDouble() >= least && item.GetDouble() <= most;
  };
  if (value != nullptr && value->IsArray() && value->Size() >= fewest && value->Size() <= most_values &&
      std::all_of(value->Begin(), value->End(), fits)) {
    std::vector<double> values;
    for (const auto& item : value->GetArray()) values.push_back(item.GetDouble());
    return values;
  }
  fail(key, concat(fewest, " to ", most_values, " numbers from ", std::to_string(least), " to ",
                   std::to_string(most)));
  return std::vector<double>(fewest, least);
}

void ConfigReader::expect(bool holds, std::string_view what) {
  if (!holds && status_.ok()) status_ = model_error(start_, "expected ", what);
}

}  // namespace ink
