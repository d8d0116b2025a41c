#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "bench/kernels/layers.h"

namespace ink::bench {

// Output (y, x, o) of a layer by its definition, in double. src is (ih, iw, ic); weight(o, i, r, s) that of
// output channel o, input channel i and kernel position (r, s), i being 0 where the layer is depthwise.
template <class Weight>
double plain_output(const Layer& layer, const float* src, Weight weight, int y, int x, int o) {
  const bool spreads = layer.kind == "deconv", depthwise = layer.kind == "depthwise";
  // Where a kernel position reads, or -1.
  const auto source = [&](int at, int position, int size) {
    if (!spreads) {
      const int read = at * layer.stride - layer.pad + position;
      return read < size ? read : -1;
    }
    const int read = at + layer.pad - position;
    return read % layer.stride == 0 && read / layer.stride < size ? read / layer.stride : -1;
  };
  double sum = 0;
  for (int r = 0; r < layer.kernel; ++r) {
    for (int s = 0; s < layer.kernel; ++s) {
      const int iy = source(y, r, layer.ih), ix = source(x, s, layer.iw);
      if (iy < 0 || ix < 0) continue;
      const float* pixel = src + (static_cast<int64_t>(iy) * layer.iw + ix) * layer.ic;
      for (int i = 0; i < layer.channels_read(); ++i)
        sum += static_cast<double>(pixel[depthwise ? o : i]) * weight(o, i, r, s);
    }
  }
  return sum;
}

// The largest difference from it, of dst (oh, ow, oc), in three pixels.
template <class Weight>
double plain_difference(const Layer& layer, const float* src, const float* dst, Weight weight) {
  const int last_y = layer.oh() - 1, last_x = layer.ow() - 1;
  double largest = 0;
  for (const auto& [y, x] : {std::pair{0, 0}, {last_y / 2, last_x / 2}, {last_y, last_x}}) {
    for (int o = 0; o < layer.oc; ++o) {
      const double found = dst[(static_cast<int64_t>(y) * layer.ow() + x) * layer.oc + o];
      const double difference = std::abs(found - plain_output(layer, src, weight, y, x, o));
      if (!(difference <= largest)) largest = difference;
    }
  }
  return largest;
}

}  // namespace ink::bench
