#pragma once

namespace ink {

// The rows of Winograd's G (winograd_tile.h): first (a, 0, 0); then for each point and its negative (b, c, d)
// and (b, -c, d); last (0, 0, 1).
template <int kTile>
struct WinogradPoints;
template <>
struct WinogradPoints<2> {
  static constexpr double kFirst = 1;
  static constexpr double kPairs[1][3] = {{1.0 / 2, 1.0 / 2, 1.0 / 2}};
};
template <>
struct WinogradPoints<4> {
  static constexpr double kFirst = 1.0 / 4;
  static constexpr double kPairs[2][3] = {{-1.0 / 6, -1.0 / 6, -1.0 / 6}, {1.0 / 24, 1.0 / 12, 1.0 / 6}};
};
template <>
struct WinogradPoints<6> {
  static constexpr double kFirst = 1;
  static constexpr double kPairs[3][3] = {
      {-2.0 / 9, -2.0 / 9, -2.0 / 9}, {1.0 / 90, 1.0 / 45, 2.0 / 45}, {32.0 / 45, 16.0 / 45, 8.0 / 45}};
};

}  // namespace ink
