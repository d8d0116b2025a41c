#include "engine/ops/ops.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/run_graph.h"

namespace ink {
namespace {

using test::TwinGraph;

void check(TwinGraph& twin) {
  const std::unique_ptr<PreparedModel> model = test::prepare(twin);
  ASSERT_NE(model, nullptr);
  const std::vector<std::vector<float>> alone = test::run(*model, twin);
  ASSERT_NO_FATAL_FAILURE(test::expect_results(twin, alone));
  for (const int threads : {2, 4}) ASSERT_EQ(test::run(*model, twin, threads), alone);
}

constexpr WeightLayout kLayouts[] = {WeightLayout::oihw, WeightLayout::hwio};

TEST(Ops, WeightsInBothLayouts) {
  for (const WeightLayout layout : kLayouts) {
    for (const ConvParams& params :
         {ConvParams{.oc = 18, .kh = 3, .kw = 3, .pad_top = 1, .pad_left = 1}, ConvParams{.oc = 5},
          ConvParams{.oc = 3, .kh = 3, .kw = 3}, ConvParams{.oc = 36, .kh = 3, .kw = 2, .groups = 18},
          ConvParams{.oc = 8, .kh = 5, .kw = 5, .sh = 2, .sw = 2, .groups = 2}}) {
      TwinGraph twin(1);
      twin.output(twin.batch_norm(twin.conv(twin.input({1, 9, 11, 18}), params, true, layout)));
      ASSERT_NO_FATAL_FAILURE(check(twin));
    }
    TwinGraph twin(2);
    twin.output(twin.linear(twin.input({2, 3, 4, 21}), 37, layout));
    ASSERT_NO_FATAL_FAILURE(check(twin));
  }
}

TEST(Ops, DenseLayersOverAMap) {
  for (const WeightLayout layout : kLayouts) {
    TwinGraph twin(3);
    const Value hidden = twin.activation(twin.dense(twin.input({2, 5, 4, 6}), 70, layout), Activation::relu);
    twin.output(twin.dense(hidden, 9, layout));
    ASSERT_NO_FATAL_FAILURE(check(twin));
  }
}

// (x - mean) / sqrt(variance), with the vectors stored as (1, 1, 1, c), and a factor a channel.
TEST(Ops, BatchNormWithoutGammaAndBetaAndScaleByChannel) {
  const float mean[] = {0.5f, -1.0f, 2.0f}, variance[] = {4.0f, 0.25f, 9.0f};
  WeightStore store;
  ASSERT_TRUE(store.add("mean", DType::f32, {1, 1, 1, 3}, std::as_bytes(std::span(mean))).ok());
  ASSERT_TRUE(store.add("variance", DType::f32, {3}, std::as_bytes(std::span(variance))).ok());
  GraphBuilder graph;
  const Value normal = graph.add("normalization", batch_norm({"", "", "mean", "variance", 0, 3}),
                                 {graph.input("x", {1, 2, 2, 3})});
  graph.output("y", graph.add("scale", scale({2.0f, 4.0f, 3.0f}), {normal}));
  Result<Graph> built = graph.finish();
  ASSERT_TRUE(built.ok());
  const auto model = PreparedModel::prepare(std::move(*built), store, active_isa());
  ASSERT_TRUE(model.ok()) << model.error().message;
  std::vector<float> x(12), y(12);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  const ink::Shape shape{1, 2, 2, 3};
  Session session(**model, *(*model)->plan({&shape, 1}, 1));
  const TensorView src = TensorView::dense(x.data(), DType::f32, shape),
                   dst = TensorView::dense(y.data(), DType::f32, shape);
  ASSERT_TRUE(session.run({&src, 1}, {&dst, 1}).ok());
  const float factors[] = {2, 4, 3};
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t c = i % 3;
    EXPECT_NEAR(y[i], (x[i] - mean[c]) / std::sqrt(variance[c]) * factors[c], 1e-5);
  }
}

TEST(Ops, DepthwiseInBothLayouts) {
  for (const WeightLayout layout : kLayouts) {
    const ConvParams params{
        .oc = 21, .kh = 3, .kw = 3, .sh = 2, .sw = 2, .pad_bottom = 1, .pad_right = 1, .groups = 21};
    TwinGraph twin(4);
    const Value x = twin.batch_norm(twin.conv(twin.input({2, 9, 12, 21}), params, false, layout));
    twin.output(twin.activation(x, Activation::silu));
    ASSERT_NO_FATAL_FAILURE(check(twin));
  }
}

// Keras stores depthwise kernels as (kh, kw, channels, 1).
TEST(Ops, DepthwiseAsKerasStoresIt) {
  const std::vector<float> values = test::random_floats({1, 3, 3, 4}, 1);
  WeightStore store;
  ASSERT_TRUE(store.add("w", DType::f32, {3, 3, 4, 1}, std::as_bytes(std::span(values))).ok());
  const ConvParams params{.ic = 4, .oc = 4, .kh = 3, .kw = 3, .groups = 4};
  GraphBuilder graph;
  graph.output("y", graph.add("conv", conv2d({"w", "", params, WeightLayout::hwio}),
                              {graph.input("x", {1, 3, 3, 4})}));
  Result<Graph> built = graph.finish();
  ASSERT_TRUE(built.ok());
  const auto model = PreparedModel::prepare(std::move(*built), store, active_isa());
  ASSERT_TRUE(model.ok()) << model.error().message;
  std::vector<float> x = test::random_floats({1, 3, 3, 4}, 2), y(4);
  const ink::Shape shape{1, 3, 3, 4};
  Session session(**model, *(*model)->plan({&shape, 1}, 1));
  const TensorView src = TensorView::dense(x.data(), DType::f32, shape),
                   dst = TensorView::dense(y.data(), DType::f32, {1, 1, 1, 4});
  ASSERT_TRUE(session.run({&src, 1}, {&dst, 1}).ok());
  for (size_t c = 0; c < 4; ++c) {
    double sum = 0;
    for (size_t tap = 0; tap < 9; ++tap) sum += static_cast<double>(x[tap * 4 + c]) * values[tap * 4 + c];
    EXPECT_NEAR(y[c], sum, 1e-5);
  }
}

TEST(Ops, StyleVectorsAndProbabilities) {
  TwinGraph twin(5);
  const Value x = twin.input({2, 6, 7, 12}), y = twin.conv(x, {.oc = 12});
  twin.output(twin.binary(BinaryOp::max, twin.row_max(twin.gram(x)), twin.row_max(twin.gram(y))));
  twin.output(twin.softmax(twin.linear(twin.global_mean(y), 100)));
  ASSERT_NO_FATAL_FAILURE(check(twin));
}

std::vector<std::string> kernels_of(TwinGraph& twin) {
  const std::unique_ptr<PreparedModel> model = test::prepare(twin);
  std::vector<std::string> names;
  if (model == nullptr) return names;
  for (size_t i = 0; i < model->graph().nodes.size(); ++i)
    names.emplace_back(model->op(static_cast<int>(i)).kernel());
  return names;
}

constexpr ConvParams kSame3x3{
    .oc = 16, .kh = 3, .kw = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};

TEST(Ops, WinogradOnlyWhereThereAreTilesEnough) {
  const Isa isa = active_isa();
  const std::string least = choose_winograd(isa, 2).name, small = choose_winograd(isa, 4).name,
                    large = choose_winograd(isa, 6).name, direct = choose_gemm(isa).name;
  for (const int size : {6, 7, 16, 20, 56, 64}) {
    for (const bool known : {true, false}) {
      TwinGraph twin(6);
      twin.output(twin.conv(twin.input({1, size, size, 16}, known), kSame3x3));
      const std::string kernel = !known || size == 64 ? large : size < 7 ? direct : size < 20 ? least : small;
      EXPECT_EQ(kernels_of(twin), std::vector{kernel}) << known << " " << size;
    }
  }
}

// Either would pack 87 MB more than its weights: the later one has four times the tiles.
TEST(Ops, MemoryForWinogradGoesWhereItSparesMost) {
  constexpr int kChannels = 900;
  const std::vector<float> values(size_t{kChannels} * kChannels * 9);
  WeightStore store;
  ASSERT_TRUE(
      store.add("w", DType::f32, {kChannels, kChannels, 3, 3}, std::as_bytes(std::span(values))).ok());
  ConvParams params = kSame3x3;
  params.ic = params.oc = kChannels;
  GraphBuilder graph;
  Value x = graph.add("small", conv2d({"w", "", params}),
                      {graph.input("x", {ink::Shape::kUnknown, 20, 20, kChannels})});
  x = graph.add("larger", resize(ResizeMode::nearest, 2), {x});
  graph.output("y", graph.add("large", conv2d({"w", "", params}), {x}));
  Result<Graph> built = graph.finish();
  ASSERT_TRUE(built.ok());
  const auto model = PreparedModel::prepare(std::move(*built), store, active_isa());
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_STREQ((*model)->op(0).kernel(), choose_gemm(active_isa()).name);
  EXPECT_NE((*model)->op(0).note(), "");
  EXPECT_STREQ((*model)->op(2).kernel(), choose_winograd(active_isa(), 4).name);
}

TEST(Ops, ScaleByChannelWantsItsChannels) {
  const ink::Shape shape{1, 2, 2, 4};
  const Result<ink::Shape> result = scale({1.0f, 2.0f, 3.0f})->infer({&shape, 1});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "expected 3 channels, found 4");
}

TEST(Ops, AWeightOfAnotherShapeIsRefused) {
  const std::vector<float> values(2 * 3 * 3 * 4);
  WeightStore store;
  ASSERT_TRUE(store.add("w", DType::f32, {4, 2, 3, 3}, std::as_bytes(std::span(values))).ok());
  GraphBuilder graph;
  const Value x = graph.input("x", {1, 5, 5, 2});
  graph.output(
      "y",
      graph.add("conv", conv2d({"w", "", {.ic = 2, .oc = 4, .kh = 3, .kw = 3}, WeightLayout::hwio}), {x}));
  Result<Graph> built = graph.finish();
  ASSERT_TRUE(built.ok());
  const auto model = PreparedModel::prepare(std::move(*built), store, active_isa());
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().message, "conv: tensor 'w': expected shape [3, 3, 2, 4], found [4, 2, 3, 3]");
}

}  // namespace
}  // namespace ink
