#pragma once

#include <span>
#include <vector>

#include "kernels/binary/binary.h"
#include "kernels/conv/conv.h"
#include "kernels/deconv/deconv.h"
#include "kernels/pad/pad.h"
#include "kernels/pool/pool.h"
#include "kernels/resize/resize.h"
#include "tests/harness/expected.h"

namespace ink::test {

// Each op from its definition, in double and one element at a time. Nothing here calls the library.

// How far a float sum of that many products may lie from the exact one, in whatever order it was made;
// magnitude is the sum of their absolute values.
double sum_bound(double terms, double magnitude);

// weights (oc, ic / groups, kh, kw); an empty bias counts as zeros.
Expected expect_conv(const Expected& src, const ConvParams& params, std::span<const float> weights,
                     std::span<const float> bias);
// weights (ic, oc / groups, kh, kw). Scatters each input over the outputs that it reaches.
Expected expect_deconv(const Expected& src, const DeconvParams& params, std::span<const float> weights,
                       std::span<const float> bias);
// weights (out, src.shape.c).
Expected expect_linear(const Expected& src, int out, std::span<const float> weights,
                       std::span<const float> bias);
Expected expect_layer_norm(const Expected& src, std::span<const float> gamma, std::span<const float> beta,
                           double epsilon);
Expected expect_batch_norm(const Expected& src, std::span<const float> gamma, std::span<const float> beta,
                           std::span<const float> mean, std::span<const float> variance, double epsilon);

Expected expect_scale(const Expected& src, float factor);
Expected expect_binary(BinaryOp op, const Expected& a, const Expected& b);
Expected expect_pool(const Expected& src, const PoolShape& pool);
Expected expect_softmax(const Expected& src);
Expected expect_gram(const Expected& src);
Expected expect_row_max(const Expected& src);
Expected expect_global_mean(const Expected& src);
// Negative amounts crop.
Expected expect_pad(const Expected& src, PadMode mode, int top, int left, int bottom, int right);
Expected expect_concat(std::span<const Expected> srcs);
Expected expect_pixel_shuffle(const Expected& src, int factor);
Expected expect_resize(const Expected& src, ResizeMode mode, int factor);

}  // namespace ink::test
