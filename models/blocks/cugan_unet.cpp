#include "models/blocks/cugan_unet.h"

#include "engine/ops/ops.h"

namespace ink {

Value CuganUnet::conv(const std::string& name, Value x, int oc, int kernel, int stride) const {
  const std::string full = prefix + "." + name;
  ConvParams params{.ic = graph.shape(x).c, .oc = oc, .kh = kernel, .kw = kernel, .sh = stride, .sw = stride};
  return graph.add(full, conv2d({full + ".weight", full + ".bias", params}), {x});
}

Value CuganUnet::deconv(const std::string& name, Value x, int oc, int kernel, int stride, int pad) const {
  const std::string full = prefix + "." + name;
  DeconvParams params{.ic = graph.shape(x).c,
                      .oc = oc,
                      .kh = kernel,
                      .kw = kernel,
                      .sh = stride,
                      .sw = stride,
                      .pad_top = pad,
                      .pad_left = pad,
                      .pad_bottom = pad,
                      .pad_right = pad};
  return graph.add(full, deconv2d({full + ".weight", full + ".bias", params}), {x});
}

Value CuganUnet::leaky(const std::string& name, Value x) const {
  return graph.add(prefix + "." + name + ".leaky_relu", activation({Activation::leaky_relu, 0.1f}), {x});
}

// UNetConv: two 3x3 convolutions, then the squeeze-excite block, whose gate also carries the strength.
Value CuganUnet::conv_pair(const std::string& name, Value x, int middle, int oc, bool excite,
                           float strength) const {
  x = leaky(name + ".conv.0", conv(name + ".conv.0", x, middle, 3, 1));
  x = leaky(name + ".conv.2", conv(name + ".conv.2", x, oc, 3, 1));
  const std::string block = prefix + "." + name + ".seblock";
  if (!excite || !squeeze_excite) {
    return strength == 1.0f ? x : graph.add(prefix + "." + name + ".strength", scale(strength), {x});
  }
  constexpr int kReduction = 8;
  Value gate = graph.add(block + ".mean", global_average_pool(), {x});
  gate = graph.add(block + ".conv1",
                   linear({block + ".conv1.weight", block + ".conv1.bias", oc, oc / kReduction}), {gate});
  gate = graph.add(block + ".relu", activation({Activation::relu}), {gate});
  gate = graph.add(block + ".conv2",
                   linear({block + ".conv2.weight", block + ".conv2.bias", oc / kReduction, oc}), {gate});
  gate = graph.add(block + ".sigmoid", activation({Activation::sigmoid}), {gate});
  if (strength != 1.0f) gate = graph.add(block + ".strength", scale(strength), {gate});
  return graph.add(block + ".mul", binary(BinaryOp::mul), {x, gate});
}

Value CuganUnet::add_cropped(const std::string& name, Value cropped, Value x) const {
  return graph.add(prefix + "." + name + ".add", binary(BinaryOp::add), {cropped, x});
}

Value CuganUnet::unet1(Value x, int up) const {
  const Value x1 = conv_pair("conv1", x, 32, 64, false);
  const Value skip = graph.add(prefix + ".conv1.crop", crop({4, 4, 4, 4}), {x1});
  Value x2 = leaky("conv1_down", conv("conv1_down", x1, 64, 2, 2));
  x2 = conv_pair("conv2", x2, 128, 64, true);
  x2 = leaky("conv2_up", deconv("conv2_up", x2, 64, 2, 2, 0));
  const Value x3 = leaky("conv3", conv("conv3", add_cropped("conv2_up", skip, x2), 64, 3, 1));
  return up == 3 ? deconv("conv_bottom", x3, out, 5, 3, 2) : deconv("conv_bottom", x3, out, 4, 2, 3);
}

Value CuganUnet::unet2(Value x, float strength) const {
  const Value x1 = conv_pair("conv1", x, 32, 64, false);
  const Value skip1 = graph.add(prefix + ".conv1.crop", crop({16, 16, 16, 16}), {x1});
  Value x2 = leaky("conv1_down", conv("conv1_down", x1, 64, 2, 2));
  x2 = conv_pair("conv2", x2, 64, 128, true);
  const Value skip2 = graph.add(prefix + ".conv2.crop", crop({4, 4, 4, 4}), {x2});
  Value x3 = leaky("conv2_down", conv("conv2_down", x2, 128, 2, 2));
  x3 = conv_pair("conv3", x3, 256, 128, true);
  x3 = leaky("conv3_up", deconv("conv3_up", x3, 128, 2, 2, 0));
  Value x4 = conv_pair("conv4", add_cropped("conv3_up", skip2, x3), 64, 64, true, strength);
  x4 = leaky("conv4_up", deconv("conv4_up", x4, 64, 2, 2, 0));
  const Value x5 = leaky("conv5", conv("conv5", add_cropped("conv4_up", skip1, x4), 64, 3, 1));
  return conv("conv_bottom", x5, out, 3, 1);
}

}  // namespace ink
