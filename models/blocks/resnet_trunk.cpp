#include "models/blocks/resnet_trunk.h"

#include "weights/message.h"

namespace ink {

namespace {

Value torchvision_block(NetBuilder& net, const std::string& name, const ResNetSizes& sizes, size_t stage,
                        int stride, Value x) {
  const int width = sizes.widths[stage], out = sizes.outs[stage];
  Value shortcut = x;
  if (stride != 1 || net.shape(x).c != out) {
    shortcut = net.conv(name + "downsample.0", x, {.oc = out, .stride = stride});
    shortcut = net.batch_norm(name + "downsample.1", shortcut);
  }
  const ConvSpec narrow{.oc = width};
  const ConvSpec square{
      .oc = width, .kernel = 3, .stride = stride, .padding = Padding::even(1), .groups = sizes.groups};
  x = net.batch_norm(name + "bn1", net.conv(name + "conv1", x, sizes.bottleneck ? narrow : square));
  x = net.relu(name + "relu1", x);
  const ConvSpec second =
      sizes.bottleneck ? square : ConvSpec{.oc = width, .kernel = 3, .padding = Padding::even(1)};
  x = net.batch_norm(name + "bn2", net.conv(name + "conv2", x, second));
  if (sizes.bottleneck) {
    x = net.relu(name + "relu2", x);
    x = net.batch_norm(name + "bn3", net.conv(name + "conv3", x, {.oc = out}));
  }
  return net.relu(name + "relu", net.add(name + "add", x, shortcut));
}

Value keras_block(NetBuilder& net, const std::string& name, int width, int out, int stride, bool first,
                  Value x) {
  Value shortcut = x;
  if (first) {
    shortcut = net.conv(name + "_0_conv", x, {.oc = out, .stride = stride, .bias = true});
    shortcut = net.batch_norm(name + "_0_bn", shortcut);
  }
  x = net.conv(name + "_1_conv", x, {.oc = width, .stride = stride, .bias = true});
  x = net.relu(name + "_1_relu", net.batch_norm(name + "_1_bn", x));
  x = net.conv(name + "_2_conv", x, {.oc = width, .kernel = 3, .padding = Padding::even(1), .bias = true});
  x = net.relu(name + "_2_relu", net.batch_norm(name + "_2_bn", x));
  x = net.batch_norm(name + "_3_bn", net.conv(name + "_3_conv", x, {.oc = out, .bias = true}));
  return net.relu(name + "_out", net.add(name + "_add", shortcut, x));
}

Value keras_v2_block(NetBuilder& net, const std::string& name, int width, int out, int stride, bool first,
                     Value x) {
  const Value before = net.relu(name + "_preact_relu", net.batch_norm(name + "_preact_bn", x));
  Value shortcut = x;
  if (first) {
    shortcut = net.conv(name + "_0_conv", before, {.oc = out, .stride = stride, .bias = true});
  } else if (stride > 1) {
    shortcut = net.max_pool(name + "_pool", x, 1, stride, Padding::none());
  }
  x = net.conv(name + "_1_conv", before, {.oc = width});
  x = net.relu(name + "_1_relu", net.batch_norm(name + "_1_bn", x));
  x = net.conv(name + "_2_conv", x,
               {.oc = width, .kernel = 3, .stride = stride, .padding = Padding::even(1)});
  x = net.relu(name + "_2_relu", net.batch_norm(name + "_2_bn", x));
  x = net.conv(name + "_3_conv", x, {.oc = out, .bias = true});
  return net.add(name + "_out", shortcut, x);
}

std::string keras_block_name(size_t stage, int block) {
  return concat("conv", stage + 2, "_block", block + 1);
}

}  // namespace

Value torchvision_resnet_trunk(NetBuilder& net, const ResNetSizes& sizes, Value pictures) {
  const bool large = sizes.stem_kernel > 3;
  Value x = net.conv("conv1", pictures,
                     {.oc = sizes.stem,
                      .kernel = sizes.stem_kernel,
                      .stride = large ? 2 : 1,
                      .padding = Padding::even(sizes.stem_kernel / 2)});
  x = net.relu("relu", net.batch_norm("bn1", x));
  if (large) x = net.max_pool("maxpool", x, 3, 2, Padding::even(1));
  for (size_t stage = 0; stage < sizes.blocks.size(); ++stage) {
    for (int block = 0; block < sizes.blocks[stage]; ++block) {
      const int stride = stage > 0 && block == 0 ? 2 : 1;
      x = torchvision_block(net, concat("layer", stage + 1, ".", block, "."), sizes, stage, stride, x);
    }
  }
  return x;
}

Value keras_resnet_trunk(NetBuilder& net, const ResNetSizes& sizes, Value pictures) {
  Value x = net.conv("conv1_conv", pictures,
                     {.oc = sizes.stem, .kernel = 7, .stride = 2, .padding = Padding::even(3), .bias = true});
  x = net.relu("conv1_relu", net.batch_norm("conv1_bn", x));
  // The original pads with zeros, which after a ReLU are no more than the maximum anyway.
  x = net.max_pool("pool1_pool", x, 3, 2, Padding::even(1));
  for (size_t stage = 0; stage < sizes.blocks.size(); ++stage) {
    for (int block = 0; block < sizes.blocks[stage]; ++block) {
      const int stride = stage > 0 && block == 0 ? 2 : 1;
      x = keras_block(net, keras_block_name(stage, block), sizes.widths[stage], sizes.outs[stage], stride,
                      block == 0, x);
    }
  }
  return x;
}

Value keras_resnet_v2_trunk(NetBuilder& net, const ResNetSizes& sizes, Value pictures) {
  Value x = net.conv("conv1_conv", pictures,
                     {.oc = sizes.stem, .kernel = 7, .stride = 2, .padding = Padding::even(3), .bias = true});
  x = net.pad("pool1_pad", x, Padding::even(1));
  x = net.max_pool("pool1_pool", x, 3, 2, Padding::none());
  for (size_t stage = 0; stage < sizes.blocks.size(); ++stage) {
    for (int block = 0; block < sizes.blocks[stage]; ++block) {
      const bool last = block + 1 == sizes.blocks[stage];
      const int stride = last && stage + 1 < sizes.blocks.size() ? 2 : 1;
      x = keras_v2_block(net, keras_block_name(stage, block), sizes.widths[stage], sizes.outs[stage], stride,
                         block == 0, x);
    }
  }
  return net.relu("post_relu", net.batch_norm("post_bn", x));
}

}  // namespace ink
