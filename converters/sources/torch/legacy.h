#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "converters/sources/source.h"
#include "weights/file.h"
#include "weights/limits.h"

namespace ink::torch_file {

// Whether the bytes begin with torch's magic number, as the first of five pickles.
bool is_legacy(std::span<const std::byte> bytes);

// The stream of torch before 1.6: pickles of the magic number, the version of the protocol, facts of the
// machine, the object and the keys of its storages; then for each key the number of elements in 64 bits and
// the elements, up to the end of the file.
Result<std::unique_ptr<TensorSource>> open_legacy(const FileBytes& file, const std::string& origin,
                                                  const ModelLimits& limits);

}  // namespace ink::torch_file
