#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "converters/sources/hdf5/datatype.h"
#include "converters/sources/hdf5/object_header.h"
#include "converters/sources/hdf5/space.h"

namespace ink::hdf5 {

// A named value beside an object. The bytes are the file's.
struct Attribute {
  std::string name;
  Datatype type;
  Dataspace space;
  std::span<const std::byte> data;
  uint64_t offset = 0;  // of the data in the file, for messages
};

// The attributes of an object, those in its header and those outside it.
Result<std::vector<Attribute>> read_attributes(Space& space, std::span<const Message> messages);

// The collections of variable-length data. Each is parsed once; borrows both.
class GlobalHeap {
 public:
  using Collection = std::map<uint64_t, std::span<const std::byte>>;  // by the number of the object
  using Collections = std::map<uint64_t, Collection>;                 // by address

  GlobalHeap(Space& space, Collections& collections) : space_(space), collections_(collections) {}

  // What a reference of 16 bytes at `offset` of the file names.
  Result<std::span<const std::byte>> get(std::span<const std::byte> reference, uint64_t offset);

 private:
  Result<const Collection*> collection(uint64_t address);

  Space& space_;
  Collections& collections_;
};

// The texts of an attribute; an empty one has none, whatever its type. Error (model): it has no text; where
// `most_bytes` is given, one is longer.
Result<std::vector<std::string>> texts_of(const Space& space, GlobalHeap& heap, const Attribute& attribute,
                                          uint64_t most_bytes = kUndefined);

}  // namespace ink::hdf5
