#include "models/blocks/net_builder.h"

#include <algorithm>
#include <utility>

#include "kernels/base/divide.h"

namespace ink {

Padding Padding::same(const Shape& src, int kernel, int stride) {
  const auto total = [&](int size) {
    return std::max((divide_up(size, stride) - 1) * stride + kernel - size, 0);
  };
  const int rows = total(src.h), columns = total(src.w);
  return {{rows / 2, columns / 2, rows - rows / 2, columns - columns / 2}};
}

std::string NetBuilder::tensor(const std::string& name, const char* torch, const char* keras,
                               std::vector<int64_t> shape) {
  const std::string full = style_ == TensorStyle::torch ? name + "." + torch : name + "/" + keras;
  tensors.push_back({full, std::move(shape), full});
  return full;
}

Value NetBuilder::pictures(int h, int w) { return graph.input("pictures", {Shape::kUnknown, h, w, 3}); }

Value NetBuilder::conv(const std::string& name, Value x, const ConvSpec& spec) {
  const int ic = shape(x).c;
  const Margins& pad = spec.padding.margins;
  const ConvParams params{.ic = ic,
                          .oc = spec.oc,
                          .kh = spec.kernel,
                          .kw = spec.kernel,
                          .sh = spec.stride,
                          .sw = spec.stride,
                          .pad_top = pad.top,
                          .pad_left = pad.left,
                          .pad_bottom = pad.bottom,
                          .pad_right = pad.right,
                          .groups = spec.groups};
  const int64_t k = spec.kernel, icg = ic / spec.groups, oc = spec.oc;
  Conv2dAttributes attributes{.weight = {}, .bias = {}, .params = params, .layout = layout()};
  if (style_ == TensorStyle::torch) {
    attributes.weight = tensor(name, "weight", "", {oc, icg, k, k});
  } else if (spec.groups == 1) {
    attributes.weight = tensor(name, "", "kernel", {k, k, icg, oc});
  } else {
    attributes.weight = tensor(name, "", "depthwise_kernel", {k, k, ic, oc / ic});
  }
  if (spec.bias) attributes.bias = tensor(name, "bias", "bias", {oc});
  return graph.add(name, conv2d(std::move(attributes)), {x});
}

Value NetBuilder::batch_norm(const std::string& name, Value x) {
  const int c = shape(x).c;
  BatchNormAttributes attributes{.gamma = tensor(name, "weight", "gamma", {c}),
                                 .beta = tensor(name, "bias", "beta", {c}),
                                 .mean = tensor(name, "running_mean", "moving_mean", {c}),
                                 .variance = tensor(name, "running_var", "moving_variance", {c}),
                                 .epsilon = epsilon_,
                                 .c = c};
  return graph.add(name, ink::batch_norm(std::move(attributes)), {x});
}

Value NetBuilder::standardize(const std::string& name, Value x) {
  const int c = shape(x).c;
  BatchNormAttributes attributes{.gamma = {},
                                 .beta = {},
                                 .mean = tensor(name, "mean", "mean", {c}),
                                 .variance = tensor(name, "variance", "variance", {c}),
                                 .epsilon = 0,
                                 .c = c};
  return graph.add(name, ink::batch_norm(std::move(attributes)), {x});
}

Value NetBuilder::activate(const std::string& name, Value x, Activation kind) {
  return graph.add(name, activation({kind}), {x});
}

Value NetBuilder::add(const std::string& name, Value a, Value b) {
  return graph.add(name, binary(BinaryOp::add), {a, b});
}

Value NetBuilder::multiply(const std::string& name, Value x, Value gate) {
  return graph.add(name, binary(BinaryOp::mul), {x, gate});
}

Value NetBuilder::max_pool(const std::string& name, Value x, int kernel, int stride, const Padding& padding) {
  const Margins& pad = padding.margins;
  return graph.add(
      name,
      pool({PoolKind::max, kernel, kernel, stride, stride, pad.top, pad.left, pad.bottom, pad.right, false}),
      {x});
}

Value NetBuilder::pad(const std::string& name, Value x, const Padding& padding) {
  return graph.add(name, ink::pad(PadMode::zero, padding.margins), {x});
}

Value NetBuilder::mean(const std::string& name, Value x) {
  return graph.add(name, global_average_pool(), {x});
}

Value NetBuilder::linear(const std::string& name, Value x, int out) {
  const int64_t in = shape(x).c;
  LinearAttributes attributes{
      .weight = {}, .bias = {}, .in = static_cast<int>(in), .out = out, .layout = layout()};
  attributes.weight = style_ == TensorStyle::torch ? tensor(name, "weight", "", {out, in})
                                                   : tensor(name, "", "kernel", {in, out});
  attributes.bias = tensor(name, "bias", "bias", {out});
  return graph.add(name, ink::linear(std::move(attributes)), {x});
}

Value NetBuilder::pointwise(const std::string& name, Value x, int oc, bool bias) {
  const int64_t ic = shape(x).c;
  LinearAttributes attributes{
      .weight = {}, .bias = {}, .in = static_cast<int>(ic), .out = oc, .layout = layout()};
  attributes.weight = style_ == TensorStyle::torch ? tensor(name, "weight", "", {oc, ic, 1, 1})
                                                   : tensor(name, "", "kernel", {1, 1, ic, oc});
  if (bias) attributes.bias = tensor(name, "bias", "bias", {oc});
  return graph.add(name, ink::linear(std::move(attributes)), {x});
}

Value NetBuilder::dense(const std::string& name, Value x, int out) {
  const Shape& src = shape(x);
  const int64_t in = static_cast<int64_t>(src.h) * src.w * src.c;
  DenseAttributes attributes{
      .weight = {}, .bias = {}, .h = src.h, .w = src.w, .c = src.c, .out = out, .layout = layout()};
  attributes.weight = style_ == TensorStyle::torch ? tensor(name, "weight", "", {out, in})
                                                   : tensor(name, "", "kernel", {in, out});
  attributes.bias = tensor(name, "bias", "bias", {out});
  return graph.add(name, ink::dense(std::move(attributes)), {x});
}

Value NetBuilder::softmax(const std::string& name, Value x) { return graph.add(name, ink::softmax(), {x}); }

}  // namespace ink
