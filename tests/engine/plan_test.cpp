#include "engine/plan.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/engine/run_graph.h"

namespace ink {
namespace {

using test::TwinGraph;
using Kind = Placement::Kind;

const Placement& placement(const Plan& plan, Value value) {
  return plan.placements[static_cast<size_t>(value.id)];
}

struct Planned {
  std::unique_ptr<PreparedModel> model;
  std::shared_ptr<const Plan> plan;

  explicit Planned(TwinGraph& twin, int threads = 1) : model(test::prepare(twin)) {
    if (model != nullptr) plan = test::plan(*model, twin, threads);
  }
};

TEST(Plan, InputsOutputsAndViewsTakeNoArena) {
  TwinGraph g(1);
  const Value x = g.input({1, 8, 9, 4}), y = g.scale(x, 2), view = g.crop(y, {1, 1, 1, 1}),
              z = g.scale(view, 3);
  g.output(z);
  const Planned planned(g);
  EXPECT_EQ(placement(*planned.plan, x).kind, Kind::input);
  EXPECT_EQ(placement(*planned.plan, y).kind, Kind::arena);
  EXPECT_EQ(placement(*planned.plan, view).kind, Kind::view);
  EXPECT_EQ(placement(*planned.plan, z).kind, Kind::output);
  EXPECT_EQ(planned.plan->arena_bytes, align_up(8 * 9 * 4 * sizeof(float)));
  EXPECT_EQ(planned.plan->steps.size(), 2u);  // the crop is no step
  EXPECT_EQ(planned.plan->memory_bytes(), planned.plan->arena_bytes + planned.plan->scratch_bytes);
}

// a chain of element-wise nodes lives in one block.
TEST(Plan, ElementWiseNodesWriteOverWhatDiesWithThem) {
  TwinGraph g(1);
  Value x = g.scale(g.input({1, 8, 8, 4}), 2);
  const Value first = x;
  for (int i = 0; i < 5; ++i) x = g.scale(x, 1.5f);
  const Value last = x;
  g.output(g.scale(x, 2));
  const Planned planned(g);
  EXPECT_EQ(planned.plan->arena_bytes, size_t{8 * 8 * 4 * 4});
  EXPECT_EQ(placement(*planned.plan, first).offset, placement(*planned.plan, last).offset);
  test::expect_results(g, test::run(*planned.model, g));
}

TEST(Plan, WhatIsReadLaterIsNotOverwritten) {
  const auto distinct = [](const std::function<std::pair<Value, Value>(TwinGraph&)>& build) {
    TwinGraph g(1);
    const auto [kept, written] = build(g);
    const Planned planned(g);
    EXPECT_NE(placement(*planned.plan, kept).offset, placement(*planned.plan, written).offset);
    test::expect_results(g, test::run(*planned.model, g));
  };
  // Read by a later node.
  distinct([](TwinGraph& g) {
    const Value x = g.scale(g.input({1, 8, 8, 4}), 2), y = g.scale(x, 3);
    g.output(g.binary(BinaryOp::mul, y, x));
    return std::pair(x, y);
  });
  // Read by a later node through a view.
  distinct([](TwinGraph& g) {
    const Value x = g.scale(g.input({1, 8, 8, 4}), 2), view = g.crop(x, {1, 1, 1, 1});
    const Value y = g.scale(x, 3);
    g.output(g.binary(BinaryOp::mul, g.crop(y, {1, 1, 1, 1}), view));
    return std::pair(x, y);
  });
  // Read as the other operand of the same node, through a view of a view.
  distinct([](TwinGraph& g) {
    const Value x = g.scale(g.input({1, 8, 8, 4}), 2);
    const Value view = g.crop(g.crop(x, {0, 0, 0, 0}), {0, 0, 0, 0}), y = g.binary(BinaryOp::mul, x, view);
    g.output(g.scale(y, 2));
    return std::pair(x, y);
  });
  // The smaller operand of a broadcast.
  distinct([](TwinGraph& g) {
    const Value x = g.scale(g.input({1, 8, 8, 4}), 2), mean = g.scale(g.global_mean(x), 2);
    const Value y = g.binary(BinaryOp::mul, x, mean);
    g.output(g.scale(y, 2));
    return std::pair(mean, y);
  });
}

TEST(Plan, SumsAreWrittenOverTheResidualThatDiesWithThem) {
  for (const int kernel : {1, 3}) {
    TwinGraph g(1);
    const int pad = kernel / 2;
    const ConvParams conv{.oc = 16,
                          .kh = kernel,
                          .kw = kernel,
                          .pad_top = pad,
                          .pad_left = pad,
                          .pad_bottom = pad,
                          .pad_right = pad};
    const Value x = g.scale(g.input({1, 18, 20, 16}), 2);
    const Value y = g.activation(g.add_values(g.conv(g.conv(x, conv), conv), x), Activation::relu);
    g.output(g.scale(y, 2));
    const Planned planned(g);
    EXPECT_EQ(placement(*planned.plan, x).offset, placement(*planned.plan, y).offset);
    test::expect_results(g, test::run(*planned.model, g));
  }
}

TEST(Plan, AnOperandUsedTwiceIsNotOverwrittenByHalves) {
  TwinGraph g(1);
  const Value x = g.scale(g.input({1, 8, 8, 4}), 2);
  g.output(g.scale(g.binary(BinaryOp::mul, x, x), 2));
  const Planned planned(g);
  test::expect_results(g, test::run(*planned.model, g));
}

TEST(Plan, OutputsThatOthersReadAreNotOverwritten) {
  TwinGraph g(1);
  const Value x = g.scale(g.input({1, 8, 8, 4}), 2);
  g.output(x);
  g.output(g.scale(g.scale(x, 3), 2));
  const Planned planned(g);
  test::expect_results(g, test::run(*planned.model, g));
}

TEST(Plan, EveryStepGetsItsScratch) {
  TwinGraph g(1);
  Value x = g.conv(g.input({1, 20, 20, 5}), {.oc = 7, .kh = 5, .kw = 5});
  x = g.global_mean(g.conv(x, {.oc = 20, .kh = 3, .kw = 3}));
  g.output(x);
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  size_t before = 0;
  for (const int threads : {1, 2, 8}) {
    const std::shared_ptr<const Plan> plan = test::plan(*model, g, threads);
    size_t most = 0;
    for (const Step& step : plan->steps) {
      most = std::max(most, step.scratch_bytes);
      EXPECT_EQ(step.scratch_bytes % sizeof(float), 0u);
    }
    EXPECT_EQ(plan->scratch_bytes, most);
    EXPECT_GT(most, before) << "each thread needs its own";
    EXPECT_EQ(plan->threads, threads);
    before = most;
  }
}

TEST(Plan, WorkIsThatOfThePlainAlgorithm) {
  TwinGraph g(1);
  const Value x = g.conv(g.input({1, 10, 12, 6}), {.oc = 8, .kh = 3, .kw = 3, .groups = 2});
  const Value y = g.deconv(x, {.oc = 3, .kh = 2, .kw = 2, .sh = 2, .sw = 2});
  g.output(g.linear(y, 5));
  const Planned planned(g);
  ASSERT_EQ(planned.plan->steps.size(), 3u);
  EXPECT_EQ(planned.plan->steps[0].flops, 2.0 * 8 * 10 * 8 * 3 * 3 * 3);
  EXPECT_EQ(planned.plan->steps[1].flops, 2.0 * 8 * 10 * 8 * 2 * 2 * 3);
  EXPECT_EQ(planned.plan->steps[2].flops, 2.0 * 16 * 20 * 3 * 5);
  EXPECT_EQ(planned.plan->flops(),
            planned.plan->steps[0].flops + planned.plan->steps[1].flops + planned.plan->steps[2].flops);
}

TEST(Plan, TextHasALineForEveryStep) {
  TwinGraph g(1);
  const Value x =
      g.activation(g.conv(g.input({1, 10, 12, 6}), {.oc = 8, .kh = 3, .kw = 3}), Activation::relu);
  g.output(g.global_mean(x));
  const Planned planned(g, 2);
  const std::string text = planned.model->text(*planned.plan);
  for (const std::string part : {"node1", "1x8x10x8", planned.model->op(0).kernel(),
                                 planned.model->op(1).kernel(), "output", "1x1x1x8", "2 threads"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
}

TEST(Plan, RefusesShapesThatDoNotFit) {
  TwinGraph g(1);
  g.output(g.conv(g.input({1, 10, 12, 6}), {.oc = 8, .kh = 3, .kw = 3}));
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  const auto error = [&](Shape shape) {
    const auto plan = model->plan({&shape, 1}, 1);
    return plan.ok() ? "" : plan.error().message;
  };
  EXPECT_EQ(error({1, 2, 9, 6}), "node1: an input of 1x2x9x6 is smaller than the kernel of 3x3");
  EXPECT_EQ(error({1, 9, 9, 5}), "input in1: expected 1x?x?x6, found 1x9x9x5");
}

TEST(PlanCache, GivesTheSamePlanForTheSameShapesAndThreads) {
  TwinGraph g(1);
  g.output(g.conv(g.input({1, 10, 12, 6}), {.oc = 8, .kh = 3, .kw = 3}));
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  const auto plan = [&](int h, int threads) {
    const Shape shape{1, h, 9, 6};
    return *model->plan({&shape, 1}, threads);
  };
  const std::shared_ptr<const Plan> first = plan(9, 1);
  EXPECT_EQ(plan(9, 1), first);
  EXPECT_NE(plan(9, 2), first);
  EXPECT_NE(plan(8, 1), first);
  EXPECT_EQ(plan(8, 1)->shapes[0].h, 8);
  EXPECT_EQ(plan(9, 1), first);
}

TEST(PlanCache, ThreadsThatAskAtOnceGetTheSamePlan) {
  for (int round = 0; round < 20; ++round) {
    TwinGraph g(1);
    Value x = g.input({1, 10, 12, 6});
    for (int i = 0; i < 20; ++i) x = g.conv(x, {.oc = 6});
    g.output(x);
    const std::unique_ptr<PreparedModel> model = test::prepare(g);
    std::vector<std::shared_ptr<const Plan>> plans(4);
    std::vector<std::thread> threads;
    for (auto& plan : plans) threads.emplace_back([&] { plan = test::plan(*model, g, 1); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(std::set(plans.begin(), plans.end()).size(), 1u);
  }
}

TEST(PlanCache, StaysBoundedAndOldPlansStayUsable) {
  TwinGraph g(1);
  g.output(g.scale(g.input({1, 10, 12, 6}), 2));
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  const std::shared_ptr<const Plan> mine = test::plan(*model, g, 1);
  std::vector<std::weak_ptr<const Plan>> others;
  for (int h = 1; h <= 500; ++h) {
    const Shape shape{1, h, 40, 6};
    others.push_back(*model->plan({&shape, 1}, 1));
  }
  const auto alive =
      std::count_if(others.begin(), others.end(), [](const auto& plan) { return !plan.expired(); });
  EXPECT_LE(alive, 64);
  EXPECT_FALSE(others.back().expired());
  EXPECT_EQ(mine->shapes[0].h, 10);
}

TEST(PreparedModel, ManyPictureSizesPackTheWeightsOnce) {
  TwinGraph g(1);
  g.output(g.conv(g.input({1, 10, 12, 6}), {.oc = 8, .kh = 3, .kw = 3}));
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  const int prepared = prepared_model_count();
  const size_t bytes = model->packed_bytes();
  EXPECT_GE(bytes, (8 * 6 * 9 + 8) * sizeof(float));
  std::vector<float> src(200 * 200 * 6, 0.5f), dst(200 * 200 * 8);
  for (int size = 0; size < 100; ++size) {
    const Shape in{1, 3 + size, 150 - size, 6}, out{1, in.h - 2, in.w - 2, 8};
    Session session(*model, *model->plan({&in, 1}, 1 + size % 3));
    const TensorView input = TensorView::dense(src.data(), DType::f32, in);
    const TensorView output = TensorView::dense(dst.data(), DType::f32, out);
    ASSERT_TRUE(session.run({&input, 1}, {&output, 1}).ok());
  }
  EXPECT_EQ(prepared_model_count(), prepared);
  EXPECT_EQ(model->packed_bytes(), bytes);
}

TEST(PreparedModel, DoesNotReferToTheStoreAfterwards) {
  auto g = std::make_unique<TwinGraph>(1);
  g->output(g->linear(g->conv(g->input({1, 6, 6, 3}), {.oc = 8, .kh = 3, .kw = 3}), 4));
  WeightStore copy;
  for (const StoredTensor& tensor : g->weights().tensors()) {
    ASSERT_TRUE(copy.add(tensor.name, tensor.dtype, tensor.shape, tensor.bytes).ok());
  }
  Result<Graph> graph = g->finish();
  ASSERT_TRUE(graph.ok());
  auto model = PreparedModel::prepare(std::move(*graph), copy, active_isa());
  ASSERT_TRUE(model.ok());
  copy = WeightStore();
  test::expect_results(*g, test::run(**model, *g));
}

TEST(Plan, RowsOfAMatrixDoNotLieAPowerOfTwoApart) {
  const auto step = [](Shape shape) { return arena_view(nullptr, shape).pixel_stride; };
  EXPECT_EQ(step({1, 1, 7, 1024}), 1040);
  EXPECT_EQ(step({3, 1, 7, 1536}), 1552);
  EXPECT_EQ(step({1, 1, 7, 768}), 768);
  EXPECT_EQ(step({1, 1, 1, 1024}), 1024);  // a single row
  EXPECT_EQ(step({1, 7, 7, 1024}), 1040);  // the pixels of a map
  EXPECT_EQ(step({1, 7, 7, 512}), 512);
  for (const Shape shape : {Shape{3, 1, 7, 1024}, Shape{2, 5, 4, 512}, Shape{1, 1, 1, 3}}) {
    const TensorView view = arena_view(nullptr, shape);
    EXPECT_EQ(view.row_stride, shape.w * view.pixel_stride);
    EXPECT_EQ(view.image_stride, shape.h * view.row_stride);
    EXPECT_EQ(arena_bytes(shape), static_cast<size_t>(shape.n * view.image_stride) * sizeof(float));
  }
}

TEST(Plan, NodesOfEveryKindReadAndWriteSuchRows) {
  TwinGraph g(5);
  const Value x = g.linear(g.input({2, 1, 5, 6}, true), 512);
  const Value y = g.activation(g.layer_norm(x), Activation::gelu);
  const Value z = g.binary(BinaryOp::mul, g.linear(y, 512), g.crop(g.conv(y, {.oc = 512}), {}));
  g.output(g.linear(g.add_values(g.scale(g.batch_norm(z), 0.5f), x), 3));
  const auto model = test::prepare(g);
  test::expect_results(g, test::run(*model, g, 2));
}

TEST(Plan, NodesOfMapsReadAndWriteSuchPixels) {
  TwinGraph g(6);
  const Value x = g.conv(g.input({2, 6, 5, 8}, true), {.oc = 1024});
  const Value y = g.activation(g.batch_norm(x), Activation::relu);
  const Value z = g.conv(y, {.oc = 1024,
                             .kh = 3,
                             .kw = 3,
                             .pad_top = 1,
                             .pad_left = 1,
                             .pad_bottom = 1,
                             .pad_right = 1,
                             .groups = 128});
  g.output(g.global_mean(g.pool(g.add_values(z, x), {.kh = 2, .kw = 2, .sh = 2, .sw = 2})));
  g.output(g.conv(g.binary(BinaryOp::mul, z, g.global_mean(y)), {.oc = 16, .sh = 2, .sw = 2}));
  const auto model = test::prepare(g);
  test::expect_results(g, test::run(*model, g, 2));
}

}  // namespace
}  // namespace ink
