#include "converters/sources/hdf5/attribute.h"

#include <algorithm>

#include "converters/sources/hdf5/dense.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kWhat = "an attribute";
constexpr std::string_view kCollection = "a collection of the global heap";
constexpr size_t kMostAttributes = 65536;

uint64_t padded(uint64_t size) { return (size + 7) / 8 * 8; }

Result<Attribute> read_attribute(ByteReader reader) {
  const uint64_t offset = reader.offset();
  INK_TRY(const uint64_t version, number(reader, 1, kWhat));
  INK_TRY(const uint64_t flags, number(reader, 1, kWhat));
  INK_TRY(const uint64_t name_bytes, number(reader, 2, kWhat));
  INK_TRY(const uint64_t type_bytes, number(reader, 2, kWhat));
  INK_TRY(const uint64_t space_bytes, number(reader, 2, kWhat));
  if (version < 1 || version > 3) {
    return model_error(reader.file(), ": ", kWhat, " at offset ", offset, " has the version ", version,
                       ", supported: 1 to 3");
  }
  if (flags != 0) {
    return model_error(reader.file(), ": ", kWhat, " at offset ", offset,
                       version == 1 ? " has unknown flags"
                                    : " shares its type or shape with another object, "
                                      "which is not supported");
  }
  if (version == 3) {
    INK_TRY(const uint64_t charset, number(reader, 1, kWhat));
    if (charset > 1) {
      return model_error(reader.file(), ": ", kWhat, " at offset ", offset, " has the unknown character set ",
                         charset);
    }
  }
  const auto part = [&](uint64_t size) -> Result<ByteReader> {
    const uint64_t begin = reader.offset();
    INK_TRY(const std::span<const std::byte> raw, reader.bytes(version == 1 ? padded(size) : size, kWhat));
    return ByteReader(raw.first(static_cast<size_t>(size)), reader.file(), begin);
  };
  Attribute attribute;
  INK_TRY(ByteReader name, part(name_bytes));
  INK_TRY(const std::span<const std::byte> letters, name.bytes(name_bytes, kWhat));
  if (name_bytes < 2 || std::ranges::find(letters, std::byte{0}) != letters.end() - 1) {
    return model_error(reader.file(), ": ", kWhat, " at offset ", offset,
                       " has a name that does not end in NUL");
  }
  attribute.name.assign(reinterpret_cast<const char*>(letters.data()), letters.size() - 1);
  INK_TRY(ByteReader type, part(type_bytes));
  INK_TRY(attribute.type, read_datatype(type));
  INK_TRY_STATUS(expect_end(type, "the datatype of an attribute"));
  INK_TRY(ByteReader space, part(space_bytes));
  INK_TRY(attribute.space, read_dataspace(space));
  INK_TRY_STATUS(expect_end(space, "the dataspace of an attribute"));
  if (attribute.space.most != attribute.space.dims) {
    return model_error(reader.file(), ": ", kWhat, " at offset ", offset,
                       " is smaller than its own limit, though it cannot grow");
  }
  attribute.offset = reader.offset();
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(attribute.space.elements, attribute.type.size, &bytes)) bytes = kUndefined;
  INK_TRY(attribute.data, reader.bytes(bytes, "the data of an attribute"));
  INK_TRY_STATUS(expect_end(reader, kWhat));
  return attribute;
}

// "text\0\0\0" -> "text"
std::string_view unpadded(std::span<const std::byte> raw, bool space_padded) {
  std::string_view text(reinterpret_cast<const char*>(raw.data()), raw.size());
  text = text.substr(0, text.find('\0'));
  while (space_padded && text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<std::vector<Attribute>> read_attributes(Space& space, std::span<const Message> messages) {
  std::vector<Attribute> attributes;
  const auto add = [&](ByteReader reader) -> Status {
    INK_TRY(Attribute attribute, read_attribute(std::move(reader)));
    if (attributes.size() == kMostAttributes) {
      return model_error(space.origin(), ": the attribute ", quote(attribute.name), " with data at offset ",
                         attribute.offset, " is one of more than ", kMostAttributes, " of an object");
    }
    attributes.push_back(std::move(attribute));
    return {};
  };
  for (const Message& message : messages) {
    if (message.type == MessageType::attribute) INK_TRY_STATUS(add(message.reader(space)));
  }
  if (const Message* info = find(messages, MessageType::attribute_info)) {
    ByteReader reader = info->reader(space);
    INK_TRY(const DenseStorage dense, read_dense_info(reader, DenseStorage::Of::attributes));
    INK_TRY(const std::vector<ByteReader> bodies, read_dense(space, dense));
    for (const ByteReader& body : bodies) INK_TRY_STATUS(add(body));
  }
  std::ranges::sort(attributes, {}, &Attribute::name);
  const auto twice = std::ranges::adjacent_find(attributes, {}, &Attribute::name);
  if (twice != attributes.end()) {
    return model_error(space.origin(), ": the attribute ", quote(twice->name), " with data at offset ",
                       twice->offset, " is there twice");
  }
  return attributes;
}

Result<const GlobalHeap::Collection*> GlobalHeap::collection(uint64_t address) {
  if (const auto found = collections_.find(address); found != collections_.end()) return &found->second;
  INK_TRY(ByteReader head, space_.at(address, 16, kCollection));
  INK_TRY(const uint32_t mark, head.u32(kCollection));
  INK_TRY(const uint64_t version, number(head, 4, kCollection));
  INK_TRY(const uint64_t size, head.u64(kCollection));
  constexpr uint32_t kMark = 0x4c4f4347;  // "GCOL"
  if (mark != kMark || version != 1 || size < 16) {
    return model_error(space_.origin(), ": expected ", kCollection, " at offset ", address, ", found ",
                       hex32(mark), " of version ", version, " and ", size, " bytes");
  }
  INK_TRY(ByteReader reader, space_.claim_reader(address, size, kCollection));
  INK_TRY_STATUS(reader.seek(16, kCollection));
  Collection objects;
  while (reader.remaining() >= 16) {
    INK_TRY(const uint64_t index, number(reader, 2, kCollection));
    if (index == 0) break;  // the rest is free
    INK_TRY_STATUS(reader.bytes(6, kCollection).status());
    INK_TRY(const uint64_t bytes, reader.u64(kCollection));
    const uint64_t offset = reader.offset();
    INK_TRY(const std::span<const std::byte> data, reader.bytes(bytes, "an object of the global heap"));
    INK_TRY_STATUS(
        reader.bytes(std::min<uint64_t>(padded(bytes) - bytes, reader.remaining()), kCollection).status());
    if (!objects.emplace(index, data).second) {
      return model_error(space_.origin(), ": object ", index, " at offset ", offset,
                         " of the global heap is there twice");
    }
  }
  return &collections_.emplace(address, std::move(objects)).first->second;
}

Result<std::span<const std::byte>> GlobalHeap::get(std::span<const std::byte> reference, uint64_t offset) {
  const uint64_t length = number(reference, 0, 4), address = number(reference, 4, 8);
  const uint64_t index = number(reference, 12, 4);
  if (length == 0) return std::span<const std::byte>();
  INK_TRY(const Collection* const objects, collection(address));
  const auto found = objects->find(index);
  if (found == objects->end() || found->second.size() != length) {
    return model_error(space_.origin(), ": the reference at offset ", offset, " names object ", index, " of ",
                       length, " bytes in the global heap at offset ", address, ", which ",
                       found == objects->end() ? std::string("is not there")
                                               : concat("has ", found->second.size(), " bytes"));
  }
  return found->second;
}

Result<std::vector<std::string>> texts_of(const Space& space, GlobalHeap& heap, const Attribute& attribute,
                                          uint64_t most_bytes) {
  std::vector<std::string> texts;
  if (attribute.space.elements == 0) return texts;
  const Datatype& type = attribute.type;
  const bool in_heap = type.kind == Datatype::Kind::text_in_heap;
  if (!in_heap && type.kind != Datatype::Kind::text) {
    return model_error(space.origin(), ": the attribute ", quote(attribute.name), " with data at offset ",
                       attribute.offset, " holds ", type.name, ", expected text");
  }
  const auto size = static_cast<size_t>(type.size);
  for (size_t at = 0; at < attribute.data.size(); at += size) {
    std::span<const std::byte> raw = attribute.data.subspan(at, size);
    if (in_heap) {
      INK_TRY(raw, heap.get(raw, attribute.offset + at));
    }
    const std::string_view text = unpadded(raw, type.space_padded);
    if (text.size() > most_bytes) {
      return model_error(space.origin(), ": a text of the attribute ", quote(attribute.name), " at offset ",
                         attribute.offset + at, " has ", text.size(), " bytes, the limit is ", most_bytes);
    }
    texts.emplace_back(text);
  }
  return texts;
}

}  // namespace ink::hdf5
