#include "kernels/sequence/sequence.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/base/half.h"
#include "tests/harness/arrangements.h"

namespace ink {
namespace {

using test::GuardedFloats;
using test::random_floats;

uint16_t bf16_bits(float value) { return static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16); }

// The bytes of a table, one byte off any alignment.
struct Bytes {
  std::vector<unsigned char> memory;
  Table table;

  Bytes(const std::vector<float>& values, DType dtype, int rows, int c) {
    memory.resize(values.size() * dtype_size(dtype) + 1);
    for (size_t i = 0; i < values.size(); ++i) {
      unsigned char* at = memory.data() + 1 + i * dtype_size(dtype);
      if (dtype == DType::f32) {
        std::memcpy(at, &values[i], sizeof(float));
      } else {
        const uint16_t half = dtype == DType::f16 ? f32_to_f16(values[i]) : bf16_bits(values[i]);
        std::memcpy(at, &half, sizeof half);
      }
    }
    table = {memory.data() + 1, dtype, rows, c};
  }
  // What the table holds once its type has rounded it.
  float value(size_t i) const {
    const unsigned char* at = memory.data() + 1 + i * dtype_size(table.dtype);
    float whole = 0;
    uint16_t half = 0;
    if (table.dtype == DType::f32) {
      std::memcpy(&whole, at, sizeof whole);
      return whole;
    }
    std::memcpy(&half, at, sizeof half);
    return table.dtype == DType::f16 ? f16_to_f32(half) : bf16_to_f32(half);
  }
};

TEST(EmbedTokens, AddsTheRowOfTheIdAndThatOfThePosition) {
  constexpr int kRows = 23, kTokens = 37;
  const std::vector<int32_t> segments = {0, 1, 20, 37};
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    for (const int c : {1, 7, 64, 65}) {
      for (const bool ragged : {false, true}) {
        for (const bool with_positions : {false, true}) {
          const std::vector<float> values = random_floats({1, 1, kRows, c}, 1),
                                   positions = random_floats({1, 1, kTokens, c}, 2);
          const Bytes bytes(values, dtype, kRows, c);
          std::vector<int32_t> ids(kTokens);
          for (int t = 0; t < kTokens; ++t) ids[static_cast<size_t>(t)] = t * 11 % kRows;
          for (const int threads : {1, 3}) {
            GuardedFloats dst(static_cast<size_t>(kTokens * c), GuardedFloats::Side::guard_after);
            embed_tokens(bytes.table, with_positions ? positions.data() : nullptr,
                         dense_view<const int32_t>(ids.data(), 1, 1, kTokens, 1),
                         ragged ? std::span<const int32_t>(segments) : std::span<const int32_t>(),
                         dense_view(dst.data(), 1, 1, kTokens, c), threads);
            for (int t = 0; t < kTokens; ++t) {
              const int position = !ragged ? t : t < 1 ? t : t < 20 ? t - 1 : t - 20;
              for (int i = 0; i < c; ++i) {
                float want = bytes.value(static_cast<size_t>(ids[static_cast<size_t>(t)] * c + i));
                if (with_positions) want += positions[static_cast<size_t>(position * c + i)];
                ASSERT_EQ(dst[static_cast<size_t>(t * c + i)], want)
                    << dtype_name(dtype) << " c " << c << " token " << t << " channel " << i;
              }
            }
            ASSERT_TRUE(dst.intact());
          }
        }
      }
    }
  }
}

TEST(JoinPatches, PutsTheFirstRowInFrontAndAddsPositions) {
  const test::Shape shape{2, 3, 4, 5};
  const std::vector<float> src = random_floats(shape, 1), first = random_floats({1, 1, 1, 5}, 2);
  const std::vector<float> positions = random_floats({1, 1, 13, 5}, 3);
  for (const bool with_first : {false, true}) {
    for (const bool with_positions : {false, true}) {
      const int rows = 12 + (with_first ? 1 : 0);
      GuardedFloats dst(static_cast<size_t>(2 * rows * 5), GuardedFloats::Side::guard_after);
      join_patches(with_first ? first.data() : nullptr, with_positions ? positions.data() : nullptr,
                   dense_view(src.data(), 2, 3, 4, 5), dense_view(dst.data(), 2, 1, rows, 5), 2);
      for (int image = 0; image < 2; ++image) {
        for (int t = 0; t < rows; ++t) {
          for (int i = 0; i < 5; ++i) {
            const int patch = t - (with_first ? 1 : 0);
            float want = patch < 0 ? first[static_cast<size_t>(i)]
                                   : src[static_cast<size_t>((image * 12 + patch) * 5 + i)];
            if (with_positions) want += positions[static_cast<size_t>(t * 5 + i)];
            ASSERT_EQ(dst[static_cast<size_t>((image * rows + t) * 5 + i)], want);
          }
        }
      }
      ASSERT_TRUE(dst.intact());
    }
  }
}

TEST(PoolSequences, TakesOneRowASequence) {
  const std::vector<int32_t> segments = {0, 3, 4, 30};
  for (const int c : {1, 63, 64, 65, 130}) {
    const std::vector<float> src = random_floats({1, 1, 30, c}, 4);
    for (const SequencePool pool : {SequencePool::first, SequencePool::last, SequencePool::mean}) {
      for (const bool ragged : {false, true}) {
        const int count = 3, length = 10;
        GuardedFloats dst(static_cast<size_t>(count * c), GuardedFloats::Side::guard_after);
        const View<const float> from =
            ragged ? dense_view(src.data(), 1, 1, 30, c) : dense_view(src.data(), count, 1, length, c);
        const View<float> to =
            ragged ? dense_view(dst.data(), 1, 1, count, c) : dense_view(dst.data(), count, 1, 1, c);
        pool_sequences(pool, from, ragged ? std::span<const int32_t>(segments) : std::span<const int32_t>(),
                       to, 2);
        for (int s = 0; s < count; ++s) {
          const int begin = ragged ? segments[static_cast<size_t>(s)] : s * length;
          const int end = ragged ? segments[static_cast<size_t>(s) + 1] : begin + length;
          for (int i = 0; i < c; ++i) {
            double want = 0;
            for (int t = begin; t < end; ++t)
              want += static_cast<double>(src[static_cast<size_t>(t * c + i)]) / (end - begin);
            if (pool != SequencePool::mean) {
              want = src[static_cast<size_t>((pool == SequencePool::first ? begin : end - 1) * c + i)];
            }
            ASSERT_NEAR(dst[static_cast<size_t>(s * c + i)], want, 6e-8) << sequence_pool_name(pool);
          }
        }
        ASSERT_TRUE(dst.intact());
      }
    }
  }
}

TEST(PickRows, CopiesThem) {
  const std::vector<float> src = random_floats({1, 1, 6, 9}, 4);
  const std::vector<int32_t> rows = {5, 0, 0, 3};
  std::vector<float> dst(4 * 9);
  pick_rows(dense_view(src.data(), 1, 1, 6, 9), rows, dense_view(dst.data(), 1, 1, 4, 9));
  for (size_t i = 0; i < dst.size(); ++i)
    EXPECT_EQ(dst[i], src[static_cast<size_t>(rows[i / 9]) * 9 + i % 9]);
}

}  // namespace
}  // namespace ink
