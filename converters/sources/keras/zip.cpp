#include <algorithm>

#include "converters/sources/keras/keras.h"
#include "converters/sources/keras/metadata.h"
#include "converters/sources/keras/source.h"
#include "weights/message.h"
#include "weights/zip.h"

namespace ink {

namespace {

constexpr std::string_view kWeights = "model.weights.h5", kConfig = "config.json",
                           kMetadata = "metadata.json";

struct Content {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

// A stored member is borrowed once its checksum is right, a deflated one unpacked.
Result<Content> content_of(const ZipReader& zip, const ZipMember& member,
                           const std::shared_ptr<const void>& owner) {
  if (member.deflated) {
    INK_TRY(std::vector<std::byte> unpacked, zip.read(member));
    auto own = std::make_shared<const std::vector<std::byte>>(std::move(unpacked));
    return Content{*own, own};
  }
  INK_TRY_STATUS(zip.check_stored(member));
  return Content{member.data, owner};
}

Result<std::string> text_of(const ZipReader& zip, const ZipMember& member) {
  INK_TRY(const std::vector<std::byte> bytes, zip.read(member));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

Result<std::unique_ptr<TensorSource>> open_keras_zip(std::span<const std::byte> bytes,
                                                     std::shared_ptr<const void> owner,
                                                     const std::string& origin, const ModelLimits& limits) {
  INK_TRY(const ZipReader zip, ZipReader::open(bytes, origin, limits));
  const ZipMember* const weights = zip.find(kWeights);
  if (weights == nullptr) {
    const bool other = zip.find("model.weights.npz") != nullptr || zip.find("model.weights.json") != nullptr;
    return model_error(
        origin, ": the zip archive has no member ", quote(kWeights),
        other ? ": weights as .npz or in several files are not supported" : ", which one of Keras has");
  }
  INK_TRY(Content content, content_of(zip, *weights, owner));
  const std::string inner = member_origin(origin, *weights);
  auto source = std::make_unique<keras::Source>(origin, inner, content.owner);
  INK_TRY(hdf5::File file, hdf5::File::open(content.bytes, inner, limits));
  INK_TRY_STATUS(keras::read_h5(std::move(file), limits, *source));
  source->set_format("Keras zip");
  for (const ZipMember& member : zip.members()) {
    if (member.name == kWeights) continue;
    if (member.name != kConfig && member.name != kMetadata) {
      source->add_unknown(concat(member.name, ": ", member.size, " bytes"));
      continue;
    }
    INK_TRY(std::string text, text_of(zip, member));
    if (member.name == kMetadata) {
      INK_TRY(const std::string version, keras::version_of(text, member_origin(origin, member)));
      if (!version.empty()) source->set_producer("Keras " + version);
    }
    source->add_text(member.name, std::move(text));
  }
  return std::unique_ptr<TensorSource>(std::move(source));
}

}  // namespace ink
