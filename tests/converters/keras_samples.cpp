#include "tests/converters/keras_samples.h"

#include "converters/sources/hdf5/checksum.h"
#include "converters/sources/hdf5/file.h"
#include "weights/sniff.h"

namespace ink::test {

std::string keras_golden(const std::string& name) { return INK_GOLDENS_DIR "/keras/" + name; }

Result<std::unique_ptr<TensorSource>> open_keras(std::span<const std::byte> bytes,
                                                 const std::string& origin) {
  return sniff(bytes) == FileFormat::zip ? open_keras_zip(bytes, nullptr, origin)
                                         : open_keras_h5(bytes, nullptr, origin);
}

std::string refusal(std::span<const std::byte> bytes) {
  const auto source = open_keras(bytes, "f");
  if (!source.ok()) return source.error().message;
  for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
    const auto data = (*source)->read(i);
    if (!data.ok()) return data.error().message;
  }
  return "accepted";
}

SampleH5::SampleH5(const std::string& name) : bytes(read_file(keras_golden(name))), whole_(bytes) {}

void SampleH5::put(size_t at, size_t count, uint64_t value) {
  INK_CHECK(at + count <= bytes.size());
  for (size_t i = 0; i < count; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
}

size_t SampleH5::find(std::string_view text, size_t n) const {
  const std::string_view all(reinterpret_cast<const char*>(whole_.data()), whole_.size());
  size_t at = all.find(text);
  for (; n > 0 && at != all.npos; --n) at = all.find(text, at + 1);
  INK_CHECK(at != all.npos);
  return at;
}

size_t SampleH5::object(const std::string& path) const {
  const auto file = hdf5::File::open(whole_, "f");
  const hdf5::Object* const object = file->find(file->objects().front(), path);
  INK_CHECK(object != nullptr);
  return object->address;
}

size_t SampleH5::message(const std::string& path, hdf5::MessageType type) const {
  hdf5::Space space(whole_, "f");
  const auto messages = hdf5::read_object_header(space, object(path));
  const hdf5::Message* const message = hdf5::find(*messages, type);
  INK_CHECK(message != nullptr);
  return message->offset;
}

size_t SampleH5::continuation(const std::string& path) const {
  size_t at = object(path) + 16;
  constexpr uint64_t kContinuation = 16;
  while (get(at, 2) != kContinuation) at += 8 + get(at + 2, 2);
  return at + 8;
}

size_t SampleH5::chunk_tree(const std::string& path) const {
  return get(message(path, hdf5::MessageType::layout) + 3, 8);
}

void SampleH5::mend(size_t at, size_t size) {
  put(at + size, 4, hdf5::lookup3(std::span(bytes).subspan(at, size)));
}

}  // namespace ink::test
