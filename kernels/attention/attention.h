#pragma once

#include <cstdint>
#include <span>

#include "kernels/gemm/gemm.h"

namespace ink {

// Of row i < rows, with valid = min(columns, first_valid + i * valid_step) >= 1 columns and x_j = scale *
// s_ij:
//   s_ij = e^(x_j - max_j x_j) / sum_j e^(x_j - max_j x_j) for j < valid, 0 for valid <= j < columns
// where s_ij = scores[i * step + j].
struct SoftmaxRows {
  float* scores;
  int64_t step;
  int rows, columns;
  int first_valid, valid_step;
  float scale;
};

// Serial; allocates nothing; touches only the elements above. A row's bits do not depend on its neighbours,
// nor on `columns` beyond `valid`.
using SoftmaxKernel = void(const SoftmaxRows&);
SoftmaxKernel softmax_rows_reference, softmax_rows_sse42, softmax_rows_avx2, softmax_rows_avx512;

struct AttentionVariant {
  Isa isa;
  const char* name;
  SoftmaxKernel* softmax;
};

// Best first, reference last. The products run on the tiles of gemm.h.
std::span<const AttentionVariant> attention_variants();
const AttentionVariant& choose_attention(Isa limit);

struct AttentionShape {
  int heads = 1, head_dim = 1;
  float scale = 1;
  bool causal = false;
};

// Sequences and their tokens: q and dst (n, 1, queries, heads * head_dim), k and v (n, 1, keys, heads *
// head_dim), head h in the channels [h * head_dim, (h + 1) * head_dim). Where `segments` is not empty, n is
// 1, and q, k and v hold count = segments.size() - 1 sequences one after another: sequence s is the tokens
// [segments[s], segments[s + 1]), none is empty.
struct AttentionMaps {
  View<const float> q, k, v;
  View<float> dst;
  std::span<const int32_t> segments;
};

// Floats of scratch for sequences of at most `keys` tokens.
size_t attention_scratch_floats(const GemmVariant& gemm, const AttentionShape& shape, int keys, int threads);

// For every sequence, head and query i:
//   dst_i = sum_j softmax_j(scale * q_i . k_j) v_j,   j < keys, and j <= i + keys - queries where `causal`.
// A block of up to gemm.mr queries at a time, cut by the length of the sequence alone: its scores lie in
// scratch, those of no two blocks exist together. Bits do not depend on other sequences nor on threads. dst
// overlaps nothing.
void attention_run(const AttentionVariant& variant, const GemmVariant& gemm, const AttentionShape& shape,
                   const AttentionMaps& maps, int threads, float* scratch);

}  // namespace ink
