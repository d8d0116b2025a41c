#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

enum class MessageType : uint16_t {
  nil = 0,
  dataspace = 1,
  link_info = 2,
  datatype = 3,
  fill_value_old = 4,
  fill_value = 5,
  link = 6,
  external_files = 7,
  layout = 8,
  group_info = 10,
  filters = 11,
  attribute = 12,
  comment = 13,
  modified_old = 14,
  shared_table = 15,
  continuation = 16,
  symbol_table = 17,
  modified = 18,
  tree_k = 19,
  driver_info = 20,
  attribute_info = 21,
  reference_count = 22,
  file_space = 23,
};

struct Message {
  MessageType type = MessageType::nil;
  uint64_t offset = 0;  // of the body in the file
  std::span<const std::byte> body;

  ByteReader reader(const Space& space) const { return ByteReader(body, space.origin(), offset); }
};

// The messages of an object, versions 1 and 2 of its header, over all continuation blocks and without those
// that only fill space. Each type but links and attributes is there at most once, and all are known; none is
// shared. Error: model.
Result<std::vector<Message>> read_object_header(Space& space, uint64_t address);

// The only message of the type, or nullptr.
const Message* find(std::span<const Message> messages, MessageType type);

// The refusal of a message that this kind of object, "a group", does not have.
Error unexpected(const Space& space, const Message& message, std::string_view object);

}  // namespace ink::hdf5
