#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "tests/engine/run_graph.h"

namespace ink {
namespace {

using test::TwinGraph;

// Every kind of convolution that packs its weights when it runs: by taps, strided and in groups, Winograd's
// of both tiles, 1x1, and an expansion with its depthwise convolution.
void build(TwinGraph& g) {
  const auto same = [](int oc, int stride = 1, int groups = 1) {
    return ConvParams{.oc = oc,
                      .kh = 3,
                      .kw = 3,
                      .sh = stride,
                      .sw = stride,
                      .pad_top = 1,
                      .pad_left = 1,
                      .pad_bottom = 1,
                      .pad_right = 1,
                      .groups = groups};
  };
  const Value x = g.conv(g.input({2, 50, 46, 3}), {.oc = 72, .kh = 7, .kw = 7, .sh = 2, .sw = 2});
  Value y = g.activation(g.conv(x, same(80)), Activation::relu);
  y = g.add_values(x, g.conv(g.conv(y, same(72)), {.oc = 72, .kh = 1, .kw = 1}));
  y = g.conv(y, same(96, 2, 2));
  y = g.activation(g.conv(y, {.oc = 200, .kh = 1, .kw = 1}), Activation::relu);
  y = g.conv(y, same(200, 1, 200));
  g.output(g.conv(y, {.oc = 40, .kh = 1, .kw = 1}));
}

Result<std::unique_ptr<PreparedModel>> prepare_once(TwinGraph& twin, const WeightStore& weights) {
  Result<Graph> graph = twin.finish();
  if (!graph.ok()) return graph.error();
  return PreparedModel::prepare(std::move(*graph), weights, active_isa(), 2, true);
}

TEST(Once, GivesTheBitsOfPackedWeightsAnyNumberOfTimes) {
  TwinGraph g(1), twin(1);
  build(g);
  build(twin);
  const std::unique_ptr<PreparedModel> packed = test::prepare(g);
  const Result<std::unique_ptr<PreparedModel>> late = prepare_once(twin, twin.weights());
  ASSERT_TRUE(late.ok()) << late.error().message;
  const std::vector<std::vector<float>> want = test::run(*packed, g);
  ASSERT_NO_FATAL_FAILURE(test::expect_results(g, want));
  for (const int threads : {1, 3}) {
    EXPECT_EQ(test::run(**late, twin, threads), want);
    EXPECT_EQ(test::run(**late, twin, threads), want);
  }
}

// Weights that nothing looked at before are found by the run, whichever convolution has them.
TEST(Once, FindsWeightsThatAreNotFinite) {
  TwinGraph names(1);
  build(names);
  int found = 0;
  for (const StoredTensor& broken : names.weights().tensors()) {
    if (broken.shape.size() != 4) continue;
    TwinGraph twin(1);
    build(twin);
    WeightStore weights;
    for (const StoredTensor& tensor : twin.weights().tensors()) {
      std::vector<float> values(tensor.bytes.size() / sizeof(float));
      std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
      if (tensor.name == broken.name) values[values.size() / 3] = std::numeric_limits<float>::infinity();
      ASSERT_TRUE(
          weights.add(tensor.name, tensor.dtype, tensor.shape, std::as_bytes(std::span(values))).ok());
    }
    const Result<std::unique_ptr<PreparedModel>> late = prepare_once(twin, weights);
    Status status;
    if (late.ok()) {
      Session session(**late, test::plan(**late, twin, 2));
      test::SessionMaps maps(twin, [](size_t) { return test::Layout::dense; });
      maps.fill_inputs(twin);
      status = session.run(maps.input_views, maps.output_views);
    } else {
      status = late.error();
    }
    ASSERT_FALSE(status.ok()) << broken.name;
    EXPECT_NE(status.error().message.find("'" + broken.name + "'"), std::string::npos)
        << status.error().message;
    ++found;
  }
  EXPECT_EQ(found, 8);
}

}  // namespace
}  // namespace ink
