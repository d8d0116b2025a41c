#pragma once

#include <benchmark/benchmark.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/isa.h"
#include "kernels/base/parallel.h"
#include "kernels/base/view.h"
#include "kernels/fma_peak/fma_peak.h"

namespace ink::bench {

// A line of bench/shapes: a layer with weights of a real network.
struct Layer {
  std::string name, kind;  // "conv", "deconv" or "linear"
  int ih, iw, ic, oc, kernel, stride, pad, count;

  int oh() const { return output(ih); }
  int ow() const { return output(iw); }
  // Of the plain algorithm.
  double flops() const {
    const double pixels = kind == "deconv" ? static_cast<double>(ih) * iw : static_cast<double>(oh()) * ow();
    return 2.0 * pixels * ic * oc * kernel * kernel;
  }

 private:
  int output(int size) const {
    return kind == "deconv" ? (size - 1) * stride - 2 * pad + kernel : (size + 2 * pad - kernel) / stride + 1;
  }
};

inline std::vector<Layer> read_layers(const std::string& file) {
  const std::filesystem::path path =
      std::filesystem::path(__FILE__).parent_path().parent_path() / "shapes" / file;
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot open " + path.string());
  std::vector<Layer> layers;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    Layer l;
    std::istringstream fields(line);
    if (!(fields >> l.name >> l.kind >> l.ih >> l.iw >> l.ic >> l.oc >> l.kernel >> l.stride >> l.pad >>
          l.count)) {
      throw std::runtime_error(path.string() + ": expected ten fields, found \"" + line + "\"");
    }
    layers.push_back(l);
  }
  return layers;
}

// Values in [-1, 1) / sqrt(fan_in) that repeat after a period no kernel's step divides.
inline AlignedBuffer<float> sample_buffer(int64_t size, int fan_in) {
  AlignedBuffer<float> values(static_cast<size_t>(size));
  const double scale = 1 / std::sqrt(static_cast<double>(fan_in));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>((static_cast<double>(i * 7919 % 10007) / 5003.5 - 1) * scale);
  }
  return values;
}

// What one instruction set gives at best on so many threads, measured once in this run.
inline double peak_flops(Isa isa, int threads) {
  static std::map<std::pair<Isa, int>, double> measured;
  double& flops = measured[{isa, threads}];
  if (flops == 0) flops = measure_fma_peak(isa, threads);
  return flops;
}

// A layer made ready: its weights packed, its maps in memory.
struct ReadyLayer {
  std::function<void(int threads)> run;
  // The largest difference between what run() left and the reference, on outputs of order 1.
  std::function<double()> error;
};

// Times `make` on one thread and on all, and reports GFLOP/s and the share of the peak.
inline void add_layer(const std::string& name, Isa isa, double flops,
                      const std::function<ReadyLayer()>& make) {
  if (isa > supported_isas().back()) return;
  for (const int threads : std::set<int>{1, default_threads()}) {
    const std::string full = name + "/threads:" + std::to_string(threads);
    benchmark::RegisterBenchmark(full.c_str(),
                                 [=](benchmark::State& state) {
                                   const ReadyLayer layer = make();
                                   layer.run(threads);
                                   // Sums of order 1: rounding stays below 1e-5, a wrong tap shows at 1e-2.
                                   if (!(layer.error() < 1e-4)) {
                                     state.SkipWithError("differs from the reference");
                                     return;
                                   }
                                   with_workers(threads, [&] {
                                     for (auto iteration : state) {
                                       static_cast<void>(iteration);
                                       layer.run(threads);
                                       benchmark::ClobberMemory();
                                     }
                                   });
                                   using benchmark::Counter;
                                   state.counters["GFLOP/s"] =
                                       Counter(flops * 1e-9, Counter::kIsIterationInvariantRate);
                                   state.counters["of_peak"] = Counter(flops / peak_flops(isa, threads),
                                                                       Counter::kIsIterationInvariantRate);
                                 })
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
  }
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
  const auto view = [](AlignedBuffer<float>& map, int h, int w, int c) {
    return dense_view(map.data(), 1, h, w, c);
  };
  const int64_t outputs = static_cast<int64_t>(layer.oh()) * layer.ow() * layer.oc;
  auto state =
      std::make_shared<State>(State{std::move(kernel),
                                    std::move(reference),
                                    sample_buffer(static_cast<int64_t>(layer.ih) * layer.iw * layer.ic, 1),
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
    state->kernel.run(view(state->src, layer.ih, layer.iw, layer.ic),
                      view(state->dst, layer.oh(), layer.ow(), layer.oc), {}, {},
                      {0, 0, layer.oh(), layer.ow()}, threads, state->scratch.data());
  };
  // The first and the last rows: all of a large map would take the reference half a minute.
  const auto error = [=] {
    state->want = AlignedBuffer<float>(static_cast<size_t>(outputs));
    AlignedBuffer<float> scratch(state->reference.scratch_floats(1));
    const View<float> want = view(state->want, layer.oh(), layer.ow(), layer.oc);
    const View<float> got = view(state->dst, layer.oh(), layer.ow(), layer.oc);
    double largest = 0;
    constexpr int kRows = 5;
    for (const int y : {0, std::max(0, layer.oh() - kRows)}) {
      const Rect rows{y, 0, std::min(layer.oh(), y + kRows), layer.ow()};
      state->reference.run(view(state->src, layer.ih, layer.iw, layer.ic), want, {}, {}, rows, 1,
                           scratch.data());
      largest = std::max(largest, largest_difference(got, want, rows));
    }
    state->want = {};
    return largest;
  };
  return {run, error};
}

}  // namespace ink::bench
