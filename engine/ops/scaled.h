#pragma once

#include <memory>

#include "engine/op.h"
#include "kernels/base/isa.h"

namespace ink {

// Which inputs of a convolution are multiplied by the channel first: its map, its residual.
struct ScaledInputs {
  bool source = false, residual = false;

  size_t count() const { return static_cast<size_t>(source) + static_cast<size_t>(residual); }
};

// A convolution, transposed or not, whose inputs are map, residual where it has one, and the factors of those
// that are scaled: (n, 1, 1, c) or (1, 1, 1, c) each. `inner` computes it of scaled maps, which it is given
// piece by piece while they are in the second-level cache. Bits are those of scaling whole maps first. cells:
// how the map lies under the output.
std::unique_ptr<PreparedOp> prepared_scaled(std::unique_ptr<PreparedOp> inner, Isa isa, ScaledInputs scaled,
                                            bool has_residual, Cells cells);

}  // namespace ink
