#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "converters/sources/tensorflow/protobuf.h"
#include "kernels/base/function_ref.h"
#include "weights/limits.h"

namespace ink {

struct TableEntry {
  std::string_view key;
  std::span<const std::byte> value;
  Place place;               // of the value, in its block where that is packed
  uint64_t file_offset = 0;  // of the value, or else of the packed block
};

// Whether these are the last bytes of a table, which has its mark at the end.
bool is_table(std::span<const std::byte> bytes);

// Gives every entry of a LevelDB table to `visit`, in the order of the keys; what it is given lives until it
// returns. Errors (model) name the file and offset; an Error of `visit` ends the reading.
//
// The file: blocks, each followed by a byte of its kind (0 plain, 1 Snappy) and the masked CRC-32C of both;
// at the end 48 bytes with the places of a block of metadata, which is empty, and of the index block, whose
// values are the places of the data blocks. A block: entries of (shared, fresh, length) varints, `fresh`
// bytes of key behind the first `shared` of the key before, `length` bytes of value; then the offsets of the
// entries that share nothing, and their number, each in 4 bytes.
//
// Blocks have to lie in order without overlap, keys to increase, and every entry that a restart offset names
// to share nothing, so that all work is in proportion to the file.
Status read_table(std::span<const std::byte> file, const std::string& origin, const ModelLimits& limits,
                  FunctionRef<Status(const TableEntry&)> visit);

}  // namespace ink
