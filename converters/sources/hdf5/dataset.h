#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "converters/sources/hdf5/chunks.h"
#include "converters/sources/hdf5/datatype.h"
#include "converters/sources/hdf5/filters.h"
#include "converters/sources/hdf5/object_header.h"
#include "converters/sources/source.h"

namespace ink::hdf5 {

// An array in the file, whose place is known and checked.
struct Dataset {
  Datatype type;
  Dataspace space;
  uint64_t bytes = 0;  // of all elements
  // Exactly one of: the data themselves; chunks, by index; why they cannot be read.
  std::span<const std::byte> stored;
  std::vector<Chunk> chunks;
  std::optional<Error> refusal;
  bool chunked = false;
  ChunkGrid grid;
  std::vector<Filter> filters;
};

// Error (model): contradictory, outside the file, or data that lie in another file. Data that are packed by
// an unknown filter, or that were never written, are a refusal: only who asks for them has to mind.
Result<Dataset> read_dataset(Space& space, std::span<const Message> messages, uint64_t address);

// Row-major little-endian elements: borrowed where they stand in the file as they are, otherwise unpacked.
// The type is a number. `name` is for messages. Error: model.
Result<SourceBytes> dataset_bytes(const Dataset& dataset, const std::shared_ptr<const void>& owner,
                                  const std::string& origin, std::string_view name);

}  // namespace ink::hdf5
