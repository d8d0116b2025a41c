#include "bench/kernels/onednn.h"

#include <omp.h>

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

memory::desc maps(const memory::dims& sizes, Tag tag) { return {sizes, memory::data_type::f32, tag}; }

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

Work work_of(const Layer& l, const Plain& plain) {
  const auto any = [](const memory::desc& desc) { return maps(desc.dims(), Tag::any); };
  if (l.is_product()) return chosen<dnnl::matmul>({plain.src, any(plain.weights), plain.dst});
  const memory::dims strides{l.stride, l.stride}, before{l.pad, l.pad};
  const auto behind = [&](int in, int out) {
    const int reach =
        l.kind == "deconv" ? (in - 1) * l.stride + l.kernel - out : (out - 1) * l.stride + l.kernel - in;
    return int64_t{reach - l.pad};
  };
  const memory::dims after{behind(l.ih, l.oh()), behind(l.iw, l.ow())};
  const auto prop = dnnl::prop_kind::forward_inference;
  if (l.kind == "deconv") {
    return chosen<dnnl::deconvolution_forward>({prop, dnnl::algorithm::deconvolution_direct, any(plain.src),
                                                any(plain.weights), any(plain.dst), strides, before, after});
  }
  return chosen<dnnl::convolution_forward>({prop, dnnl::algorithm::convolution_auto, any(plain.src),
                                            any(plain.weights), any(plain.dst), strides, before, after});
}

}  // namespace

std::string onednn_version() {
  const dnnl_version_t& v = *dnnl::version();
  return "oneDNN " + std::to_string(v.major) + "." + std::to_string(v.minor) + "." + std::to_string(v.patch);
}

void limit_onednn(Isa isa) {
  const Isa set = float_isa(isa);
  dnnl::set_max_cpu_isa(set == Isa::avx512 ? dnnl::cpu_isa::avx512_core
                        : set == Isa::avx2 ? dnnl::cpu_isa::avx2
                                           : dnnl::cpu_isa::sse41);
}

ReadyCase ready_onednn(const Layer& layer, int threads) {
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
                                             work_of(layer, plain),
                                             dnnl::stream(cpu()),
                                             {}});
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
    return plain_difference(layer, state->src.data(), state->dst.data(), [&](int o, int i, int r, int s) {
      const int64_t tap = int64_t{r} * layer.kernel + s;
      return state->weights[static_cast<size_t>((int64_t{o} * layer.channels_read() + i) * area + tap)];
    });
  };
  return {run, error};
}

}  // namespace ink::bench
