#include "converters/sources/huggingface/json_walk.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <utility>
#include <vector>

#include "weights/message.h"

namespace ink {

namespace {

constexpr size_t kDeepest = 64;

class Walker : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Walker> {
 public:
  explicit Walker(FunctionRef<Status(const JsonValue&)> visit) : visit_(visit) {}

  bool Default() { return value(JsonValue::Kind::number, {}); }
  bool Null() { return value(JsonValue::Kind::null, {}); }
  bool Bool(bool) { return value(JsonValue::Kind::boolean, {}); }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return value(JsonValue::Kind::string, {text, length});
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    path_.back().assign(text, length);
    return true;
  }
  bool StartObject() { return begin(JsonValue::Kind::object); }
  bool EndObject(rapidjson::SizeType) { return end(); }
  bool StartArray() { return begin(JsonValue::Kind::array); }
  bool EndArray(rapidjson::SizeType) { return end(); }

  const std::string& error() const { return error_; }

 private:
  bool value(JsonValue::Kind kind, std::string_view text) {
    if (!next_.empty() && next_.back().in_array) path_.back() = std::to_string(next_.back().index++);
    const Status status = visit_({path_, kind, text});
    if (!status.ok()) error_ = status.error().message;
    return status.ok();
  }
  bool begin(JsonValue::Kind kind) {
    if (next_.size() == kDeepest) {
      error_ = concat("nested more than ", kDeepest, " deep");
      return false;
    }
    if (!value(kind, {})) return false;
    next_.push_back({kind == JsonValue::Kind::array, 0});
    path_.emplace_back();
    return true;
  }
  bool end() {
    next_.pop_back();
    path_.pop_back();
    return true;
  }

  struct Level {
    bool in_array;
    size_t index;
  };
  FunctionRef<Status(const JsonValue&)> visit_;
  std::vector<std::string> path_;
  std::vector<Level> next_;
  std::string error_;
};

}  // namespace

Status walk_json(std::string_view json, const std::string& origin,
                 FunctionRef<Status(const JsonValue&)> visit) {
  // The JSON reader takes NUL for the end of its input.
  if (const size_t nul = json.find('\0'); nul != std::string_view::npos) {
    return model_error(origin, ": the JSON has a NUL byte at offset ", nul);
  }
  rapidjson::MemoryStream memory(json.data(), json.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(memory);
  rapidjson::Reader reader;
  Walker walker(visit);
  // Python's own JSON writes NaN and Infinity, and configurations have them.
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNanAndInfFlag;
  const rapidjson::ParseResult parsed = reader.Parse<kFlags>(stream, walker);
  if (!parsed.IsError()) return {};
  const bool refused = parsed.Code() == rapidjson::kParseErrorTermination;
  return model_error(origin, ": the JSON is broken at offset ", parsed.Offset(), ": ",
                     refused ? walker.error() : rapidjson::GetParseError_En(parsed.Code()));
}

}  // namespace ink
