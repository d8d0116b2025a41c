#pragma once

#include <span>
#include <vector>

namespace ink::test {

// Weights (oc, icg, area) reordered to (area, icg, oc).
inline std::vector<float> hwio_of(std::span<const float> oihw, int oc, int icg, int area) {
  std::vector<float> hwio(oihw.size());
  for (int o = 0; o < oc; ++o) {
    for (int i = 0; i < icg; ++i) {
      for (int t = 0; t < area; ++t) {
        hwio[static_cast<size_t>((t * icg + i) * oc + o)] =
            oihw[static_cast<size_t>((o * icg + i) * area + t)];
      }
    }
  }
  return hwio;
}

}  // namespace ink::test
