#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "converters/sources/torch/value.h"
#include "kernels/base/result.h"
#include "weights/limits.h"

namespace ink::torch_file {

struct Pickle {
  Values values;
  NodeId root = 0;
  size_t bytes = 0;  // up to and with its STOP
};

// Reads the one pickle at the beginning of `bytes`, which it borrows. base: where they begin in the file.
// Error (model), naming `origin` and the offset: an opcode that torch does not write or of a later protocol
// than the pickle announces, one that finds something else on the stack than it needs, a pickle that is cut
// off or exceeds a limit.
Result<Pickle> read_pickle(std::span<const std::byte> bytes, const std::string& origin, uint64_t base,
                           const ModelLimits& limits);

}  // namespace ink::torch_file
