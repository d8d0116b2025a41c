#include "weights/safetensors_header.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <limits>
#include <optional>
#include <unordered_set>

#include "weights/message.h"

namespace ink {

namespace {

constexpr std::string_view kMetadata = "__metadata__";

std::optional<DType> dtype_of(std::string_view name) {
  for (const DType type : {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i64, DType::i32,
                           DType::i16, DType::i8, DType::u8, DType::boolean}) {
    if (name == dtype_name(type)) return type;
  }
  return std::nullopt;
}

// Receives the JSON as events and refuses the first one that the format does not allow where it comes.
// Nesting is bounded by the states, of which none leads deeper than an array inside an entry.
class HeaderHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, HeaderHandler> {
 public:
  explicit HeaderHandler(const ModelLimits& limits) : limits_(limits) {}

  // Every event without a function of its own: null, true, negative and fractional numbers.
  bool Default() { return refuse("expected ", expectation()); }

  bool Uint(unsigned value) { return Uint64(value); }
  bool Uint64(uint64_t value) {
    if (state_ == State::shape) {
      if (value > uint64_t{std::numeric_limits<int64_t>::max()})
        return refuse("size ", value, " is too large");
      if (entry().shape.size() == limits_.tensor_rank) {
        return refuse("more than ", limits_.tensor_rank, " dimensions");
      }
      entry().shape.push_back(static_cast<int64_t>(value));
      return true;
    }
    if (state_ == State::offsets) {
      if (offsets_ == 2) return refuse("data_offsets has more than 2 numbers");
      (offsets_ == 0 ? entry().begin : entry().end) = value;
      ++offsets_;
      return true;
    }
    return Default();
  }

  bool String(const char* text, rapidjson::SizeType length, bool) {
    const std::string_view value(text, length);
    if (state_ == State::metadata_value) {
      header.metadata.emplace(key_, value);
      state_ = State::metadata;
      return true;
    }
    if (state_ == State::dtype) {
      const std::optional<DType> dtype = dtype_of(value);
      if (!dtype) return refuse("type ", quote(value), " is not supported");
      entry().dtype = *dtype;
      state_ = State::entry;
      return true;
    }
    return Default();
  }

  bool Key(const char* text, rapidjson::SizeType length, bool) {
    const std::string_view key(text, length);
    if (key.find('\0') != std::string_view::npos) return refuse("the name ", quote(key), " contains NUL");
    switch (state_) {
      case State::root:
        if (!names_.emplace(key).second) return refuse("the name ", quote(key), " is there twice");
        if (key == kMetadata) {
          state_ = State::metadata_start;
          return true;
        }
        if (header.entries.size() == limits_.tensors)
          return refuse("more than ", limits_.tensors, " tensors");
        header.entries.push_back({std::string(key), DType::f32, {}, 0, 0});
        seen_ = {};
        state_ = State::entry_start;
        return true;
      case State::metadata:
        if (header.metadata.contains(key)) return refuse("the metadata key ", quote(key), " is there twice");
        key_ = key;
        state_ = State::metadata_value;
        return true;
      case State::entry: return field(key);
      default: return Default();
    }
  }

  bool StartObject() {
    switch (state_) {
      case State::start: state_ = State::root; return true;
      case State::entry_start: state_ = State::entry; return true;
      case State::metadata_start: state_ = State::metadata; return true;
      default: return Default();
    }
  }

  bool EndObject(rapidjson::SizeType) {
    if (state_ == State::root) {
      state_ = State::done;
      return true;
    }
    if (state_ == State::entry) {
      for (size_t i = 0; i < kFields.size(); ++i) {
        if (!seen_[i]) return refuse(kFields[i], " is missing");
      }
    }
    state_ = State::root;
    return true;
  }

  bool StartArray() {
    if (state_ == State::shape_start) {
      state_ = State::shape;
      return true;
    }
    if (state_ == State::offsets_start) {
      offsets_ = 0;
      state_ = State::offsets;
      return true;
    }
    return Default();
  }

  bool EndArray(rapidjson::SizeType) {
    if (state_ == State::offsets && offsets_ != 2) return refuse("data_offsets has not 2 numbers");
    state_ = State::entry;
    return true;
  }

  const std::string& error() const { return error_; }

  SafetensorsHeader header;

 private:
  enum class State {
    start,
    root,
    metadata_start,
    metadata,
    metadata_value,
    entry_start,
    entry,
    dtype,
    shape_start,
    shape,
    offsets_start,
    offsets,
    done,
  };
  static constexpr std::array<std::string_view, 3> kFields = {"dtype", "shape", "data_offsets"};

  SafetensorsEntry& entry() { return header.entries.back(); }

  bool field(std::string_view key) {
    constexpr std::array kNext = {State::dtype, State::shape_start, State::offsets_start};
    for (size_t i = 0; i < kFields.size(); ++i) {
      if (key != kFields[i]) continue;
      if (seen_[i]) return refuse(key, " is there twice");
      seen_[i] = true;
      state_ = kNext[i];
      return true;
    }
    return refuse("the key ", quote(key), " is unknown");
  }

  std::string_view expectation() const {
    switch (state_) {
      case State::metadata_value: return "a string";
      case State::dtype: return "the name of a type";
      case State::shape_start: return "an array of sizes";
      case State::offsets_start: return "an array of 2 offsets";
      case State::shape:
      case State::offsets: return "a whole number from 0 to 2^64 - 1";
      default: return "an object";
    }
  }

  template <class... Parts>
  bool refuse(const Parts&... parts) {
    const bool in_entry = state_ >= State::entry_start && state_ < State::done;
    if (in_entry) error_ = concat("tensor ", quote(entry().name), ": ");
    if (state_ == State::metadata_value) error_ = concat("metadata ", quote(key_), ": ");
    error_ += concat(parts...);
    return false;
  }

  const ModelLimits& limits_;
  State state_ = State::start;
  std::unordered_set<std::string> names_;
  std::string key_;
  std::array<bool, 3> seen_ = {};
  int offsets_ = 0;
  std::string error_;
};

}  // namespace

Result<SafetensorsHeader> parse_safetensors_header(std::string_view json, const std::string& origin,
                                                   const ModelLimits& limits) {
  constexpr size_t kStart = 8;  // where the JSON begins in the file
  if (!json.starts_with('{')) return model_error(origin, ": the header at offset 8 does not begin with '{'");
  // The JSON reader takes NUL for the end of its input.
  if (const size_t nul = json.find('\0'); nul != std::string_view::npos) {
    return model_error(origin, ": the header has a NUL byte at offset ", kStart + nul);
  }
  rapidjson::MemoryStream memory(json.data(), json.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(memory);
  rapidjson::Reader reader;
  HeaderHandler handler(limits);
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  const rapidjson::ParseResult parsed = reader.Parse<kFlags>(stream, handler);
  if (parsed.IsError()) {
    const bool refused = parsed.Code() == rapidjson::kParseErrorTermination;
    return model_error(origin, ": the header is broken at offset ", kStart + parsed.Offset(), ": ",
                       refused ? handler.error() : rapidjson::GetParseError_En(parsed.Code()));
  }
  return std::move(handler.header);
}

Result<std::string> safetensors_header_json(const SafetensorsHeader& header) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>, rapidjson::CrtAllocator,
                    rapidjson::kWriteValidateEncodingFlag>
      writer(buffer);
  const auto string = [&writer](std::string_view text) {
    return writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  };
  const auto not_utf8 = [](std::string_view what, std::string_view text) {
    return model_error("the ", what, " ", quote(text), " is not UTF-8 and cannot be written");
  };
  writer.StartObject();
  if (!header.metadata.empty()) {
    string(kMetadata);
    writer.StartObject();
    for (const auto& [key, value] : header.metadata) {
      if (!string(key)) return not_utf8("metadata key", key);
      if (!string(value)) return not_utf8("metadata text", value);
    }
    writer.EndObject();
  }
  for (const SafetensorsEntry& entry : header.entries) {
    if (entry.name == kMetadata || entry.name.find('\0') != std::string::npos) {
      return model_error("a tensor cannot be named ", quote(entry.name));
    }
    if (!string(entry.name)) return not_utf8("tensor name", entry.name);
    writer.StartObject();
    string("dtype");
    string(dtype_name(entry.dtype));
    string("shape");
    writer.StartArray();
    for (const int64_t size : entry.shape) writer.Int64(size);
    writer.EndArray();
    string("data_offsets");
    writer.StartArray();
    writer.Uint64(entry.begin);
    writer.Uint64(entry.end);
    writer.EndArray();
    writer.EndObject();
  }
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace ink
