#include "bench/kernels/onednn.h"

#include <omp.h>

#include <bit>
#include <cmath>
#include <dnnl.hpp>
#include <memory>
#include <unordered_map>

#include "bench/kernels/plain_layer.h"

namespace ink::bench {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

dnnl::engine& cpu() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

using Type = memory::data_type;

Type type_of(Precision precision) {
  return precision == Precision::f32 ? Type::f32 : precision == Precision::bf16 ? Type::bf16 : Type::s8;
}

// Turns values up to `most` into some that the precision's elements hold exactly, for int8 into multiples of
// `step` up to `largest`; what an element of 1 is worth.
double make_exact(AlignedBuffer<float>& values, Precision precision, double most, int largest, int step) {
  const double unit = precision == Precision::int8 ? most / largest : 1;
  for (float& value : values) {
    if (precision == Precision::int8)
      value = static_cast<float>(step * std::nearbyint(value / (unit * step)));
    if (precision == Precision::bf16)
      value = std::bit_cast<float>(std::bit_cast<uint32_t>(value) & 0xffff0000u);
  }
  return unit;
}

memory::desc maps(const memory::dims& sizes, Tag tag) { return {sizes, Type::f32, tag}; }

struct Work {
  dnnl::primitive primitive;
  memory::desc src, weights, dst;
};

template <class Kernel>
Work chosen(const typename Kernel::desc& wanted) {
  const typename Kernel::primitive_desc best(wanted, cpu());
  return {Kernel(best), best.src_desc(), best.weights_desc(), best.dst_desc()};
}

// What a layer's maps and weights are when they are not in the library's layout.
struct Plain {
  memory::desc src, weights, dst;
};

Plain plain_of(const Layer& l) {
  if (l.is_product()) {
    const int64_t m = int64_t{l.ih} * l.iw;
    return {maps({m, l.ic}, Tag::ab), maps({l.ic, l.oc}, Tag::ba), maps({m, l.oc}, Tag::ab)};
  }
  const bool depthwise = l.kind == "depthwise";
  return {maps({1, l.ic, l.ih, l.iw}, Tag::nhwc),
          depthwise ? maps({l.oc, 1, 1, l.kernel, l.kernel}, Tag::goihw)
                    : maps({l.oc, l.ic, l.kernel, l.kernel}, Tag::oihw),
          maps({1, l.oc, l.oh(), l.ow()}, Tag::nhwc)};
}

Work work_of(const Layer& l, Precision precision, const Plain& plain) {
  const Type type = type_of(precision);
  const memory::desc weights(plain.weights.dims(), type, Tag::any);
  if (l.is_product()) return chosen<dnnl::matmul>({{plain.src.dims(), type, Tag::ab}, weights, plain.dst});
  const memory::desc src(plain.src.dims(), type, Tag::any), dst(plain.dst.dims(), Type::f32, Tag::any);
  const memory::dims strides{l.stride, l.stride}, before{l.pad, l.pad};
  const auto behind = [&](int in, int out) {
    const int reach =
        l.kind == "deconv" ? (in - 1) * l.stride + l.kernel - out : (out - 1) * l.stride + l.kernel - in;
    return int64_t{reach - l.pad};
  };
  const memory::dims after{behind(l.ih, l.oh()), behind(l.iw, l.ow())};
  const auto prop = dnnl::prop_kind::forward_inference;
  if (l.kind == "deconv") {
    return chosen<dnnl::deconvolution_forward>(
        {prop, dnnl::algorithm::deconvolution_direct, src, weights, dst, strides, before, after});
  }
  return chosen<dnnl::convolution_forward>(
      {prop, dnnl::algorithm::convolution_auto, src, weights, dst, strides, before, after});
}

ReadyCase ready(const Layer& layer, Precision precision, int threads) {
  omp_set_num_threads(threads);
  struct State {
    AlignedBuffer<float> src, weights, dst;
    Work work;
    dnnl::stream stream;
    std::unordered_map<int, memory> arguments;
  };
  const Plain plain = plain_of(layer);
  const int fan_in = layer.channels_read() * layer.kernel * layer.kernel;
  auto state = std::make_shared<State>(State{sample_buffer(int64_t{layer.ih} * layer.iw * layer.ic, 1),
                                             sample_buffer(int64_t{fan_in} * layer.oc, fan_in),
                                             AlignedBuffer<float>(plain.dst.get_size() / sizeof(float)),
                                             work_of(layer, precision, plain),
                                             dnnl::stream(cpu()),
                                             {}});
  // Without VNNI it adds two products in 16 bits, which weights of 8 bits would overflow: convolutions halve
  // the weights for that.
  const double most_weight = 1 / std::sqrt(static_cast<double>(fan_in));
  const double unit = make_exact(state->src, precision, 1, 127, 1) *
                      make_exact(state->weights, precision, most_weight, 62, 2);
  const auto take = [&](int argument, const memory::desc& from, float* values, const memory::desc& to) {
    memory laid_out(to, cpu());
    memory given(from, cpu(), values);
    dnnl::reorder(given, laid_out).execute(state->stream, given, laid_out);
    state->arguments.emplace(argument, laid_out);
  };
  take(DNNL_ARG_SRC, plain.src, state->src.data(), state->work.src);
  take(DNNL_ARG_WEIGHTS, plain.weights, state->weights.data(), state->work.weights);
  state->arguments.emplace(DNNL_ARG_DST, memory(state->work.dst, cpu()));
  state->stream.wait();
  const auto run = [=] {
    omp_set_num_threads(threads);
    state->work.primitive.execute(state->stream, state->arguments);
    state->stream.wait();
  };
  const auto error = [=] {
    memory result(plain.dst, cpu(), state->dst.data());
    memory& found = state->arguments.at(DNNL_ARG_DST);
    dnnl::reorder(found, result).execute(state->stream, found, result);
    state->stream.wait();
    const int area = layer.kernel * layer.kernel;
    return unit *
           plain_difference(layer, state->src.data(), state->dst.data(), [&](int o, int i, int r, int s) {
             const int64_t tap = int64_t{r} * layer.kernel + s;
             return state
                 ->weights[static_cast<size_t>((int64_t{o} * layer.channels_read() + i) * area + tap)];
           });
  };
  return {run, error};
}

}  // namespace

std::string onednn_version() {
  const dnnl_version_t& v = *dnnl::version();
  return "oneDNN " + std::to_string(v.major) + "." + std::to_string(v.minor) + "." + std::to_string(v.patch);
}

void limit_onednn(Isa isa) {
  const auto of = [](Isa set) {
    switch (set) {
      case Isa::avx2: return dnnl::cpu_isa::avx2;
      case Isa::avx512: return dnnl::cpu_isa::avx512_core;
      case Isa::avx512vnni: return dnnl::cpu_isa::avx512_core_vnni;
      case Isa::avx512bf16: return dnnl::cpu_isa::avx512_core_bf16;
      case Isa::amx: return dnnl::cpu_isa::all;
      default: return dnnl::cpu_isa::sse41;
    }
  };
  dnnl::set_max_cpu_isa(of(isa));
}

ReadyCase ready_onednn(const Layer& layer, Precision precision, int threads) {
  try {
    return ready(layer, precision, threads);
  } catch (const dnnl::error&) {  // as of bf16 on a CPU without AVX-512
    return {};
  }
}

}  // namespace ink::bench
