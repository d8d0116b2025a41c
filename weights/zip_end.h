#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "kernels/base/result.h"

namespace ink {

// Where the directory of a zip archive lies, by the record at its very end. Together they reach from
// `offset` to the end record, the one of zip64 where there is one.
struct ZipEnd {
  uint64_t entries = 0, bytes = 0, offset = 0;
};

Result<ZipEnd> find_zip_end(std::span<const std::byte> archive, const std::string& origin);

}  // namespace ink
