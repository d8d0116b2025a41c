#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "converters/sources/hdf5/space.h"
#include "kernels/base/dtype.h"

namespace ink::hdf5 {

// The type of an element.
struct Datatype {
  enum class Kind {
    number,        // dtype says which
    text,          // `size` bytes, ended by NUL where it is shorter
    text_in_heap,  // a reference of 16 bytes to the global heap
    other,         // `name` says which
  };
  Kind kind = Kind::other;
  uint64_t size = 0;  // bytes of an element
  std::optional<DType> dtype;
  bool space_padded = false;  // text is filled up with spaces
  std::string name;           // in words
};

// A type that is only named, not understood, leaves the reader anywhere behind its head. Error (model): its
// fields contradict each other, or have a value that the format does not know.
Result<Datatype> read_datatype(ByteReader& reader);

struct Dataspace {
  std::vector<uint64_t> dims, most;  // most: kUndefined where the dimension may grow without limit
  bool null = false;                 // no element, not even a scalar
  uint64_t elements = 0;             // at most 2^48
};

Result<Dataspace> read_dataspace(ByteReader& reader);

}  // namespace ink::hdf5
