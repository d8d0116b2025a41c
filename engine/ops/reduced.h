#pragma once

#include <memory>

#include "engine/op.h"
#include "kernels/reduced/reduced.h"

namespace ink {

// Which products stay in f32 when another precision is chosen; nullptr: this one does not. Convolutions that
// read a picture's channels stay, being little work that everything after them depends on; so do those whose
// kernels are other than products of matrices.
const char* reduced_declines(const ConvParams& params);
const char* reduced_linear_declines(int in);

// A node of a convolution or, as one of 1x1, of a linear layer.
std::unique_ptr<PreparedOp> prepared_reduced(ReducedConv conv, const ConvParams& params,
                                             const Epilogue& epilogue);

}  // namespace ink
