#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/result.h"
#include "weights/limits.h"
#include "weights/zip.h"

namespace ink {

// The members of an archive, by name: what ZipReader::open() checks. Borrows the archive.
Result<std::vector<ZipMember>> read_zip_directory(std::span<const std::byte> archive,
                                                  const std::string& origin, const ModelLimits& limits);

}  // namespace ink
