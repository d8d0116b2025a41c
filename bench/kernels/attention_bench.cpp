#include "kernels/attention/attention.h"

#include "bench/kernels/layers.h"

namespace ink::bench {
namespace {

// Queries, keys and values of `images` sequences of one length, as a joined projection leaves them.
ReadyLayer ready_attention(const AttentionVariant& variant, const AttentionShape& shape, int images,
                           int tokens) {
  struct State {
    AlignedBuffer<float> qkv, dst, scratch;
  };
  const int channels = shape.heads * shape.head_dim;
  const int64_t outputs = static_cast<int64_t>(images) * tokens * channels;
  auto state = std::make_shared<State>(
      State{sample_buffer(3 * outputs, 1), AlignedBuffer<float>(static_cast<size_t>(outputs)), {}});
  const auto attend = [=](const AttentionVariant& chosen, const GemmVariant& gemm, float* dst, int count,
                          int threads) {
    const size_t floats = attention_scratch_floats(gemm, shape, tokens, threads);
    if (state->scratch.size() < floats) state->scratch = AlignedBuffer<float>(floats);
    const auto part = [&](int index) {
      View<const float> view = dense_view<const float>(state->qkv.data(), count, 1, tokens, 3 * channels);
      view.data += index * channels;
      view.c = channels;
      return view;
    };
    attention_run(chosen, gemm, shape,
                  {part(0), part(1), part(2), dense_view(dst, count, 1, tokens, channels), {}}, threads,
                  state->scratch.data());
  };
  const auto run = [=, &variant](int threads) {
    attend(variant, choose_gemm(variant.isa), state->dst.data(), images, threads);
  };
  const auto error = [=] {
    AlignedBuffer<float> want(static_cast<size_t>(outputs / images));
    attend(attention_variants().back(), gemm_variants().back(), want.data(), 1, 1);
    const View<float> view = dense_view(want.data(), 1, 1, tokens, channels);
    return largest_difference(dense_view(state->dst.data(), 1, 1, tokens, channels), view, view.whole());
  };
  return {run, error};
}

void add(const std::string& name, AttentionShape shape, int images, int tokens) {
  const double flops =
      4.0 * images * tokens * tokens * shape.heads * shape.head_dim * (shape.causal ? 0.5 : 1);
  for (const AttentionVariant& variant : attention_variants()) {
    add_layer({.kernel = "attention",
               .shape = name,
               .variant = variant.name,
               .isa = variant.isa,
               .flops = flops,
               .tolerance = kSumTolerance,
               .make = {}},
              [=, &variant] { return ready_attention(variant, shape, images, tokens); });
  }
}

const bool kRegistered = [] {
  add("clip_l14_image", {16, 64, 0.125f, false}, 1, 257);
  add("clip_l14_image_batch8", {16, 64, 0.125f, false}, 8, 257);
  add("clip_l14_text_77", {12, 64, 0.125f, true}, 1, 77);
  add("clip_l14_text_20", {12, 64, 0.125f, true}, 1, 20);
  add("clip_b32_image", {12, 64, 0.125f, false}, 1, 50);
  add("clip_b32_text_20", {8, 64, 0.125f, true}, 1, 20);
  add("vit_l16", {16, 64, 0.125f, false}, 1, 197);
  add("dinov2_base", {12, 64, 0.125f, false}, 1, 257);
  add("blip2_qformer", {12, 64, 0.125f, false}, 1, 32);
  add("distiluse_16", {12, 64, 0.125f, false}, 1, 16);
  add("distiluse_128", {12, 64, 0.125f, false}, 1, 128);
  add("blip2_image", {16, 88, 0.1066f, false}, 1, 257);
  add("long_2048", {4, 64, 0.125f, false}, 1, 2048);
  return true;
}();

}  // namespace
}  // namespace ink::bench
