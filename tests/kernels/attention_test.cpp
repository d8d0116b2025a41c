#include "kernels/attention/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/harness/arrangements.h"
#include "tests/harness/expected.h"

namespace ink {
namespace {

using test::Expected;
using test::GuardedFloats;

std::vector<float> randoms(int64_t count, uint64_t seed, float size = 1) {
  std::vector<float> values(static_cast<size_t>(count));
  test::fill_random(values, seed);
  for (float& value : values) value *= size;
  return values;
}

TEST(Softmax, EveryVariantMatchesTheOracleAtEverySize) {
  for (const AttentionVariant& variant : test::runnable(attention_variants())) {
    for (int columns = 1; columns <= 70; ++columns) {
      for (const int grows : {0, 1}) {
        const int rows = std::min(columns, 5), first = grows == 0 ? columns : columns - rows + 1;
        const int64_t step = columns + 3;
        constexpr float kScale = 0.25f;
        const auto side =
            columns % 2 == 0 ? GuardedFloats::Side::guard_after : GuardedFloats::Side::guard_before;
        GuardedFloats scores(static_cast<size_t>((rows - 1) * step + columns), side);
        // Up to e^100 apart, so that some shares vanish.
        const std::vector<float> values =
            randoms(static_cast<int64_t>(scores.size()), 7, columns % 3 == 0 ? 400 : 8);
        std::copy(values.begin(), values.end(), scores.data());
        variant.softmax({scores.data(), step, rows, columns, first, grows, kScale});
        for (int i = 0; i < rows; ++i) {
          const int valid = std::min(columns, first + i * grows);
          const float* x = &values[static_cast<size_t>(i * step)];
          const double most = static_cast<double>(*std::max_element(x, x + valid)) * 0.25;
          double sum = 0;
          for (int j = 0; j < valid; ++j) sum += std::exp(x[j] * 0.25 - most);
          for (int j = 0; j < columns; ++j) {
            const double distance = most - x[j] * 0.25, want = j < valid ? std::exp(-distance) / sum : 0;
            // The exponent is rounded, the exponential and the sum have their errors, the quotient is two
            // roundings.
            const double bound = want * ((distance + columns / 8.0 + 10) * test::kRounding) + 2e-38;
            ASSERT_NEAR(scores[static_cast<size_t>(i * step + j)], want, bound)
                << variant.name << " columns " << columns << " row " << i << " column " << j;
          }
          for (int64_t gap = columns; gap < step && i + 1 < rows; ++gap) {
            const auto at = static_cast<size_t>(i * step + gap);
            ASSERT_EQ(scores[at], values[at]);
          }
        }
        ASSERT_TRUE(scores.intact());
      }
    }
  }
}

struct Case {
  AttentionShape shape;
  int images, queries, keys;
  std::vector<int32_t> segments;  // of all queries and keys, or empty
};

struct Sequences {
  std::vector<float> q, k, v;
};

Sequences random_sequences(const Case& c) {
  const int64_t channels = c.shape.heads * c.shape.head_dim;
  return {randoms(c.images * c.queries * channels, 1, 2), randoms(c.images * c.keys * channels, 2, 2),
          randoms(c.images * c.keys * channels, 3)};
}

Expected oracle(const Case& c, const Sequences& s) {
  const int channels = c.shape.heads * c.shape.head_dim;
  Expected want({c.images, 1, c.queries, channels});
  std::vector<double> p(static_cast<size_t>(c.keys)), errors(p.size());
  for (int image = 0; image < c.images; ++image) {
    for (int i = 0; i < c.queries; ++i) {
      int first = 0, end = c.keys;
      for (size_t at = 0; at + 1 < c.segments.size(); ++at) {
        if (i >= c.segments[at] && i < c.segments[at + 1]) first = c.segments[at], end = c.segments[at + 1];
      }
      if (c.shape.causal) end = std::min(end, i + 1 + (c.segments.empty() ? c.keys - c.queries : 0));
      for (int head = 0; head < c.shape.heads; ++head) {
        const auto row = [&](const std::vector<float>& map, int tokens, int t) {
          return &map[static_cast<size_t>((image * tokens + t) * channels + head * c.shape.head_dim)];
        };
        const float* q = row(s.q, c.queries, i);
        const double scale = static_cast<double>(c.shape.scale);
        double most = -HUGE_VAL, sum = 0, worst = 0;
        for (int j = first; j < end; ++j) {
          const float* k = row(s.k, c.keys, j);
          double dot = 0, magnitude = 0;
          for (int d = 0; d < c.shape.head_dim; ++d) {
            dot += static_cast<double>(q[d]) * k[d];
            magnitude += std::abs(static_cast<double>(q[d]) * k[d]);
          }
          p[static_cast<size_t>(j)] = dot * scale;
          // Of the exponent: the product, then its distance from the largest.
          errors[static_cast<size_t>(j)] = ((c.shape.head_dim + 4) * magnitude * scale) * test::kRounding;
          most = std::max(most, dot * scale);
        }
        for (int j = first; j < end; ++j) worst = std::max(worst, errors[static_cast<size_t>(j)]);
        for (int j = first; j < end; ++j) sum += std::exp(p[static_cast<size_t>(j)] - most);
        for (int d = 0; d < c.shape.head_dim; ++d) {
          double y = 0, magnitude = 0, moved = 0;
          for (int j = first; j < end; ++j) {
            const double share = std::exp(p[static_cast<size_t>(j)] - most) / sum;
            const double term = share * row(s.v, c.keys, j)[d];
            y += term, magnitude += std::abs(term);
            moved += std::abs(term) * (2 * worst + (most - p[static_cast<size_t>(j)]) * 2 * test::kRounding);
          }
          const size_t at = want.index(image, 0, i, head * c.shape.head_dim + d);
          want.values[at] = y;
          want.bounds[at] =
              moved + 2 * (end - first + 12) * test::kRounding * magnitude + 1e-37 * (end - first);
        }
      }
    }
  }
  return want;
}

std::vector<float> run(const AttentionVariant& variant, const GemmVariant& gemm, const Case& c,
                       const Sequences& s, int threads) {
  const int channels = c.shape.heads * c.shape.head_dim;
  const auto view = [&](const std::vector<float>& map, int tokens) {
    return dense_view(map.data(), c.images, 1, tokens, channels);
  };
  std::vector<float> dst(s.q.size(), NAN);
  const size_t floats = attention_scratch_floats(gemm, c.shape, c.keys, threads);
  GuardedFloats scratch(floats, GuardedFloats::Side::guard_after);
  attention_run(variant, gemm, c.shape,
                {view(s.q, c.queries), view(s.k, c.keys), view(s.v, c.keys),
                 dense_view(dst.data(), c.images, 1, c.queries, channels), c.segments},
                threads, scratch.data());
  EXPECT_TRUE(scratch.intact());
  return dst;
}

// Each attention variant with the tiles of its own instruction set.
template <class Body>
void for_each_variant(Body body) {
  for (const AttentionVariant& variant : test::runnable(attention_variants())) {
    SCOPED_TRACE(variant.name);
    body(variant, choose_gemm(variant.isa));
  }
}

TEST(Attention, EveryVariantMatchesTheOracle) {
  const Case cases[] = {{{1, 1, 1.0f, false}, 1, 1, 1, {}},
                        {{3, 5, 0.4f, false}, 2, 7, 7, {}},
                        {{2, 64, 0.125f, false}, 1, 50, 50, {}},
                        {{2, 64, 0.125f, true}, 2, 77, 77, {}},
                        {{2, 88, 0.1066f, false}, 1, 33, 33, {}},
                        {{1, 16, 0.25f, true}, 1, 3, 40, {}},
                        {{4, 8, 0.3f, false}, 2, 32, 129, {}},
                        {{1, 64, 0.125f, false}, 1, 257, 257, {}},
                        {{2, 31, 0.2f, true}, 1, 29, 29, {}},
                        {{1, 33, 0.2f, false}, 3, 5, 1, {}},
                        {{2, 17, 0.2f, true}, 1, 60, 60, {0, 1, 17, 18, 60}},
                        {{3, 64, 0.125f, false}, 1, 40, 40, {0, 15, 16, 40}}};
  for_each_variant([&](const AttentionVariant& variant, const GemmVariant& gemm) {
    for (const Case& c : cases) {
      SCOPED_TRACE(testing::Message()
                   << c.shape.heads << " heads of " << c.shape.head_dim << ", " << c.queries << " queries, "
                   << c.keys << " keys" << (c.shape.causal ? ", causal" : ""));
      const Sequences s = random_sequences(c);
      const std::vector<float> got = run(variant, gemm, c, s, 1);
      ASSERT_TRUE(test::matches(oracle(c, s), got));
      for (const int threads : {2, 5})
        ASSERT_EQ(run(variant, gemm, c, s, threads), got) << threads << " threads";
    }
  });
}

TEST(Attention, ASequenceHasTheSameBitsAloneAndAmongOthers) {
  for_each_variant([](const AttentionVariant& variant, const GemmVariant& gemm) {
    for (const bool causal : {false, true}) {
      const Case all{{2, 24, 0.2f, causal}, 1, 90, 90, {0, 20, 21, 58, 90}};
      const Sequences s = random_sequences(all);
      const std::vector<float> together = run(variant, gemm, all, s, 3);
      const int channels = 48;
      for (size_t at = 0; at + 1 < all.segments.size(); ++at) {
        const int first = all.segments[at] * channels, end = all.segments[at + 1] * channels;
        const auto cut = [&](const std::vector<float>& map) {
          return std::vector<float>(map.begin() + first, map.begin() + end);
        };
        Case one = all;
        one.segments = {}, one.queries = one.keys = all.segments[at + 1] - all.segments[at];
        ASSERT_EQ(run(variant, gemm, one, {cut(s.q), cut(s.k), cut(s.v)}, 1), cut(together)) << at;
      }
    }
  });
}

TEST(Attention, ReadsHeadsOutOfOneJoinedMap) {
  for_each_variant([](const AttentionVariant& variant, const GemmVariant& gemm) {
    const Case c{{2, 20, 0.2f, false}, 2, 9, 9, {}};
    const Sequences s = random_sequences(c);
    const int channels = 40, pixels = 18;
    GuardedFloats joined(static_cast<size_t>(3 * channels * pixels), GuardedFloats::Side::guard_after);
    for (int p = 0; p < pixels; ++p) {
      for (int i = 0; i < channels; ++i) {
        const auto from = static_cast<size_t>(p * channels + i),
                   to = static_cast<size_t>(p * 3 * channels + i);
        joined[to] = s.q[from];
        joined[to + static_cast<size_t>(channels)] = s.k[from];
        joined[to + static_cast<size_t>(2 * channels)] = s.v[from];
      }
    }
    GuardedFloats dst(s.q.size(), GuardedFloats::Side::guard_after);
    const auto part = [&](int index) {
      View<const float> view = dense_view<const float>(joined.data(), 2, 1, 9, 3 * channels);
      view.data += index * channels;
      view.c = channels;
      return view;
    };
    std::vector<float> scratch(attention_scratch_floats(gemm, c.shape, c.keys, 1));
    attention_run(variant, gemm, c.shape,
                  {part(0), part(1), part(2), dense_view(dst.data(), 2, 1, 9, channels), {}}, 1,
                  scratch.data());
    const std::vector<float> want = run(variant, gemm, c, s, 1);
    ASSERT_TRUE(std::equal(want.begin(), want.end(), dst.data()));
    ASSERT_TRUE(dst.intact() && joined.intact());
  });
}

}  // namespace
}  // namespace ink
