#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/kernels/cases.h"
#include "bench/kernels/samples.h"
#include "kernels/base/pixel_step.h"
#include "kernels/base/view.h"

namespace ink::bench {

// A line of bench/shapes: a layer with weights of a real network.
struct Layer {
  std::string name, kind;  // "conv", "deconv" or "linear"
  int ih, iw, ic, oc, kernel, stride, pad;
  int count;  // how often it is there; 0: in no network

  int oh() const { return output(ih); }
  int ow() const { return output(iw); }
  bool is_product() const { return kind == "linear" || (kind == "conv" && kernel == 1 && stride == 1); }
  // As Case has it.
  std::string family() const {
    if (count == 0) return {};
    if (is_product()) return ih * iw == 1 ? "product of one row" : "product";
    if (kind == "conv") return kernel == 3 ? "3x3 convolution" : "other convolution";
    return kind == "deconv" ? "transposed convolution" : kind + " convolution";
  }
  int channels_read() const { return kind == "depthwise" ? 1 : ic; }  // by an output
  // Of the plain algorithm.
  double flops() const {
    const double pixels = kind == "deconv" ? static_cast<double>(ih) * iw : static_cast<double>(oh()) * ow();
    return 2.0 * pixels * channels_read() * oc * kernel * kernel;
  }

 private:
  int output(int size) const {
    return kind == "deconv" ? (size - 1) * stride - 2 * pad + kernel : (size + 2 * pad - kernel) / stride + 1;
  }
};

// The files of bench/shapes, without their ending.
std::vector<std::string> networks();
// Those of one of them, in its order.
std::vector<Layer> read_layers(std::string_view network);

// A layer made ready: its weights packed, its maps in memory.
struct ReadyLayer {
  std::function<void(int threads)> run;
  std::function<double()> error;  // as ReadyCase has it, on outputs of order 1
};

// Convolutions' or transposed ones'.
template <class Params>
Params params_of(const Layer& layer) {
  Params params{.ic = layer.ic,
                .oc = layer.oc,
                .kh = layer.kernel,
                .kw = layer.kernel,
                .sh = layer.stride,
                .sw = layer.stride,
                .pad_top = layer.pad,
                .pad_left = layer.pad,
                .pad_bottom = layer.pad,
                .pad_right = layer.pad};
  if constexpr (requires { params.groups; }) params.groups = layer.kind == "depthwise" ? layer.ic : 1;
  return params;
}

// A case without its make().
inline Case about(const Layer& layer, const std::string& kernel, const std::string& shape,
                  const std::string& variant, std::optional<Isa> isa) {
  return {.kernel = kernel,
          .shape = shape,
          .variant = variant,
          .isa = isa,
          .family = layer.family(),
          .flops = layer.flops(),
          .tolerance = kSumTolerance,
          .make = {}};
}

inline void add_layer(Case about, const std::function<ReadyLayer()>& make) {
  about.make = [=](int threads) {
    const ReadyLayer layer = make();
    return ReadyCase{[=] { layer.run(threads); }, layer.error};
  };
  add_case(std::move(about));
}

// Maps lie as those of networks do.
inline int64_t map_floats(int h, int w, int c) { return int64_t{h} * w * pixel_step(h, w, c); }

inline View<float> map_view(AlignedBuffer<float>& map, int h, int w, int c) {
  const int64_t step = pixel_step(h, w, c);
  return {map.data(), 1, h, w, c, 0, 0, h * w * step, w * step, step};
}

inline double largest_difference(View<const float> a, View<const float> b, Rect region) {
  double largest = 0;
  for (int y = region.y0; y < region.y1; ++y) {
    for (int x = region.x0; x < region.x1; ++x) {
      for (int c = 0; c < a.c; ++c) {
        const double difference = std::abs(static_cast<double>(a.at(0, y, x)[c]) - b.at(0, y, x)[c]);
        if (!(difference <= largest)) largest = difference;
      }
    }
  }
  return largest;
}

// A convolution of any kind: kernel.run() as TapConv has it, reference the same on the reference kernels.
template <class Kernel, class Reference>
ReadyLayer ready_convolution(const Layer& layer, Kernel kernel, Reference reference) {
  struct State {
    Kernel kernel;
    Reference reference;
    AlignedBuffer<float> src, dst, want, scratch;
  };
  const int64_t outputs = map_floats(layer.oh(), layer.ow(), layer.oc);
  auto state = std::make_shared<State>(State{std::move(kernel),
                                             std::move(reference),
                                             sample_buffer(map_floats(layer.ih, layer.iw, layer.ic), 1),
                                             AlignedBuffer<float>(static_cast<size_t>(outputs)),
                                             {},
                                             {}});
  const auto run = [=](int threads) {
    const size_t floats = [&] {
      if constexpr (requires { state->kernel.scratch_floats(threads, 1, layer.oh(), layer.ow()); }) {
        return state->kernel.scratch_floats(threads, 1, layer.oh(), layer.ow());
      } else {
        return state->kernel.scratch_floats(threads);
      }
    }();
    if (state->scratch.size() < floats) state->scratch = AlignedBuffer<float>(floats);
    state->kernel.run(map_view(state->src, layer.ih, layer.iw, layer.ic),
                      map_view(state->dst, layer.oh(), layer.ow(), layer.oc), {}, {},
                      {0, 0, layer.oh(), layer.ow()}, threads, state->scratch.data());
  };
  // The first and the last rows, or the first of a product's: all of a large map would take the reference
  // half a minute.
  const auto error = [=] {
    state->want = AlignedBuffer<float>(static_cast<size_t>(outputs));
    AlignedBuffer<float> scratch(state->reference.scratch_floats(1));
    const View<float> want = map_view(state->want, layer.oh(), layer.ow(), layer.oc);
    const View<float> got = map_view(state->dst, layer.oh(), layer.ow(), layer.oc);
    double largest = 0;
    constexpr int kRows = 5, kProductRows = 64;
    const int columns = layer.oh() == 1 ? std::min(layer.ow(), kProductRows) : layer.ow();
    for (const int y : {0, std::max(0, layer.oh() - kRows)}) {
      const Rect rows{y, 0, std::min(layer.oh(), y + kRows), columns};
      state->reference.run(map_view(state->src, layer.ih, layer.iw, layer.ic), want, {}, {}, rows, 1,
                           scratch.data());
      largest = std::max(largest, largest_difference(got, want, rows));
    }
    state->want = {};
    return largest;
  };
  return {run, error};
}

}  // namespace ink::bench
