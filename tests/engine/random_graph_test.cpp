#include "tests/engine/random_graph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "kernels/depthwise/depthwise.h"
#include "tests/engine/run_graph.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace ink {
namespace {

using test::Layout;
using test::RandomGraph;
using test::SessionMaps;
using test::TwinGraph;

constexpr Layout kLayouts[] = {Layout::dense, Layout::crop, Layout::slice};

// While it lives, memory that is handed out is full of huge numbers: what nobody wrote spoils every sum.
class PoisonedMemory {
 public:
#if defined(__GLIBC__)
  PoisonedMemory() { mallopt(M_PERTURB, 0x81); }
  ~PoisonedMemory() { mallopt(M_PERTURB, 0); }
#endif
};

// Runs on NaN and then on the twin's inputs: nothing of the first run may be left in the second.
std::vector<std::vector<float>> run_after_nan(Session& session, const TwinGraph& twin, size_t variation) {
  SessionMaps maps(twin, [&](size_t i) { return kLayouts[(i + variation) % 3]; });
  // Inputs that were given no values are NaN throughout.
  EXPECT_TRUE(session.run(maps.input_views, maps.output_views).ok());
  SessionMaps fresh(twin, [&](size_t i) { return kLayouts[(i + variation) % 3]; });
  fresh.fill_inputs(twin);
  EXPECT_TRUE(session.run(fresh.input_views, fresh.output_views).ok());
  EXPECT_TRUE(fresh.only_outputs_written(twin));
  return fresh.results(twin);
}

void check(uint64_t seed, int nodes) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RandomGraph graph(seed, nodes);
  TwinGraph& twin = graph.twin();
  const std::unique_ptr<PreparedModel> model = test::prepare(twin);
  ASSERT_NE(model, nullptr);
  const PoisonedMemory poisoned;
  const std::vector<std::vector<float>> alone = test::run(*model, twin);
  ASSERT_NO_FATAL_FAILURE(test::expect_results(twin, alone)) << model->text(*test::plan(*model, twin, 1));
  for (const int threads : {1, 2, 4}) {
    Session session(*model, test::plan(*model, twin, threads));
    ASSERT_EQ(run_after_nan(session, twin, seed + static_cast<uint64_t>(threads)), alone)
        << threads << " threads";
  }
}

TEST(RandomGraph, MatchesTheOraclesOfItsNodes) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    ASSERT_NO_FATAL_FAILURE(check(seed, 2 + static_cast<int>(seed % 13)));
  }
}

TEST(RandomGraph, DeepOnesToo) {
  for (uint64_t seed = 1001; seed <= 1010; ++seed) ASSERT_NO_FATAL_FAILURE(check(seed, 40));
}

// The graphs above are worth something only while every kind of node and of fusion is among them.
TEST(RandomGraph, HasEveryKindOfNode) {
  std::set<std::string> kinds, kernels;
  size_t before = 0, after = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    RandomGraph graph(seed, 2 + static_cast<int>(seed % 13));
    Result<Graph> built = graph.twin().finish();
    ASSERT_TRUE(built.ok()) << built.error().message;
    for (const Node& node : built->nodes) kinds.insert(node.op->kind());
    before += built->nodes.size();
    const auto model = PreparedModel::prepare(std::move(*built), graph.twin().weights(), active_isa());
    ASSERT_TRUE(model.ok());
    after += (*model)->graph().nodes.size();
    for (size_t i = 0; i < (*model)->graph().nodes.size(); ++i) {
      if (!(*model)->graph().nodes[i].op->is_view())
        kernels.insert((*model)->op(static_cast<int>(i)).kernel());
    }
  }
  const std::set<std::string> all = {
      "conv2d", "deconv2d",   "linear",   "batch_norm",    "scale",
      "add",    "mul",        "max_pool", "average_pool",  "global_average_pool",
      "crop",   "pad",        "concat",   "pixel_shuffle", "resize",
      "relu",   "leaky_relu", "sigmoid",  "tanh",          "silu",
      "max",    "softmax",    "gram",     "row_max",       "layer_norm",
      "gelu",   "quick_gelu"};
  EXPECT_EQ(kinds, all);
  EXPECT_LT(after, before * 9 / 10) << "little was fused";
  EXPECT_TRUE(kernels.contains(choose_winograd(active_isa(), 6).name) &&
              kernels.contains(choose_gemm(active_isa()).name) &&
              kernels.contains(choose_depthwise(active_isa()).name));
}

// Relative to the largest value of a map: what one set rounds, another may round the other way.
TEST(RandomGraph, InstructionSetsAgree) {
  for (uint64_t seed = 2001; seed <= 2030; ++seed) {
    std::vector<std::vector<float>> reference;
    for (const Isa isa : supported_isas()) {
      RandomGraph graph(seed, 8);
      const std::unique_ptr<PreparedModel> model = test::prepare(graph.twin(), isa);
      ASSERT_NE(model, nullptr);
      EXPECT_EQ(model->isa(), isa);
      const std::vector<std::vector<float>> results = test::run(*model, graph.twin());
      ASSERT_NO_FATAL_FAILURE(test::expect_results(graph.twin(), results))
          << isa_name(isa) << " seed " << seed;
      if (reference.empty()) reference = results;
      for (size_t i = 0; i < results.size(); ++i) {
        double largest = 0, difference = 0;
        for (size_t j = 0; j < results[i].size(); ++j) {
          largest = std::fmax(largest, std::abs(reference[i][j]));
          difference = std::fmax(difference, std::abs(static_cast<double>(results[i][j]) - reference[i][j]));
        }
        EXPECT_LE(difference, 1e-5 * std::fmax(largest, 1e-3))
            << isa_name(isa) << " seed " << seed << " output " << i;
      }
    }
  }
}

}  // namespace
}  // namespace ink
