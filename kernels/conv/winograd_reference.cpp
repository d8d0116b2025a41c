#include "kernels/conv/winograd_tile.h"

namespace ink {
namespace {

template <int kTile>
struct Matrices;
template <>
struct Matrices<2> {
  static constexpr double kInput[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}};
  static constexpr double kOutput[2][4] = {{1, 1, 1, 0}, {0, 1, -1, 1}};
};
template <>
struct Matrices<4> {
  static constexpr double kInput[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                                          {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
  static constexpr double kOutput[4][6] = {
      {1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};
};
template <>
struct Matrices<6> {
  static constexpr double kInput[8][8] = {
      {1, 0, -21.0 / 4, 0, 21.0 / 4, 0, -1, 0},  {0, 1, 1, -17.0 / 4, -17.0 / 4, 1, 1, 0},
      {0, -1, 1, 17.0 / 4, -17.0 / 4, -1, 1, 0}, {0, 0.5, 0.25, -2.5, -1.25, 2, 1, 0},
      {0, -0.5, 0.25, 2.5, -1.25, -2, 1, 0},     {0, 2, 4, -2.5, -5, 0.5, 1, 0},
      {0, -2, 4, 2.5, -5, -0.5, 1, 0},           {0, -1, 0, 21.0 / 4, 0, -21.0 / 4, 0, 1}};
  static constexpr double kOutput[6][8] = {{1, 1, 1, 1, 1, 1, 1, 0},
                                           {0, 1, -1, 2, -2, 1.0 / 2, -1.0 / 2, 0},
                                           {0, 1, 1, 4, 4, 1.0 / 4, 1.0 / 4, 0},
                                           {0, 1, -1, 8, -8, 1.0 / 8, -1.0 / 8, 0},
                                           {0, 1, 1, 16, 16, 1.0 / 16, 1.0 / 16, 0},
                                           {0, 1, -1, 32, -32, 1.0 / 32, -1.0 / 32, 1}};
};

// result = left * middle * left^T with left (rows x inner) and middle (inner x inner).
template <int kRows, int kInner>
void sandwich(const double (&left)[kRows][kInner], const double (&middle)[kInner][kInner],
              double (&result)[kRows][kRows]) {
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kRows; ++j) {
      result[i][j] = 0;
      for (int a = 0; a < kInner; ++a) {
        for (int b = 0; b < kInner; ++b) result[i][j] += left[i][a] * middle[a][b] * left[j][b];
      }
    }
  }
}

template <int kTile>
void input(const WinogradInput& args) {
  constexpr int kInput = kTile + 2;
  for (int c = 0; c < args.channels; ++c) {
    double d[kInput][kInput] = {}, v[kInput][kInput];
    for (int y = args.y0; y < args.y1; ++y) {
      for (int x = args.x0; x < args.x1; ++x)
        d[y][x] = args.src[y * args.row_stride + x * args.pixel_stride + c];
    }
    sandwich(Matrices<kTile>::kInput, d, v);
    for (int p = 0; p < kInput * kInput; ++p)
      args.dst[p * args.dst_stride + c] = static_cast<float>(v[p / kInput][p % kInput]);
  }
}

template <int kTile>
void output(const WinogradOutput& args) {
  constexpr int kInput = kTile + 2;
  for (int c = 0; c < args.channels; ++c) {
    double m[kInput][kInput], result[kTile][kTile];
    for (int p = 0; p < kInput * kInput; ++p) m[p / kInput][p % kInput] = args.src[p * args.src_stride + c];
    sandwich(Matrices<kTile>::kOutput, m, result);
    for (int y = 0; y < args.rows; ++y) {
      for (int x = 0; x < args.columns; ++x) {
        float residual = 0;
        if (args.residual != nullptr) {
          residual = args.residual[y * args.residual_row_stride + x * args.residual_pixel_stride + c];
        }
        const float value = static_cast<float>(result[y][x] + args.bias[c]);
        args.dst[y * args.row_stride + x * args.pixel_stride + c] = finish(value, residual, args.epilogue);
      }
    }
  }
}

}  // namespace

void winograd2_input_reference(const WinogradInput& args) { input<2>(args); }
void winograd4_input_reference(const WinogradInput& args) { input<4>(args); }
void winograd6_input_reference(const WinogradInput& args) { input<6>(args); }
void winograd2_output_reference(const WinogradOutput& args) { output<2>(args); }
void winograd4_output_reference(const WinogradOutput& args) { output<4>(args); }
void winograd6_output_reference(const WinogradOutput& args) { output<6>(args); }

}  // namespace ink
