#include <algorithm>

#include "kernels/attention/attention.h"

#include "engine/ops/sequence_op.h"

namespace ink {
namespace {

using Inputs = AttentionAttributes::Inputs;

View<const float> channels_from(View<const float> map, int first, int count) {
  map.data += first;
  map.c = count;
  return map;
}

class PreparedAttention : public PreparedOp {
 public:
  PreparedAttention(const AttentionVariant& variant, const GemmVariant& gemm,
                    const AttentionAttributes& attributes)
      : variant_(variant),
        gemm_(gemm),
        shape_{attributes.heads, attributes.head_dim, attributes.scale, attributes.causal},
        inputs_(attributes.inputs),
        segments_(attributes.segments) {}

  const char* kernel() const override { return variant_.name; }
  size_t scratch_bytes(std::span<const Shape> inputs, const Shape&, int threads) const override {
    return attention_scratch_floats(gemm_, shape_, keys(inputs), threads) * sizeof(float);
  }
  double flops(std::span<const Shape> inputs, const Shape& output) const override {
    // As if sequences were of one length: where they are cut is not known before a run.
    const int sequences = segments_ ? std::max(inputs.back().w - 1, 1) : 1;
    return 4.0 * keys(inputs) / sequences * static_cast<double>(output.elements()) *
           (shape_.causal ? 0.5 : 1);
  }
  Rect input_region(size_t input, Rect region, std::span<const Shape> inputs,
                    const Shape& output) const override {
    return whole_map(region, inputs[input], output);
  }
  void run(const RunContext& context) const override {
    const int c = shape_.heads * shape_.head_dim;
    const View<const float> first = context.inputs[0].floats();
    const View<const float> second = inputs_ == Inputs::qkv ? first : context.inputs[1].floats();
    AttentionMaps maps{channels_from(first, 0, c), second, {}, context.output.floats(), {}};
    switch (inputs_) {
      case Inputs::q_k_v: maps.v = context.inputs[2].floats(); break;
      case Inputs::q_kv: maps.k = channels_from(second, 0, c), maps.v = channels_from(second, c, c); break;
      case Inputs::qkv: maps.k = channels_from(first, c, c), maps.v = channels_from(first, 2 * c, c); break;
    }
    maps.segments = segments_of(context, segments_, first.w);
    attention_run(variant_, gemm_, shape_, maps, context.threads, context.scratch);
  }

 private:
  int keys(std::span<const Shape> inputs) const { return inputs[inputs_ == Inputs::qkv ? 0 : 1].w; }

  const AttentionVariant& variant_;
  const GemmVariant& gemm_;
  AttentionShape shape_;
  Inputs inputs_;
  bool segments_;
};

class Attention : public Op {
 public:
  explicit Attention(AttentionAttributes attributes) : attributes_(attributes) {
    INK_CHECK(attributes.heads > 0 && attributes.head_dim > 0);
  }

  const char* kind() const override { return "attention"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    const size_t maps = attributes_.inputs == Inputs::q_k_v ? 3 : attributes_.inputs == Inputs::q_kv ? 2 : 1;
    if (inputs.size() != maps + (attributes_.segments ? 1 : 0)) {
      return wrong_inputs(kind(), maps + (attributes_.segments ? 1 : 0), inputs.size());
    }
    const int c = attributes_.heads * attributes_.head_dim;
    const Shape &q = inputs[0], &k = inputs[maps > 1 ? 1 : 0], &v = inputs[maps - 1];
    const int side_by_side = attributes_.inputs == Inputs::q_k_v  ? 1
                             : attributes_.inputs == Inputs::q_kv ? 2
                                                                  : 3;
    INK_TRY_STATUS(check_map(q, maps > 1 ? c : side_by_side * c));
    INK_TRY_STATUS(check_map(k, side_by_side * c));
    INK_TRY_STATUS(check_map(v, side_by_side * c));
    if (!(k == v) || k.n != q.n) {
      return Error{ErrorKind::model, "keys of " + k.text() + " and values of " + v.text() +
                                         " do not go with queries of " + q.text()};
    }
    if ((attributes_.causal || attributes_.segments) && k.w != q.w) {
      return Error{ErrorKind::model,
                   "expected as many keys as queries, found " + k.text() + " and " + q.text()};
    }
    if (attributes_.segments) {
      INK_TRY_STATUS(count_of_segments(inputs.back()).status());
      if (q.n != 1) return Error{ErrorKind::model, "expected segments of one map, found " + q.text()};
    }
    return Shape{q.n, 1, q.w, c};
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    return std::unique_ptr<PreparedOp>(
        new PreparedAttention(choose_attention(context.isa), choose_gemm(context.isa), attributes_));
  }

 private:
  Status check_map(const Shape& map, int channels) const {
    if (map.h == 1 && map.c == channels) return {};
    return Error{ErrorKind::model, "expected a map of one row and " + std::to_string(channels) +
                                       " channels, found " + map.text()};
  }

  AttentionAttributes attributes_;
};

}  // namespace

std::unique_ptr<Op> attention(AttentionAttributes attributes) {
  return std::make_unique<Attention>(attributes);
}

}  // namespace ink
