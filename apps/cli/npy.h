#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "apps/cli/streams.h"
#include "kernels/base/result.h"

namespace ink::cli {

// A matrix as numpy.load() reads it, format 1.0: float32, little endian, (rows, columns), row after row.
class NpyFile {
 public:
  // Errors: as Output::create(), io.
  static Result<NpyFile> create(const std::string& path, size_t rows, size_t columns);
  // A row. Errors: io, interrupted.
  Status append(std::span<const float> row);
  // The file appears. Before it, all rows must have come.
  Status commit();

 private:
  NpyFile(Output output, size_t rows, size_t columns)
      : output_(std::move(output)), rows_(rows), columns_(columns) {}

  Output output_;
  size_t rows_, columns_, written_ = 0;
};

}  // namespace ink::cli
