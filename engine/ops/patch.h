#pragma once

#include <memory>

#include "engine/op.h"
#include "engine/ops/scaled.h"
#include "kernels/conv/patch_conv.h"

namespace ink {

// A convolution, transposed or not, whose kernels stand side by side. Inputs as prepared_scaled() has them;
// the kernel multiplies what it reads.
std::unique_ptr<PreparedOp> prepared_patch(const char* kernel, PatchConv conv, Epilogue epilogue,
                                           ScaledInputs scaled, bool has_residual);

}  // namespace ink
