#include "kernels/conv/winograd_weights.h"

#include <algorithm>

#include "kernels/base/divide.h"
#include "kernels/base/huge_pages.h"
#include "kernels/conv/winograd.h"

namespace ink {
namespace {

// Output channels whose weights are transformed side by side.
constexpr int kLanes = 8;
using Lanes = double[kLanes];

// The rows of G: first (a, 0, 0); then for each point and its negative (b, c, d) and (b, -c, d); last
// (0, 0, 1).
template <int kTile>
struct Rows;
template <>
struct Rows<2> {
  static constexpr double kFirst = 1;
  static constexpr double kPairs[1][3] = {{1.0 / 2, 1.0 / 2, 1.0 / 2}};
};
template <>
struct Rows<4> {
  static constexpr double kFirst = 1.0 / 4;
  static constexpr double kPairs[2][3] = {{-1.0 / 6, -1.0 / 6, -1.0 / 6}, {1.0 / 24, 1.0 / 12, 1.0 / 6}};
};
template <>
struct Rows<6> {
  static constexpr double kFirst = 1;
  static constexpr double kPairs[3][3] = {
      {-2.0 / 9, -2.0 / 9, -2.0 / 9}, {1.0 / 90, 1.0 / 45, 2.0 / 45}, {32.0 / 45, 16.0 / 45, 8.0 / 45}};
};

// One column of G g.
template <int kTile>
void transform_column(const Lanes& g0, const Lanes& g1, const Lanes& g2, Lanes (&u)[kTile + 2]) {
  for (int l = 0; l < kLanes; ++l) {
    u[0][l] = g0[l] * Rows<kTile>::kFirst;
    for (int pair = 0; pair < kTile / 2; ++pair) {
      const double* const row = Rows<kTile>::kPairs[pair];
      const double even = g0[l] * row[0] + g2[l] * row[2], odd = g1[l] * row[1];
      u[1 + 2 * pair][l] = even + odd;
      u[2 + 2 * pair][l] = even - odd;
    }
    u[kTile + 1][l] = g2[l];
  }
}

}  // namespace

WinogradWeights::WinogradWeights(const GemmVariant& variant, int tile, const ConvWeights& weights, int ic,
                                 int oc)
    : points_(winograd_points(tile)), ic_(ic), oc_(oc), nr_(variant.nr), zeros_(static_cast<size_t>(nr_)) {
  constexpr int kGroupChannels = 64;
  group_panels_ = std::clamp(kGroupChannels / nr_, 1, panels());
  const int before = (panels() - 1) * nr_;
  width_ = before + divide_up(oc - before, variant.lanes) * variant.lanes;
  data_ = AlignedBuffer<float>(static_cast<size_t>(points_) * static_cast<size_t>(ic) *
                               static_cast<size_t>(width_));
  prefer_huge_pages(data_.data(), data_.size() * sizeof(float));
  std::fill(data_.begin(), data_.end(), 0.0f);
  std::fill(zeros_.begin(), zeros_.end(), 0.0f);
  switch (tile) {
    case 2: transform<2>(weights); break;
    case 4: transform<4>(weights); break;
    default: transform<6>(weights);
  }
  for (int point = 0; point < points_; ++point) {
    for (int p = 0; p < panels(); ++p) {
      const float* const begin = panel(point, p);
      zero_.push_back(std::all_of(begin, begin + int64_t{ic} * width(p), [](float w) { return w == 0.0f; }));
    }
  }
}

int64_t WinogradWeights::offset(int point, int panel) const {
  const int first = panel / group_panels_ * group_panels_;
  const int64_t group_width = std::min(width_ - first * nr_, group_panels_ * nr_);
  return ic_ * (int64_t{points_} * first * nr_ + point * group_width + int64_t{panel - first} * nr_);
}

template <int kTile>
void WinogradWeights::transform(const ConvWeights& weights) {
  constexpr int kInput = kTile + 2;
  const ConvWeights::Steps steps = weights.steps(ic_, oc_, 9);
  for (int panel = 0; panel < panels(); ++panel) {
    for (int o = 0; o < columns(panel); o += kLanes) {
      const int lanes = std::min(kLanes, columns(panel) - o);
      for (int i = 0; i < ic_; ++i) {
        Lanes g[9] = {}, rows[3][kInput], point[kInput];
        for (int l = 0; l < lanes; ++l) {
          const int channel = panel * nr_ + o + l;
          const float* const kernel = weights.data + channel * steps.oc + i * steps.ic;
          for (int k = 0; k < 9; ++k) g[k][l] = weights.scaled(kernel[k * steps.tap], channel);
        }
        for (int x = 0; x < 3; ++x) transform_column<kTile>(g[x], g[3 + x], g[6 + x], rows[x]);
        for (int y = 0; y < kInput; ++y) {
          transform_column<kTile>(rows[0][y], rows[1][y], rows[2][y], point);
          for (int x = 0; x < kInput; ++x) {
            float* const to = data_.data() + offset(y * kInput + x, panel) + int64_t{i} * width(panel) + o;
            for (int l = 0; l < lanes; ++l) to[l] = static_cast<float>(point[x][l]);
          }
        }
      }
    }
  }
}

}  // namespace ink
