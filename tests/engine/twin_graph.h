#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "engine/graph.h"
#include "engine/ops/ops.h"
#include "kernels/conv/winograd.h"
#include "tests/harness/arrangements.h"
#include "tests/harness/oracles.h"
#include "tests/harness/weight_layouts.h"

namespace ink::test {

inline ink::Shape engine_shape(Shape shape) { return {shape.n, shape.h, shape.w, shape.c}; }

// A graph for the engine and, node by node, what it should compute: the oracles run beside the builder, on
// one set of inputs, and know nothing of passes, plans or memory. Weights and inputs are random.
class TwinGraph {
 public:
  explicit TwinGraph(uint64_t seed) : seed_(seed) {}

  // size_known: whether the graph is told height and width, or only the plan is.
  Value input(Shape shape, bool size_known = false) {
    ink::Shape declared = engine_shape(shape);
    if (!size_known) declared.h = declared.w = ink::Shape::kUnknown;
    inputs_.push_back(random_floats(shape, next_seed()));
    input_shapes_.push_back(shape);
    expected_.emplace_back(shape, inputs_.back());
    return builder_.input("in" + std::to_string(inputs_.size()), declared);
  }

  Value conv(Value x, ConvParams params, bool with_bias = true, WeightLayout layout = WeightLayout::oihw) {
    const std::string name = next_name();
    params.ic = channels(x);
    const int fan_in = params.ic / params.groups * params.kh * params.kw;
    const int icg = params.ic / params.groups;
    std::vector<float> weights = values({params.oc, icg, params.kh, params.kw}, fan_in);
    if (layout == WeightLayout::oihw) {
      store(name + ".weight", {params.oc, icg, params.kh, params.kw}, weights);
    } else {
      store(name + ".weight", {params.kh, params.kw, icg, params.oc},
            hwio_of(weights, params.oc, icg, params.kh * params.kw));
    }
    const std::vector<float> bias = with_bias ? tensor(name + ".bias", {params.oc}, 1) : std::vector<float>();
    Expected expected = expect_conv(expected_of(x), params, weights, bias);
    // Winograd's method mixes the inputs of a whole tile, so its errors follow the largest sum around.
    if (winograd_declines(params) == nullptr) {
      std::fill(expected.bounds.begin(), expected.bounds.end(), std::ranges::max(expected.bounds));
    }
    return add(name, conv2d({name + ".weight", with_bias ? name + ".bias" : "", params, layout}), {x},
               std::move(expected));
  }

  Value deconv(Value x, DeconvParams params) {
    const std::string name = next_name();
    params.ic = channels(x);
    const int ocg = params.oc / params.groups,
              reach = (params.kh / params.sh + 1) * (params.kw / params.sw + 1);
    const std::vector<float> weights =
        tensor(name + ".weight", {params.ic, ocg, params.kh, params.kw}, params.ic / params.groups * reach);
    const std::vector<float> bias = tensor(name + ".bias", {params.oc}, 1);
    return add(name, deconv2d({name + ".weight", name + ".bias", params}), {x},
               expect_deconv(expected_of(x), params, weights, bias));
  }

  Value linear(Value x, int out, WeightLayout layout = WeightLayout::oihw) {
    const std::string name = next_name();
    const int in = channels(x);
    const std::vector<float> weights = values({out, in}, in), bias = tensor(name + ".bias", {out}, 1);
    if (layout == WeightLayout::oihw) {
      store(name + ".weight", {out, in}, weights);
    } else {
      store(name + ".weight", {in, out}, hwio_of(weights, out, in, 1));
    }
    return add(name, ink::linear({name + ".weight", name + ".bias", in, out, layout}), {x},
               expect_linear(expected_of(x), out, weights, bias));
  }

  // A dense layer over all of x: torch's weights behind (c, h, w), or Keras' behind (h, w, c).
  Value dense(Value x, int out, WeightLayout layout) {
    const std::string name = next_name();
    const Shape s = shape(x);
    const int in = s.c * s.h * s.w;
    const std::vector<float> weights = values({out, in}, in), bias = tensor(name + ".bias", {out}, 1);
    if (layout == WeightLayout::oihw) {
      store(name + ".weight", {out, in}, weights);
    } else {
      store(name + ".weight", {in, out}, hwio_of(weights, out, s.c, s.h * s.w));
    }
    return add(name, ink::dense({name + ".weight", name + ".bias", s.h, s.w, s.c, out, layout}), {x},
               expect_conv(expected_of(x), {.ic = s.c, .oc = out, .kh = s.h, .kw = s.w}, weights, bias));
  }

  Value batch_norm(Value x) {
    const std::string name = next_name();
    const int c = channels(x);
    const std::vector<float> gamma = tensor(name + ".gamma", {c}, 1), beta = tensor(name + ".beta", {c}, 1);
    const std::vector<float> mean = tensor(name + ".mean", {c}, 1);
    const std::vector<float> variance = tensor(name + ".variance", {c}, 1, 2.0f);
    const BatchNormAttributes attributes{name + ".gamma",    name + ".beta", name + ".mean",
                                         name + ".variance", 1e-3,           c};
    return add(name, ink::batch_norm(attributes), {x},
               expect_batch_norm(expected_of(x), gamma, beta, mean, variance, attributes.epsilon));
  }

  Value layer_norm(Value x) {
    const std::string name = next_name();
    const int c = channels(x);
    const std::vector<float> gamma = tensor(name + ".gamma", {c}, 1), beta = tensor(name + ".beta", {c}, 1);
    // Large: where a pixel's channels are alike, its norm would magnify their errors.
    const LayerNormAttributes attributes{name + ".gamma", name + ".beta", 0.25, c};
    return add(name, ink::layer_norm(attributes), {x},
               expect_layer_norm(expected_of(x), gamma, beta, attributes.epsilon));
  }

  Value activation(Value x, Activation kind, float slope = 0.1f) {
    return add(next_name(), ink::activation({kind, slope}), {x},
               expect_activation(expected_of(x), kind, slope));
  }
  Value scale(Value x, float factor) {
    return add(next_name(), ink::scale(factor), {x}, expect_scale(expected_of(x), factor));
  }
  Value binary(BinaryOp op, Value a, Value b) {
    return add(next_name(), ink::binary(op), {a, b}, expect_binary(op, expected_of(a), expected_of(b)));
  }
  Value add_values(Value a, Value b) { return binary(BinaryOp::add, a, b); }
  Value pool(Value x, PoolShape shape) {
    return add(next_name(), ink::pool(shape), {x}, expect_pool(expected_of(x), shape));
  }
  Value softmax(Value x) { return add(next_name(), ink::softmax(), {x}, expect_softmax(expected_of(x))); }
  Value gram(Value x) { return add(next_name(), ink::gram(), {x}, expect_gram(expected_of(x))); }
  Value row_max(Value x) { return add(next_name(), ink::row_max(), {x}, expect_row_max(expected_of(x))); }
  Value global_mean(Value x) {
    return add(next_name(), global_average_pool(), {x}, expect_global_mean(expected_of(x)));
  }
  Value pad(Value x, PadMode mode, Margins m) {
    return add(next_name(), ink::pad(mode, m), {x},
               expect_pad(expected_of(x), mode, m.top, m.left, m.bottom, m.right));
  }
  Value crop(Value x, Margins m) {
    return add(next_name(), ink::crop(m), {x},
               expect_pad(expected_of(x), PadMode::zero, -m.top, -m.left, -m.bottom, -m.right), true);
  }
  Value concat(const std::vector<Value>& values) {
    std::vector<Expected> srcs;
    for (const Value value : values) srcs.push_back(expected_of(value));
    return add(next_name(), ink::concat(), values, expect_concat(srcs));
  }
  Value pixel_shuffle(Value x, int factor) {
    return add(next_name(), ink::pixel_shuffle(factor), {x}, expect_pixel_shuffle(expected_of(x), factor));
  }
  Value resize(Value x, ResizeMode mode, int factor) {
    return add(next_name(), ink::resize(mode, factor), {x}, expect_resize(expected_of(x), mode, factor));
  }

  void output(Value value) {
    builder_.output("out" + std::to_string(outputs_.size() + 1), value);
    outputs_.push_back(value);
  }
  Result<Graph> finish() { return builder_.finish(); }

  int channels(Value value) const { return shape(value).c; }
  const Shape& shape(Value value) const { return expected_of(value).shape; }
  const Expected& expected_of(Value value) const { return expected_[static_cast<size_t>(value.id)]; }
  // What a graph cannot give out: its inputs, and views of other values.
  bool can_be_output(Value value) const {
    const size_t id = static_cast<size_t>(value.id);
    return id >= inputs_.size() && std::ranges::find(views_, value.id) == views_.end();
  }
  const std::vector<Value>& outputs() const { return outputs_; }
  const std::vector<std::vector<float>>& inputs() const { return inputs_; }
  const std::vector<Shape>& input_shapes() const { return input_shapes_; }
  const WeightStore& weights() const { return weights_; }

 private:
  uint64_t next_seed() { return seed_ * 1000 + count_++; }
  std::string next_name() { return "node" + std::to_string(expected_.size()); }

  // Values in +-gain / sqrt(fan_in) (with a gain that keeps maps at about the size of their inputs), plus
  // `centre`.
  std::vector<float> values(const std::vector<int64_t>& shape, int fan_in, float centre = 0) {
    const int64_t count = element_count(shape).value();
    std::vector<float> made = random_floats({1, 1, 1, static_cast<int>(count)}, next_seed());
    for (float& value : made) value = centre + value / std::sqrt(static_cast<float>(std::max(fan_in, 1)) / 3);
    return made;
  }
  void store(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& stored) {
    const Status added = weights_.add(name, DType::f32, std::move(shape), std::as_bytes(std::span(stored)));
    EXPECT_TRUE(added.ok());
  }
  std::vector<float> tensor(const std::string& name, const std::vector<int64_t>& shape, int fan_in,
                            float centre = 0) {
    std::vector<float> made = values(shape, fan_in, centre);
    store(name, shape, made);
    return made;
  }

  Value add(const std::string& name, std::unique_ptr<Op> op, std::vector<Value> inputs, Expected expected,
            bool view = false) {
    const Value value = builder_.add(name, std::move(op), std::move(inputs));
    EXPECT_EQ(value.id, static_cast<int>(expected_.size()));
    if (view) views_.push_back(value.id);
    expected_.push_back(std::move(expected));
    return value;
  }

  uint64_t seed_, count_ = 0;
  GraphBuilder builder_;
  WeightStore weights_;
  std::vector<std::vector<float>> inputs_;
  std::vector<Shape> input_shapes_;
  std::vector<Expected> expected_;  // by value id
  std::vector<int> views_;
  std::vector<Value> outputs_;
};

}  // namespace ink::test
