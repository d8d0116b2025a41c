#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/dtype.h"
#include "kernels/base/view.h"

// Rows of tokens gathered and joined: bound by memory, so one plain form serves every instruction set.
// Sequences lie as attention.h says: each image one, or one after another with `segments`.

namespace ink {

// A table (rows, c) of f32, f16 or bf16 as a checkpoint has it: at any byte, without gaps.
struct Table {
  const void* data = nullptr;
  DType dtype = DType::f32;
  int rows = 0, c = 0;

  const unsigned char* row(int index) const {
    return static_cast<const unsigned char*>(data) +
           static_cast<int64_t>(index) * c * static_cast<int64_t>(dtype_size(dtype));
  }
};

// dst[i] = row[i] widened,  i < c.
void widen_row(const Table& table, int row, float* dst);

// dst[n, 0, t] = table[ids[n, 0, t]] + positions[t - first token of its sequence]; positions has c values a
// row, or is nullptr. Every id is a row of the table.
void embed_tokens(const Table& table, const float* positions, View<const int32_t> ids,
                  std::span<const int32_t> segments, View<float> dst, int threads);

// dst (n, 1, (first ? 1 : 0) + h * w, c): the row `first`, where it is not nullptr, then the pixels of src
// row by row, each plus its row of `positions`, where that is not nullptr.
void join_patches(const float* first, const float* positions, View<const float> src, View<float> dst,
                  int threads);

enum class SequencePool { first, last, mean };

constexpr const char* sequence_pool_name(SequencePool pool) {
  return pool == SequencePool::first ? "first_row" : pool == SequencePool::last ? "last_row" : "mean_of_rows";
}

// One row a sequence: dst (n, 1, 1, c), or with segments (1, 1, count, c). A mean is summed from the first
// row to the last in double and rounded once.
void pool_sequences(SequencePool pool, View<const float> src, std::span<const int32_t> segments,
                    View<float> dst, int threads);

// dst[0, 0, i] = src[0, 0, rows[i]]; every row is one of src.
void pick_rows(View<const float> src, std::span<const int32_t> rows, View<float> dst);

}  // namespace ink
