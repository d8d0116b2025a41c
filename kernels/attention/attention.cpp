#include "kernels/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/base/variants.h"

namespace ink {
namespace {

constexpr AttentionVariant kVariants[] = {
#ifndef INK_SCALAR_ONLY
    {Isa::avx512, "attention_avx512", softmax_rows_avx512},
    {Isa::avx2, "attention_avx2", softmax_rows_avx2},
    {Isa::sse42, "attention_sse42", softmax_rows_sse42},
#endif
    {Isa::reference, "attention_reference", softmax_rows_reference},
};

constexpr int kMostColumns = 64;  // of any variant's panel
alignas(64) constexpr float kNoBias[kMostColumns] = {};
constexpr int64_t kNoOffset[] = {0};
constexpr int64_t kLineFloats = 16;

int64_t round_up(int64_t a, int64_t b) { return divide_up(a, b) * b; }

// (k, n) cut into panels as GemmPanels cuts weights.
struct Panels {
  int n, nr, lanes;
  int count() const { return static_cast<int>(divide_up(n, nr)); }
  int columns(int panel) const { return std::min(nr, n - panel * nr); }
  int width(int panel) const { return static_cast<int>(round_up(columns(panel), lanes)); }
};

// How a worker's scratch is cut, for at most `keys` tokens.
struct Layout {
  int64_t keys_floats, values_floats, score_step, floats;

  Layout(const GemmVariant& gemm, int head_dim, int keys)
      : keys_floats(round_up(round_up(keys, gemm.lanes) * head_dim, kLineFloats)),
        values_floats(round_up(round_up(head_dim, gemm.lanes) * keys, kLineFloats)),
        // An odd number of cache lines apart, so that the rows of a tile do not compete for one set.
        score_step((divide_up(keys, kLineFloats) | 1) * kLineFloats),
        floats(keys_floats + values_floats + score_step * gemm.mr) {}
};

// One head of one sequence.
struct Head {
  View<const float> q, k, v;  // (1, 1, tokens, head_dim)
  View<float> dst;
};

template <class T>
View<T> part_of(View<T> map, int image, int first, int tokens, int channel, int channels) {
  return {map.at(image, 0, first) + channel, 1, 1, tokens, channels, 0, 0, 0, 0, map.pixel_stride};
}

class Attention {
 public:
  Attention(const AttentionVariant& variant, const GemmVariant& gemm, const AttentionShape& shape)
      : variant_(variant), gemm_(gemm), shape_(shape) {}

  // Blocks of nearly equal height.
  int blocks(const Head& head) const { return static_cast<int>(divide_up(head.q.w, gemm_.mr)); }

  void run(const Head& head, int first_block, int last_block, const Layout& layout, float* scratch) const {
    float* keys = scratch;
    float* values = keys + layout.keys_floats;
    float* scores = values + layout.values_floats;
    const int hidden = shape_.causal ? head.k.w - head.q.w : 0;
    const auto first_query = [&, count = blocks(head)](int block) {
      return static_cast<int>(static_cast<int64_t>(head.q.w) * block / count);
    };
    const int needed = shape_.causal ? first_query(last_block) + hidden : head.k.w;
    pack_keys(head.k, needed, keys);
    pack_values(head.v, needed, values);
    for (int block = first_block; block < last_block; ++block) {
      const int i = first_query(block), rows = first_query(block + 1) - i;
      const int columns = shape_.causal ? i + rows + hidden : head.k.w;
      product(head.q.at(0, 0, i), head.q.pixel_stride, rows, shape_.head_dim, keys,
              {needed, gemm_.nr, gemm_.lanes}, columns, scores, layout.score_step);
      variant_.softmax({scores, layout.score_step, rows, columns, shape_.causal ? i + 1 + hidden : columns,
                        shape_.causal ? 1 : 0, shape_.scale});
      product(scores, layout.score_step, rows, columns, values, {shape_.head_dim, gemm_.nr, gemm_.lanes},
              shape_.head_dim, head.dst.at(0, 0, i), head.dst.pixel_stride, needed);
    }
  }

 private:
  // dst (rows, columns) = src (rows, k) * packed (k, panels.n); a panel of packed has packed_k >= k rows.
  void product(const float* src, int64_t src_step, int rows, int k, const float* packed, const Panels& panels,
               int columns, float* dst, int64_t dst_step, int packed_k = 0) const {
    packed_k = std::max(packed_k, k);
    for (int panel = 0; panel * panels.nr < columns; ++panel) {
      const int first = panel * panels.nr;
      gemm_.tile({src,
                  src_step,
                  kNoOffset,
                  1,
                  k,
                  packed + static_cast<int64_t>(first) * packed_k,
                  panels.width(panel),
                  kNoBias,
                  dst + first,
                  dst_step,
                  nullptr,
                  0,
                  rows,
                  std::min(panels.columns(panel), columns - first),
                  {}});
    }
  }

  void pack_keys(View<const float> k, int keys, float* packed) const {
    const Panels panels{keys, gemm_.nr, gemm_.lanes};
    for (int panel = 0; panel < panels.count(); ++panel) {
      const int first = panel * panels.nr, width = panels.width(panel);
      float* dst = packed + static_cast<int64_t>(first) * shape_.head_dim;
      gemm_pack_floats(
          {k.at(0, 0, first), k.pixel_stride, 1, shape_.head_dim, panels.columns(panel), dst, width});
      for (int d = 0; panels.columns(panel) < width && d < shape_.head_dim; ++d) {
        std::fill(dst + d * width + panels.columns(panel), dst + (d + 1) * width, 0.0f);
      }
    }
  }

  void pack_values(View<const float> v, int keys, float* packed) const {
    const Panels panels{shape_.head_dim, gemm_.nr, gemm_.lanes};
    for (int panel = 0; panel < panels.count(); ++panel) {
      const int first = panel * panels.nr, width = panels.width(panel), columns = panels.columns(panel);
      float* dst = packed + static_cast<int64_t>(first) * keys;
      for (int j = 0; j < keys; ++j, dst += width) {
        std::memcpy(dst, v.at(0, 0, j) + first, static_cast<size_t>(columns) * sizeof(float));
        std::fill(dst + columns, dst + width, 0.0f);
      }
    }
  }

  const AttentionVariant& variant_;
  const GemmVariant& gemm_;
  const AttentionShape& shape_;
};

}  // namespace

void softmax_rows_reference(const SoftmaxRows& args) {
  for (int i = 0; i < args.rows; ++i) {
    float* row = args.scores + i * args.step;
    const int valid = std::min(args.columns, args.first_valid + i * args.valid_step);
    const double scale = static_cast<double>(args.scale);
    double most = -HUGE_VAL, sum = 0;
    for (int j = 0; j < valid; ++j) most = std::max(most, scale * row[j]);
    for (int j = 0; j < valid; ++j) sum += std::exp(scale * row[j] - most);
    for (int j = 0; j < valid; ++j) row[j] = static_cast<float>(std::exp(scale * row[j] - most) / sum);
    std::fill(row + valid, row + args.columns, 0.0f);
  }
}

std::span<const AttentionVariant> attention_variants() { return kVariants; }

const AttentionVariant& choose_attention(Isa limit) { return best_variant(attention_variants(), limit); }

size_t attention_scratch_floats(const GemmVariant& gemm, const AttentionShape& shape, int keys, int threads) {
  return static_cast<size_t>(Layout(gemm, shape.head_dim, keys).floats) * static_cast<size_t>(threads);
}

void attention_run(const AttentionVariant& variant, const GemmVariant& gemm, const AttentionShape& shape,
                   const AttentionMaps& maps, int threads, float* scratch) {
  const int channels = shape.heads * shape.head_dim;
  INK_CHECK(maps.q.c == channels && maps.k.c == channels && maps.v.c == channels && maps.dst.c == channels);
  INK_CHECK(maps.k.w == maps.v.w && maps.q.w == maps.dst.w && gemm.nr <= kMostColumns);
  const bool ragged = !maps.segments.empty();
  INK_CHECK(!ragged || (maps.dst.n == 1 && maps.k.w == maps.q.w));
  INK_CHECK(!shape.causal || ragged || maps.k.w >= maps.q.w);
  const Layout layout(gemm, shape.head_dim, maps.k.w);
  const int sequences = ragged ? static_cast<int>(maps.segments.size()) - 1 : maps.dst.n;
  // Where there are few heads the queries of one are shared out, too, at the price of packing its keys again.
  constexpr int kTasksPerThread = 3, kFewestBlocks = 4;
  const int blocks = static_cast<int>(divide_up(maps.q.w, gemm.mr));
  const int64_t heads = static_cast<int64_t>(sequences) * shape.heads;
  const int parts = static_cast<int>(std::clamp<int64_t>(divide_up(threads * kTasksPerThread, heads), 1,
                                                         std::max(1, blocks / kFewestBlocks)));
  const Attention attention(variant, gemm, shape);
  parallel_for(heads * parts, threads, [&](int64_t task, int worker) {
    const int part = static_cast<int>(task % parts),
              channel = static_cast<int>(task / parts % shape.heads) * shape.head_dim;
    const auto sequence = static_cast<size_t>(task / parts / shape.heads);
    const int image = ragged ? 0 : static_cast<int>(sequence);
    const int first = ragged ? maps.segments[sequence] : 0;
    const auto head_of = [&](const auto& map) {
      const int tokens = ragged ? maps.segments[sequence + 1] - first : map.w;
      return part_of(map, image, first, tokens, channel, shape.head_dim);
    };
    const Head head{head_of(maps.q), head_of(maps.k), head_of(maps.v), head_of(maps.dst)};
    const int own_blocks = attention.blocks(head);
    const int begin = own_blocks * part / parts, end = own_blocks * (part + 1) / parts;
    if (begin < end) attention.run(head, begin, end, layout, scratch + worker * layout.floats);
  });
}

}  // namespace ink
