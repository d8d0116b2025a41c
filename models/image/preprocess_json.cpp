#include <rapidjson/document.h>

#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "models/image/preprocess.h"
#include "weights/message.h"

namespace ink {
namespace {

// Names in the order of each enum.
constexpr std::string_view kDecoders[] = {"pillow", "tensorflow", "torchvision"};
constexpr std::string_view kRgbRules[] = {"first", "last"};
constexpr std::string_view kAlphaRules[] = {"drop", "white"};
constexpr std::string_view kKinds[] = {"none", "stretch", "shorter", "pad"};
constexpr std::string_view kResizers[] = {"pillow", "tensorflow", "torchvision"};
constexpr std::string_view kFilters[] = {"nearest", "bilinear", "bicubic", "lanczos", "area"};
constexpr std::string_view kRoundings[] = {"even", "down"};
constexpr std::string_view kScales[] = {"none", "divide", "multiply"};

constexpr int kMostSide = 16384;

// The description, field by field, in the order of the text.
template <class How, class Visit>
void visit_fields(How& how, Visit visit) {
  visit("decoder", how.decoder, kDecoders);
  visit("rgb", how.rgb, kRgbRules);
  visit("alpha", how.alpha, kAlphaRules);
  visit("square", how.square);
  visit("resize", how.resize, kKinds);
  visit("resizer", how.resizer, kResizers);
  visit("filter", how.filter, kFilters);
  visit("antialias", how.antialias);
  visit("size", how.size);
  visit("crop", how.crop);
  visit("crop_rounding", how.crop_rounding, kRoundings);
  visit("normalize_first", how.normalize_first);
  visit("bgr", how.bgr);
  visit("scale", how.scale, kScales);
  visit("scale_by", how.scale_by);
  visit("mean", how.mean);
  visit("std", how.std);
  visit("std_twice", how.std_twice);
}

std::string number(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

struct Writer {
  std::string text = "{";

  void key(std::string_view name) { text += (text.size() > 1 ? ",\"" : "\"") + std::string(name) + "\":"; }
  template <class Enum, size_t kCount>
  void operator()(std::string_view name, const Enum& value, const std::string_view (&names)[kCount]) {
    key(name);
    text.append("\"").append(names[static_cast<size_t>(value)]).append("\"");
  }
  void operator()(std::string_view name, const bool& value) {
    key(name);
    text += value ? "true" : "false";
  }
  void operator()(std::string_view name, const double& value) {
    key(name);
    text += number(value);
  }
  void operator()(std::string_view name, const PictureSize& size) {
    key(name);
    text.append("[").append(std::to_string(size.w)).append(",").append(std::to_string(size.h)).append("]");
  }
  void operator()(std::string_view name, const std::array<double, 3>& values) {
    key(name);
    for (size_t c = 0; c < 3; ++c) text.append(c == 0 ? "[" : ",").append(number(values[c]));
    text += "]";
  }
};

// Reads the fields that the text has; keeps the first that cannot be read.
struct Reader {
  const rapidjson::Value& object;
  size_t found = 0;
  std::string wrong;  // "KEY: expected WHAT"

  const rapidjson::Value* find(std::string_view name) {
    const auto at =
        object.FindMember(rapidjson::Value(name.data(), static_cast<rapidjson::SizeType>(name.size())));
    if (at == object.MemberEnd()) return nullptr;
    ++found;
    return &at->value;
  }
  void expect(bool read, std::string_view name, const std::string& what) {
    if (!read && wrong.empty()) wrong = concat("\"", name, "\": expected ", what);
  }

  template <class Enum, size_t kCount>
  void operator()(std::string_view name, Enum& value, const std::string_view (&names)[kCount]) {
    const rapidjson::Value* json = find(name);
    if (json == nullptr) return;
    std::string all;
    bool read = false;
    for (size_t i = 0; i < kCount; ++i) {
      all += (i == 0 ? "" : i + 1 == kCount ? " or " : ", ") + std::string(names[i]);
      if (!json->IsString() || names[i] != std::string_view(json->GetString(), json->GetStringLength())) {
        continue;
      }
      value = static_cast<Enum>(i);
      read = true;
    }
    expect(read, name, all);
  }
  void operator()(std::string_view name, bool& value) {
    const rapidjson::Value* json = find(name);
    if (json == nullptr) return;
    expect(json->IsBool(), name, "true or false");
    if (json->IsBool()) value = json->GetBool();
  }
  void operator()(std::string_view name, double& value) {
    const rapidjson::Value* json = find(name);
    if (json == nullptr) return;
    expect(json->IsNumber(), name, "a number");
    if (json->IsNumber()) value = json->GetDouble();
  }
  void operator()(std::string_view name, PictureSize& size) {
    const rapidjson::Value* json = find(name);
    if (json == nullptr) return;
    const bool read = json->IsArray() && json->Size() == 2 && (*json)[0].IsInt() && (*json)[1].IsInt();
    expect(read, name, "[width, height]");
    if (read) size = {(*json)[0].GetInt(), (*json)[1].GetInt()};
  }
  void operator()(std::string_view name, std::array<double, 3>& values) {
    const rapidjson::Value* json = find(name);
    if (json == nullptr) return;
    bool read = json->IsArray() && json->Size() == 3;
    for (rapidjson::SizeType c = 0; read && c < 3; ++c) read = (*json)[c].IsNumber();
    expect(read, name, "three numbers");
    for (rapidjson::SizeType c = 0; read && c < 3; ++c) values[c] = (*json)[c].GetDouble();
  }
};

bool is_side(int side) { return side >= 1 && side <= kMostSide; }

std::string why_impossible(const ImagePreprocess& how) {
  const bool pillow = how.resizer == Resizer::pillow;
  const bool sized = how.resize != ResizeKind::none;
  if (sized && (!is_side(how.size.w) || !is_side(how.size.h))) {
    return "\"size\": expected sides of 1 to " + std::to_string(kMostSide);
  }
  if (how.crop != PictureSize{} && (!is_side(how.crop.w) || !is_side(how.crop.h))) {
    return "\"crop\": expected sides of 1 to " + std::to_string(kMostSide) + ", or 0 and 0";
  }
  if (!std::isfinite(how.scale_by) || static_cast<float>(how.scale_by) == 0) {
    return "\"scale_by\": expected a finite number that is not 0";
  }
  for (size_t c = 0; c < 3; ++c) {
    if (!std::isfinite(static_cast<float>(how.mean[c]))) return "\"mean\": expected finite numbers";
    const auto std = static_cast<float>(how.std[c]);
    if (!std::isfinite(std) || std == 0) return "\"std\": expected finite numbers that are not 0";
  }
  if (how.filter == ResizeFilter::area && how.resizer != Resizer::tensorflow && sized) {
    return "\"filter\": only tensorflow has area";
  }
  if (how.filter == ResizeFilter::lanczos && how.resizer == Resizer::torchvision && sized) {
    return "\"filter\": torchvision has no lanczos for floats";
  }
  if (how.rgb == RgbRule::last && !pillow) return "\"rgb\": only pillow resizes in a mode that is not RGB";
  if (how.normalize_first && pillow) return "\"normalize_first\": pillow resizes no floats";
  if (how.resize == ResizeKind::pad && pillow) return "\"resize\": pillow has no pad";
  if (how.resize == ResizeKind::pad && how.crop != PictureSize{})
    return "\"crop\": nothing is cut off after pad";
  return {};
}

}  // namespace

Status ImagePreprocess::check(std::string_view origin) const {
  const std::string wrong = why_impossible(*this);
  if (wrong.empty()) return {};
  return Error{ErrorKind::model, std::string(origin) + ": " + wrong};
}

std::string ImagePreprocess::json() const {
  Writer writer;
  visit_fields(*this, [&](auto&&... field) { writer(field...); });
  return writer.text + "}";
}

Result<ImagePreprocess> ImagePreprocess::from_json(std::string_view json, std::string_view origin) {
  const auto refuse = [&](const std::string& what) {
    return Error{ErrorKind::model, std::string(origin) + ": " + what};
  };
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError() || !document.IsObject()) {
    return refuse("expected a JSON object that describes a picture's preprocessing, found " +
                  std::string(json.substr(0, 80)));
  }
  ImagePreprocess how;
  Reader reader{document, 0, {}};
  visit_fields(how, [&](auto&&... field) { reader(field...); });
  if (!reader.wrong.empty()) return refuse(reader.wrong);
  if (reader.found != document.MemberCount()) {
    bool known = false;
    for (const auto& member : std::as_const(document).GetObject()) {
      const std::string_view name(member.name.GetString(), member.name.GetStringLength());
      known = false;
      visit_fields(how, [&](std::string_view field, auto&&...) { known |= field == name; });
      if (!known) return refuse(std::string("unknown key \"") + std::string(name.substr(0, 40)) + "\"");
    }
    return refuse("a key is there twice");
  }
  INK_TRY_STATUS(how.check(origin));
  return how;
}

}  // namespace ink
