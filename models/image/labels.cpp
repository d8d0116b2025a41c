#include "models/image/labels.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <cctype>

#include "weights/message.h"

namespace ink {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(kWhite);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhite) + 1 - begin);
}

LabelKind kind_of(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name == "general") return LabelKind::general;
  if (name == "character") return LabelKind::character;
  return LabelKind::other;
}

Status apply_categories(std::string_view json, std::string_view json_name, Labels& labels) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  const Error wrong =
      model_error(json_name, R"(: expected [{"name":"General","start_index":0},...], found )", quote(json));
  if (document.HasParseError() || !document.IsArray()) return wrong;
  size_t before = 0;
  for (const rapidjson::Value& category : document.GetArray()) {
    if (!category.IsObject()) return wrong;
    const auto name = category.FindMember("name"), start = category.FindMember("start_index");
    if (name == category.MemberEnd() || !name->value.IsString() || start == category.MemberEnd() ||
        !start->value.IsUint64()) {
      return wrong;
    }
    const auto begin = static_cast<size_t>(start->value.GetUint64());
    if (begin < before || begin > labels.size()) {
      return model_error(json_name, ": the category ", quote(name->value.GetString()), " starts at ", begin,
                         ", expected ", before, " to ", labels.size());
    }
    before = begin;
    std::fill(labels.kinds.begin() + static_cast<ptrdiff_t>(begin), labels.kinds.end(),
              kind_of({name->value.GetString(), name->value.GetStringLength()}));
  }
  labels.categories = true;
  return {};
}

}  // namespace

Result<Labels> parse_labels(std::string_view tags, std::string_view tags_name, std::string_view categories,
                            std::string_view categories_name) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (tags.starts_with(kByteOrderMark)) tags.remove_prefix(kByteOrderMark.size());
  Labels labels;
  while (!tags.empty()) {
    const size_t end = std::min(tags.find('\n'), tags.size());
    if (const std::string_view name = trimmed(tags.substr(0, end)); !name.empty()) {
      labels.names.emplace_back(name);
    }
    tags.remove_prefix(std::min(end + 1, tags.size()));
  }
  if (labels.names.empty()) return model_error(tags_name, ": expected the name of a tag a line, found none");
  labels.kinds.resize(labels.size(), LabelKind::general);
  if (!categories.empty()) INK_TRY_STATUS(apply_categories(categories, categories_name, labels));
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels.names[i].starts_with("rating:")) labels.kinds[i] = LabelKind::rating;
  }
  return labels;
}

}  // namespace ink
