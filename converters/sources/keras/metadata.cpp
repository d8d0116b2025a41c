#include "converters/sources/keras/metadata.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "weights/message.h"

namespace ink::keras {

namespace {

class Handler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Handler> {
 public:
  bool Default() {
    wanted_ = false;
    return depth_ > 0;
  }
  bool StartObject() {
    wanted_ = false;
    return ++depth_ > 0;
  }
  bool EndObject(rapidjson::SizeType) { return depth_-- > 0; }
  bool StartArray() {
    wanted_ = false;
    return depth_++ > 0;
  }
  bool EndArray(rapidjson::SizeType) { return depth_-- > 0; }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    wanted_ = depth_ == 1 && std::string_view(text, length) == "keras_version";
    return true;
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    if (wanted_) version.assign(text, length);
    return Default();
  }

  std::string version;

 private:
  size_t depth_ = 0;
  bool wanted_ = false;
};

}  // namespace

Result<std::string> version_of(std::string_view json, const std::string& origin) {
  rapidjson::MemoryStream memory(json.data(), json.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(memory);
  rapidjson::Reader reader;
  Handler handler;
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, handler);
  if (!result.IsError()) return std::move(handler.version);
  return model_error(origin, " is broken at offset ", result.Offset(), ": ",
                     result.Code() == rapidjson::kParseErrorTermination
                         ? "expected an object"
                         : rapidjson::GetParseError_En(result.Code()));
}

std::string layer_names_json(const std::map<std::string, std::string>& names_by_path) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.StartObject();
  for (const auto& [path, name] : names_by_path) {
    writer.Key(path.data(), static_cast<rapidjson::SizeType>(path.size()));
    writer.String(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  }
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace ink::keras
