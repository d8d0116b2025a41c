#include "engine/session.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "tests/engine/run_graph.h"

namespace ink {
namespace {

using test::Layout;
using test::SessionMaps;
using test::TwinGraph;

// A small U-Net: every kind of memory that a plan knows.
void build(TwinGraph& g) {
  const Value x =
      g.activation(g.conv(g.input({1, 30, 34, 3}), {.oc = 20, .kh = 3, .kw = 3}), Activation::leaky_relu);
  const Value skip = g.crop(x, {2, 2, 2, 2});
  Value y = g.activation(g.conv(x, {.oc = 24, .kh = 2, .kw = 2, .sh = 2, .sw = 2}), Activation::relu);
  y = g.conv(y, {.oc = 24, .kh = 3, .kw = 3});
  const Value gate = g.activation(g.linear(g.global_mean(y), 24), Activation::sigmoid);
  y = g.deconv(g.binary(BinaryOp::mul, y, gate), {.oc = 20, .kh = 2, .kw = 2, .sh = 2, .sw = 2});
  y = g.add_values(skip, y);
  g.output(g.conv(y, {.oc = 3, .kh = 3, .kw = 3}));
  g.output(gate);
}

SessionMaps dense_maps(const TwinGraph& twin) {
  SessionMaps maps(twin, [](size_t) { return Layout::dense; });
  maps.fill_inputs(twin);
  return maps;
}

TEST(Session, RunsAnyNumberOfTimes) {
  TwinGraph g(1);
  build(g);
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  Session session(*model, test::plan(*model, g, 2));
  std::vector<std::vector<float>> first;
  for (int round = 0; round < 5; ++round) {
    SessionMaps maps = dense_maps(g);
    ASSERT_TRUE(session.run(maps.input_views, maps.output_views).ok());
    if (round == 0) first = maps.results(g);
    EXPECT_EQ(maps.results(g), first);
  }
  ASSERT_NO_FATAL_FAILURE(test::expect_results(g, first));
}

TEST(Session, TakesCropsAndSlicesAsInputsAndOutputs) {
  TwinGraph g(2);
  build(g);
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  const std::vector<std::vector<float>> want = test::run(*model, g);
  for (const Layout in : {Layout::dense, Layout::crop, Layout::slice}) {
    for (const Layout out : {Layout::dense, Layout::crop, Layout::slice}) {
      Session session(*model, test::plan(*model, g, 1));
      SessionMaps maps(g, [&](size_t i) { return i == 0 ? in : out; });
      maps.fill_inputs(g);
      ASSERT_TRUE(session.run(maps.input_views, maps.output_views).ok());
      EXPECT_EQ(maps.results(g), want);
      EXPECT_TRUE(maps.only_outputs_written(g));
    }
  }
}

// Maps of 5 images that caches do not hold together; what a later stretch reads of them, views and sums.
TEST(Session, BatchesInPiecesGiveTheBitsOfWholeOnes) {
  TwinGraph g(7);
  const ConvParams same{
      .oc = 32, .kh = 3, .kw = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};
  const Value first = g.conv(g.input({5, 128, 96, 3}, true), same);
  const Value view = g.crop(g.activation(g.conv(first, same), Activation::relu), {2, 2, 2, 2});
  const Value gated = g.binary(BinaryOp::mul, view, g.global_mean(view));
  const Value sum = g.add_values(g.conv(gated, {.oc = 32}), g.crop(first, {2, 2, 2, 2}));
  const Value small = g.pool(sum, {.kh = 4, .kw = 4, .sh = 4, .sw = 4});
  g.output(g.add_values(g.conv(small, same), small));
  g.output(g.linear(g.global_mean(small), 7));
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  const std::shared_ptr<const Plan> plan = test::plan(*model, g, 1), whole = test::plan(*model, g, 2);
  EXPECT_GT(plan->stretches.front().pieces, 1);
  EXPECT_EQ(plan->stretches.back().pieces, 1);
  EXPECT_EQ(whole->stretches.size(), 1u);
  EXPECT_LT(plan->arena_bytes, whole->arena_bytes);
  const std::vector<std::vector<float>> results = test::run(*model, g, 1);
  EXPECT_EQ(results, test::run(*model, g, 2));
  ASSERT_NO_FATAL_FAILURE(test::expect_results(g, results));
}

TEST(Session, TellsItsProgressAfterEveryStep) {
  TwinGraph g(3);
  build(g);
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  const std::shared_ptr<const Plan> plan = test::plan(*model, g, 2);
  Session session(*model, plan);
  SessionMaps maps = dense_maps(g);
  std::vector<double> shares;
  ASSERT_TRUE(session
                  .run(maps.input_views, maps.output_views,
                       [&](double share) {
                         shares.push_back(share);
                         return true;
                       })
                  .ok());
  ASSERT_EQ(shares.size(), plan->steps.size());
  double done = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    done += plan->steps[i].flops / plan->flops();
    EXPECT_NEAR(shares[i], done, 1e-9);
  }
  EXPECT_NEAR(shares.back(), 1, 1e-12);
}

TEST(Session, MeasuresStepsWhereItIsAskedTo) {
  TwinGraph g(3);
  build(g);
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  const std::shared_ptr<const Plan> plan = test::plan(*model, g, 2);
  Session session(*model, plan);
  SessionMaps maps = dense_maps(g);
  ASSERT_TRUE(session.run(maps.input_views, maps.output_views).ok());
  EXPECT_TRUE(session.step_seconds().empty());
  const std::vector<std::vector<float>> results = maps.results(g);

  session.measure_steps();
  const auto begin = std::chrono::steady_clock::now();
  for (int round = 0; round < 20; ++round) ASSERT_TRUE(session.run(maps.input_views, maps.output_views).ok());
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(maps.results(g), results);
  ASSERT_EQ(session.step_seconds().size(), plan->steps.size());
  double sum = 0;
  for (const double seconds : session.step_seconds()) {
    EXPECT_GE(seconds, 0);
    sum += seconds;
  }
  EXPECT_GT(sum, 0);
  EXPECT_LE(sum, whole.count());
}

TEST(Session, StopsWhereProgressSaysSoAndRunsAgain) {
  TwinGraph g(4);
  build(g);
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  const std::vector<std::vector<float>> want = test::run(*model, g);
  for (const int threads : {1, 3}) {
    Session session(*model, test::plan(*model, g, threads));
    for (int most = 1; most <= 3; ++most) {
      SessionMaps maps = dense_maps(g);
      int calls = 0;
      const Status status =
          session.run(maps.input_views, maps.output_views, [&](double) { return ++calls < most; });
      ASSERT_FALSE(status.ok());
      EXPECT_EQ(status.error().kind, ErrorKind::interrupted);
      EXPECT_EQ(calls, most);
    }
    SessionMaps maps = dense_maps(g);
    ASSERT_TRUE(session.run(maps.input_views, maps.output_views).ok());
    EXPECT_EQ(maps.results(g), want);
  }
}

TEST(Session, WhatProgressThrowsReachesTheCaller) {
  TwinGraph g(5);
  build(g);
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  for (const int threads : {1, 3}) {
    Session session(*model, test::plan(*model, g, threads));
    SessionMaps maps = dense_maps(g);
    const Session::Progress fail = [](double) -> bool { throw std::runtime_error("from progress"); };
    EXPECT_THROW(static_cast<void>(session.run(maps.input_views, maps.output_views, fail)),
                 std::runtime_error);
    EXPECT_TRUE(session.run(maps.input_views, maps.output_views).ok());
  }
}

TEST(Session, TwoOfOneModelInTwoThreadsGiveTheBitsOfOneAlone) {
  TwinGraph g(6);
  build(g);
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  const std::vector<std::vector<float>> want = test::run(*model, g);
  for (const int threads : {1, 2}) {
    std::vector<std::thread> hosts;
    std::vector<int> wrong(4);
    for (int& count : wrong) {
      hosts.emplace_back([&] {
        Session session(*model, test::plan(*model, g, threads));
        for (int round = 0; round < 5; ++round) {
          SessionMaps maps = dense_maps(g);
          count += !session.run(maps.input_views, maps.output_views).ok() || maps.results(g) != want;
        }
      });
    }
    for (std::thread& host : hosts) host.join();
    EXPECT_EQ(wrong, std::vector<int>(4)) << threads << " threads each";
  }
}

TEST(Session, RefusesMapsThatWereNotPlanned) {
  TwinGraph g(7);
  build(g);
  const std::unique_ptr<PreparedModel> model = test::prepare(g);
  Session session(*model, test::plan(*model, g, 1));
  SessionMaps maps = dense_maps(g);
  const auto run = [&](std::vector<TensorView> inputs, std::vector<TensorView> outputs) {
    return static_cast<void>(session.run(inputs, outputs));
  };
  EXPECT_THROW(run({}, maps.output_views), InternalError);
  EXPECT_THROW(run(maps.input_views, {maps.output_views[0]}), InternalError);
  EXPECT_THROW(run(maps.input_views, {maps.output_views[1], maps.output_views[0]}), InternalError);
  std::vector<TensorView> narrow = maps.input_views;
  --narrow[0].shape.w;
  EXPECT_THROW(run(narrow, maps.output_views), InternalError);
  std::vector<TensorView> bytes = maps.input_views;
  bytes[0].dtype = DType::u8;
  EXPECT_THROW(run(bytes, maps.output_views), InternalError);
}

// What a node promises: part of its output with the bits of the whole, and nothing written around it.
TEST(PreparedOp, ComputesAnyRegionWithTheSameBits) {
  const std::function<Value(TwinGraph&, Value)> nodes[] = {
      [](TwinGraph& g, Value x) { return g.conv(x, {.oc = 5, .kh = 3, .kw = 3}); },
      [](TwinGraph& g, Value x) { return g.conv(x, {.oc = 5, .sh = 2, .sw = 2, .groups = 1}); },
      [](TwinGraph& g, Value x) { return g.conv(x, {.oc = 20, .kh = 3, .kw = 3}); },
      [](TwinGraph& g, Value x) { return g.conv(x, {.oc = 2, .kh = 3, .kw = 3}); },
      [](TwinGraph& g, Value x) { return g.deconv(x, {.oc = 5, .kh = 4, .kw = 4, .sh = 2, .sw = 2}); },
      [](TwinGraph& g, Value x) { return g.deconv(x, {.oc = 3, .kh = 5, .kw = 5, .sh = 3, .sw = 3}); },
      [](TwinGraph& g, Value x) { return g.linear(x, 7); },
      [](TwinGraph& g, Value x) { return g.batch_norm(x); },
      [](TwinGraph& g, Value x) { return g.scale(x, 3); },
      [](TwinGraph& g, Value x) { return g.activation(x, Activation::silu); },
      [](TwinGraph& g, Value x) { return g.binary(BinaryOp::mul, x, x); },
      [](TwinGraph& g, Value x) { return g.pool(x, {.kh = 3, .kw = 2, .top = 1}); },
      [](TwinGraph& g, Value x) {
        return g.pad(x, PadMode::reflect, {2, 3, 1, 0});
      },
      [](TwinGraph& g, Value x) {
        return g.concat({x, x});
      },
      [](TwinGraph& g, Value x) { return g.pixel_shuffle(x, 2); },
      [](TwinGraph& g, Value x) { return g.resize(x, ResizeMode::bilinear, 2); }};
  for (const auto& node : nodes) {
    TwinGraph g(8);
    const Value x = g.input({2, 16, 18, 16}), y = node(g, x);
    g.output(y);
    const std::unique_ptr<PreparedModel> model = test::prepare(g);
    const std::vector<float> whole = test::run(*model, g)[0];
    const PreparedOp& op = model->op(0);
    const test::Shape shape = g.shape(y);
    // Origins on the grid of tiles that Winograd's method needs.
    const int unit = op.grid();
    for (const Rect region : {Rect{unit, 2 * unit, shape.h - 1, shape.w - 2}, Rect{0, unit, 1, unit + 1},
                              Rect{unit, 0, 2 * unit, shape.w}}) {
      for (const int threads : {1, 3}) {
        SessionMaps maps = dense_maps(g);
        const std::vector<TensorView> inputs(model->graph().nodes[0].inputs.size(), maps.input_views[0]);
        const std::vector<Shape> shapes(inputs.size(), test::engine_shape(g.shape(x)));
        AlignedBuffer<float> scratch(op.scratch_bytes(shapes, test::engine_shape(shape), threads) /
                                     sizeof(float));
        op.run({inputs, maps.output_views[0], region, scratch.data(), threads});
        EXPECT_TRUE(maps.outputs[0]->equals(whole, region)) << model->graph().nodes[0].op->kind();
        EXPECT_TRUE(maps.outputs[0]->untouched_outside(region)) << model->graph().nodes[0].op->kind();
      }
    }
  }
}

}  // namespace
}  // namespace ink
