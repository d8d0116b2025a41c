#include <algorithm>
#include <bit>
#include <cstdint>

#include "kernels/conv/winograd_points.h"
#include "kernels/conv/winograd_tile.h"

namespace ink {
namespace {

// Output channels whose kernels are transformed side by side.
constexpr int kLanes = 8;
using Lanes = double[kLanes];

// One column of G g.
template <int kTile>
void transform_column(const Lanes& g0, const Lanes& g1, const Lanes& g2, Lanes (&u)[kTile + 2]) {
  using Points = WinogradPoints<kTile>;
  for (int l = 0; l < kLanes; ++l) {
    u[0][l] = g0[l] * Points::kFirst;
    for (int pair = 0; pair < kTile / 2; ++pair) {
      const double* const row = Points::kPairs[pair];
      const double even = g0[l] * row[0] + g2[l] * row[2], odd = g1[l] * row[1];
      u[1 + 2 * pair][l] = even + odd;
      u[2 + 2 * pair][l] = even - odd;
    }
    u[kTile + 1][l] = g2[l];
  }
}

template <int kTile>
bool transform(const WinogradKernels& args) {
  constexpr int kInput = kTile + 2;
  uint32_t found = 0;
  for (int j = 0; j < args.panel; j += kLanes) {
    const int lanes = std::clamp(args.columns - j, 0, kLanes), width = std::min(kLanes, args.panel - j);
    for (int i = 0; i < args.channels; ++i) {
      Lanes g[9] = {}, rows[3][kInput], point[kInput];
      for (int l = 0; l < lanes; ++l) {
        const float* const kernel = args.src + (j + l) * args.oc_step + i * args.ic_step;
        for (int k = 0; k < 9; ++k) {
          const float value = kernel[k * args.tap_step];
          // A finite number less itself is 0, and no other is.
          found |= std::bit_cast<uint32_t>(value - value);
          g[k][l] = args.factors == nullptr ? value : static_cast<float>(value * args.factors[j + l]);
        }
      }
      for (int x = 0; x < 3; ++x) transform_column<kTile>(g[x], g[3 + x], g[6 + x], rows[x]);
      for (int y = 0; y < kInput; ++y) {
        transform_column<kTile>(rows[0][y], rows[1][y], rows[2][y], point);
        for (int x = 0; x < kInput; ++x) {
          float* const to = args.dst + (y * kInput + x) * args.dst_stride + int64_t{i} * args.panel + j;
          for (int l = 0; l < width; ++l) to[l] = static_cast<float>(point[x][l]);
        }
      }
    }
  }
  return found != 0;
}

}  // namespace

bool winograd2_kernels_reference(const WinogradKernels& args) { return transform<2>(args); }

bool winograd4_kernels_reference(const WinogradKernels& args) { return transform<4>(args); }

bool winograd6_kernels_reference(const WinogradKernels& args) { return transform<6>(args); }

}  // namespace ink
