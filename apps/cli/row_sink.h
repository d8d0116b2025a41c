#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/base/result.h"

namespace ink::cli {

using Rows = std::span<const std::span<const float>>;

// What takes the results of a batch: each input once, in their order, from one thread.
class RowSink {
 public:
  virtual ~RowSink() = default;
  // rows[i]: the values of output i of the model. An error of kind io, the disk's or standard output's, ends
  // the batch; another only this input.
  virtual Status take(size_t item, Rows rows) = 0;
  // Nothing came of this input. An error ends the batch.
  virtual Status fail(size_t item, const Error& why) = 0;
};

}  // namespace ink::cli
