#include "engine/passes/passes.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/engine/run_graph.h"

namespace ink {
namespace {

using test::TwinGraph;

ConvParams conv3(int oc) {
  return {.oc = oc, .kh = 3, .kw = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};
}

std::vector<std::string> kinds(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.emplace_back(node.op->kind());
  return names;
}

using Kinds = std::vector<std::string>;

// Builds a graph, expects these nodes to be left of it, and the results of the unfused graph.
void check(const std::function<void(TwinGraph&)>& build, const Kinds& want) {
  TwinGraph twin(1);
  build(twin);
  const std::unique_ptr<PreparedModel> model = test::prepare(twin);
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(kinds(model->graph()), want);
  ASSERT_NO_FATAL_FAILURE(test::expect_results(twin, test::run(*model, twin)));
}

TEST(Passes, BatchNormsGoIntoTheConvolutionBefore) {
  for (const int groups : {1, 2}) {
    for (const bool with_bias : {false, true}) {
      check(
          [&](TwinGraph& g) {
            ConvParams params = conv3(6);
            params.groups = groups;
            g.output(g.batch_norm(g.conv(g.input({1, 7, 9, 4}), params, with_bias)));
          },
          {"conv2d"});
    }
    check(
        [&](TwinGraph& g) {
          const DeconvParams params{.oc = 6, .kh = 4, .kw = 2, .sh = 2, .sw = 2, .groups = groups};
          g.output(g.batch_norm(g.deconv(g.input({1, 5, 4, 4}), params)));
        },
        {"deconv2d"});
  }
}

TEST(Passes, FoldedAndUnfoldedBatchNormsAgree) {
  // The same weights twice; in the second graph an output between them keeps the two apart.
  std::vector<std::vector<float>> results[2];
  for (const bool apart : {false, true}) {
    TwinGraph g(5);
    const Value between = g.conv(g.input({1, 9, 8, 3}), conv3(7));
    g.output(g.batch_norm(between));
    if (apart) g.output(between);
    const std::unique_ptr<PreparedModel> model = test::prepare(g);
    ASSERT_NE(model, nullptr);
    EXPECT_EQ(model->graph().nodes.size(), apart ? 2u : 1u);
    results[apart] = test::run(*model, g);
    ASSERT_NO_FATAL_FAILURE(test::expect_results(g, results[apart]));
  }
  ASSERT_EQ(results[0][0].size(), results[1][0].size());
  for (size_t i = 0; i < results[0][0].size(); ++i) EXPECT_NEAR(results[0][0][i], results[1][0][i], 1e-5);
}

TEST(Passes, ABatchNormOfAnythingElseStays) {
  check([](TwinGraph& g) { g.output(g.batch_norm(g.input({1, 4, 5, 3}))); }, {"batch_norm"});
  check(
      [](TwinGraph& g) {
        g.output(g.batch_norm(g.linear(g.input({1, 4, 5, 3}), 4)));
      },
      {"linear", "batch_norm"});
  check(
      [](TwinGraph& g) {
        g.output(g.batch_norm(g.activation(g.conv(g.input({1, 4, 5, 3}), conv3(4)), Activation::relu)));
      },
      {"conv2d", "batch_norm"});
  check(
      [](TwinGraph& g) {
        g.output(g.batch_norm(g.batch_norm(g.conv(g.input({1, 4, 5, 3}), conv3(4)))));
      },
      {"conv2d", "batch_norm"});
}

TEST(Passes, ActivationsGoIntoTheNodeBefore) {
  for (const Activation kind :
       {Activation::relu, Activation::leaky_relu, Activation::sigmoid, Activation::tanh, Activation::silu}) {
    check(
        [&](TwinGraph& g) {
          g.output(g.activation(g.conv(g.input({1, 7, 9, 4}), conv3(6)), kind));
        },
        {"conv2d"});
    check(
        [&](TwinGraph& g) {
          g.output(g.activation(g.linear(g.input({1, 3, 5, 4}), 6), kind));
        },
        {"linear"});
    check(
        [&](TwinGraph& g) {
          g.output(g.activation(g.batch_norm(g.input({1, 3, 5, 4})), kind));
        },
        {"batch_norm"});
    check(
        [&](TwinGraph& g) {
          const Value x = g.input({1, 3, 5, 4});
          g.output(g.activation(g.binary(BinaryOp::mul, x, g.scale(x, 2)), kind));
        },
        {"scale", "mul"});
    check(
        [&](TwinGraph& g) {
          g.output(g.activation(g.batch_norm(g.conv(g.input({1, 7, 9, 4}), conv3(6))), kind));
        },
        {"conv2d"});
    check(
        [&](TwinGraph& g) {
          const Value x = g.deconv(g.input({1, 4, 3, 4}), {.oc = 3, .kh = 2, .kw = 2, .sh = 2, .sw = 2});
          g.output(g.activation(x, kind));
        },
        {"deconv2d"});
    // The second of two has no place.
    check(
        [&](TwinGraph& g) {
          g.output(
              g.activation(g.activation(g.conv(g.input({1, 7, 9, 4}), conv3(6)), kind), Activation::tanh));
        },
        {"conv2d", "tanh"});
  }
}

TEST(Passes, AdditionsGoIntoTheLaterOfTheirSources) {
  // act(conv(x)) + x, in both orders.
  for (const bool swapped : {false, true}) {
    check(
        [&](TwinGraph& g) {
          const Value x = g.input({1, 7, 9, 4});
          const Value y = g.activation(g.conv(x, conv3(4)), Activation::leaky_relu);
          g.output(swapped ? g.add_values(x, y) : g.add_values(y, x));
        },
        {"conv2d"});
    // Two convolutions: the second adds the first.
    check(
        [&](TwinGraph& g) {
          const Value x = g.input({1, 7, 9, 4});
          const Value a = g.activation(g.conv(x, conv3(5)), Activation::relu);
          const Value b = g.activation(g.conv(x, conv3(5)), Activation::tanh);
          g.output(swapped ? g.add_values(a, b) : g.add_values(b, a));
        },
        {"conv2d", "conv2d"});
  }
}

TEST(Passes, AnActivationAfterAnAdditionComesAfterIt) {
  for (const Activation kind : {Activation::relu, Activation::sigmoid, Activation::leaky_relu}) {
    for (const bool swapped : {false, true}) {
      // act(conv(x) + x)
      check(
          [&](TwinGraph& g) {
            const Value x = g.input({1, 7, 9, 4}), y = g.conv(x, conv3(4));
            g.output(g.activation(swapped ? g.add_values(x, y) : g.add_values(y, x), kind));
          },
          {"conv2d"});
      // A basic block of a ResNet.
      check(
          [&](TwinGraph& g) {
            const Value x = g.activation(g.batch_norm(g.conv(g.input({1, 8, 7, 3}), conv3(6))), kind);
            Value y = g.activation(g.batch_norm(g.conv(x, conv3(6), false)), kind);
            y = g.batch_norm(g.conv(y, conv3(6), false));
            g.output(g.activation(swapped ? g.add_values(x, y) : g.add_values(y, x), kind));
          },
          {"conv2d", "conv2d", "conv2d"});
      check(
          [&](TwinGraph& g) {
            const Value x = g.input({1, 3, 5, 4});
            g.output(g.activation(g.add_values(g.linear(x, 4), x), kind));
          },
          {"linear"});
    }
    // act(act(conv(x)) + x): only one activation has a place in the convolution.
    check(
        [&](TwinGraph& g) {
          const Value x = g.input({1, 7, 9, 4}), y = g.activation(g.conv(x, conv3(4)), Activation::tanh);
          g.output(g.activation(g.add_values(y, x), kind));
        },
        {"conv2d", activation_name(kind)});
    // An addition that no kernel takes over keeps its activation.
    check(
        [&](TwinGraph& g) {
          const Value x = g.input({1, 6, 6, 4});
          g.output(g.activation(g.add_values(g.pool(x, {.kh = 1, .kw = 1}), x), kind));
        },
        {"max_pool", "add"});
    // act(act(x + y) + conv(x)): the addition of the inner one is not lost.
    check(
        [&](TwinGraph& g) {
          const Value x = g.input({1, 6, 6, 4});
          const Value inner = g.activation(g.add_values(g.conv(x, conv3(4)), x), Activation::relu);
          g.output(g.activation(g.add_values(g.conv(inner, conv3(4)), inner), kind));
        },
        {"conv2d", "conv2d"});
  }
}

TEST(Passes, ASecondAdditionStays) {
  check(
      [](TwinGraph& g) {
        const Value x = g.input({1, 7, 9, 4});
        g.output(g.add_values(g.add_values(g.conv(x, conv3(4)), x), x));
      },
      {"conv2d", "add"});
}

TEST(Passes, ACroppedSkipIsAddedByTheLaterConvolution) {
  check(
      [](TwinGraph& g) {
        const Value x = g.conv(g.input({1, 12, 13, 3}), conv3(4));
        const Value skip = g.crop(x, {1, 1, 1, 1});
        ConvParams unpadded{.oc = 4, .kh = 3, .kw = 3};
        g.output(g.add_values(skip, g.activation(g.conv(x, unpadded), Activation::relu)));
      },
      {"conv2d", "crop", "conv2d"});
  // Where the crop comes last there is no kernel to add it.
  check(
      [](TwinGraph& g) {
        const Value x = g.conv(g.input({1, 12, 13, 3}), conv3(4));
        const Value inner = g.conv(x, {.oc = 4, .kh = 3, .kw = 3});
        g.output(g.add_values(g.crop(x, {1, 1, 1, 1}), inner));
      },
      {"conv2d", "conv2d", "crop", "add"});
}

TEST(Passes, BroadcastAdditionsStay) {
  check(
      [](TwinGraph& g) {
        const Value x = g.input({2, 6, 5, 4}, true);
        g.output(g.add_values(x, g.conv(g.global_mean(x), {.oc = 4})));
      },
      {"global_average_pool", "conv2d", "add"});
  check(
      [](TwinGraph& g) {
        const Value x = g.input({1, 6, 5, 4});
        g.output(g.add_values(x, g.conv(x, {.oc = 1})));
      },
      {"conv2d", "add"});
}

TEST(Passes, ValuesThatOthersReadStay) {
  // An output, another node, and a view each keep what lies between.
  check(
      [](TwinGraph& g) {
        const Value y = g.conv(g.input({1, 7, 9, 4}), conv3(4));
        g.output(y);
        g.output(g.activation(y, Activation::relu));
      },
      {"conv2d", "relu"});
  check(
      [](TwinGraph& g) {
        const Value y = g.conv(g.input({1, 7, 9, 4}), conv3(4));
        const Value tripled = g.scale(y, 3);
        g.output(g.add_values(tripled, g.activation(y, Activation::relu)));
      },
      {"conv2d", "scale", "relu", "add"});
  check(
      [](TwinGraph& g) {
        const Value y = g.conv(g.input({1, 7, 9, 4}), conv3(4));
        g.output(g.scale(g.crop(y, {1, 1, 1, 1}), 2));
        g.output(g.batch_norm(y));
      },
      {"conv2d", "crop", "scale", "batch_norm"});
  check(
      [](TwinGraph& g) {
        const Value x = g.input({1, 7, 9, 4}), y = g.conv(x, conv3(4));
        g.output(g.add_values(y, x));
        g.output(g.scale(y, 2));
      },
      {"conv2d", "add", "scale"});
  check(
      [](TwinGraph& g) {
        const Value y = g.conv(g.input({1, 7, 9, 4}), conv3(4));
        g.output(g.add_values(y, y));
      },
      {"conv2d", "add"});
}

TEST(Passes, DeadNodesGo) {
  check(
      [](TwinGraph& g) {
        const Value x = g.input({1, 7, 9, 4});
        const Value dead = g.conv(x, conv3(8));
        g.activation(g.crop(dead, {1, 1, 1, 1}), Activation::relu);
        const Value y = g.conv(x, conv3(4));
        g.scale(y, 2);
        // Free for fusion once its dead reader is gone.
        g.output(g.activation(y, Activation::relu));
      },
      {"conv2d"});
}

TEST(Passes, AUnetBlockOfRealCugan) {
  // conv, leaky, squeeze-excite, strength, up-convolution and the addition of a cropped skip.
  check(
      [](TwinGraph& g) {
        const Value x1 = g.activation(g.conv(g.input({1, 20, 22, 3}), {.oc = 8, .kh = 3, .kw = 3}),
                                      Activation::leaky_relu);
        const Value skip = g.crop(x1, {4, 4, 4, 4});
        Value x2 =
            g.activation(g.conv(x1, {.oc = 8, .kh = 2, .kw = 2, .sh = 2, .sw = 2}), Activation::leaky_relu);
        x2 = g.conv(x2, {.oc = 8, .kh = 5, .kw = 5});
        Value gate = g.activation(g.linear(g.global_mean(x2), 2), Activation::relu);
        gate = g.scale(g.activation(g.linear(gate, 8), Activation::sigmoid), 0.8f);
        x2 = g.binary(BinaryOp::mul, x2, gate);
        x2 =
            g.activation(g.deconv(x2, {.oc = 8, .kh = 2, .kw = 2, .sh = 2, .sw = 2}), Activation::leaky_relu);
        g.output(g.conv(g.add_values(skip, x2), {.oc = 3, .kh = 3, .kw = 3}));
      },
      {"conv2d", "crop", "conv2d", "conv2d", "global_average_pool", "linear", "linear", "scale", "deconv2d",
       "conv2d"});
}

TEST(Passes, FactorsGoIntoAllWhoReadTheMap) {
  // A scaled map goes down and up again and, cropped, is added to what comes back, which is scaled, too.
  for (const int images : {1, 3}) {
    check(
        [&](TwinGraph& g) {
          const Value x = g.conv(g.input({images, 19, 23, 3}), {.oc = 24, .kh = 3, .kw = 3});
          const Value scaled = g.binary(BinaryOp::mul, x, g.global_mean(x));
          const Value skip = g.crop(scaled, {0, 1, 1, 0});
          Value y = g.conv(scaled, {.oc = 8, .kh = 2, .kw = 2, .sh = 2, .sw = 2});
          y = g.conv(y, conv3(8));
          y = g.binary(BinaryOp::mul, y, g.global_mean(y));
          y = g.activation(g.deconv(y, {.oc = 24, .kh = 2, .kw = 2, .sh = 2, .sw = 2}), Activation::relu);
          g.output(g.add_values(skip, y));
        },
        {"conv2d", "global_average_pool", "crop", "conv2d", "conv2d", "global_average_pool", "deconv2d"});
  }
}

// A block of an EfficientNet: what widens goes into the depthwise convolution, the factors into what narrows.
Value mobile_block(TwinGraph& g, Value x, int wide, int stride, bool scale_is_output = false) {
  const int c = g.channels(x);
  Value y = g.activation(g.batch_norm(g.conv(x, {.oc = wide}, false)), Activation::silu);
  ConvParams depthwise = conv3(wide);
  depthwise.groups = wide, depthwise.sh = depthwise.sw = stride;
  y = g.activation(g.batch_norm(g.conv(y, depthwise, false)), Activation::silu);
  const Value factors = g.activation(g.linear(g.global_mean(y), wide), Activation::sigmoid);
  y = g.binary(BinaryOp::mul, y, factors);
  if (scale_is_output) g.output(y);
  y = g.batch_norm(g.conv(y, {.oc = c}, false));
  return stride == 1 ? g.add_values(y, x) : y;
}

TEST(Passes, ABlockOfAnEfficientNetIsTwoConvolutionsAroundAMean) {
  for (const int images : {1, 3}) {
    for (const int stride : {1, 2}) {
      check(
          [&](TwinGraph& g) {
            g.output(mobile_block(g, g.input({images, 21, 18, 5}), 39, stride));
          },
          {"conv2d", "global_average_pool", "linear", "conv2d"});
    }
  }
  // What somebody else reads stays.
  check(
      [](TwinGraph& g) {
        g.output(mobile_block(g, g.input({1, 9, 8, 5}), 39, 1, true));
      },
      {"conv2d", "global_average_pool", "linear", "mul", "conv2d"});
}

TEST(Passes, AScaleStaysBeforeKernelsThatOverlap) {
  const auto scaled = [](TwinGraph& g) {
    const Value x = g.input({2, 9, 8, 6});
    return g.binary(BinaryOp::mul, x, g.global_mean(x));
  };
  check([&](TwinGraph& g) { g.output(g.conv(scaled(g), conv3(4))); },
        {"global_average_pool", "mul", "conv2d"});
  check([&](TwinGraph& g) { g.output(g.conv(scaled(g), {.oc = 4})); }, {"global_average_pool", "conv2d"});
  // A factor for each pixel is none for each channel.
  check(
      [&](TwinGraph& g) {
        const Value x = g.input({1, 9, 8, 6});
        g.output(g.conv(g.binary(BinaryOp::mul, x, g.conv(x, {.oc = 1})), {.oc = 4}));
      },
      {"conv2d", "mul", "conv2d"});
}

}  // namespace
}  // namespace ink
