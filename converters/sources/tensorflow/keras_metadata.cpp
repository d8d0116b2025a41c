#include "converters/sources/tensorflow/protobuf.h"
#include "converters/sources/tensorflow/tensorflow.h"

namespace ink {

namespace {

constexpr std::string_view kRoot = "root";

struct SavedObject {
  std::string_view path, json;
};

Result<SavedObject> read_object(ProtoReader reader) {
  constexpr uint32_t kPath = 3, kJson = 5;
  SavedObject object;
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) return object;
    if (reader.number() != kPath && reader.number() != kJson) continue;
    INK_TRY_STATUS(reader.once());
    INK_TRY((reader.number() == kPath ? object.path : object.json), reader.text());
  }
}

}  // namespace

Result<std::string> read_keras_metadata(std::span<const std::byte> bytes, const std::string& origin) {
  std::string_view json;
  ProtoReader reader(bytes, {&origin, 0}, "Keras' metadata");
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) return std::string(json);
    if (reader.number() != 1) continue;
    INK_TRY(const ProtoReader message, reader.message("the object of Keras"));
    INK_TRY(const SavedObject object, read_object(message));
    if (object.path != kRoot) continue;
    if (!json.empty()) return reader.error("has a second model");
    json = object.json;
  }
}

}  // namespace ink
