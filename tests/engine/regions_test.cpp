#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "engine/regions/block_pool.h"
#include "engine/regions/region_planner.h"
#include "engine/regions/region_session.h"
#include "tests/engine/random_graph.h"
#include "tests/engine/run_graph.h"

namespace ink {
namespace {

using test::RandomGraph;
using test::SessionMaps;
using test::TwinGraph;
using Results = std::vector<std::vector<float>>;

// A disk is needed; where tests run in memory, nothing is spilled.
bool can_spill() {
  static const bool can = SpillFile::create(".", 1 << 20).ok();
  return can;
}

Results run_regions(const RegionPlan& planned, const TwinGraph& twin) {
  auto plan =
      std::make_shared<const RegionPlan>(*lay_out_regions(planned.flow, planned.choice, planned.threads));
  SpillFile spill;
  if (plan->spill_bytes > 0) spill = std::move(*SpillFile::create(".", plan->spill_bytes));
  RegionSession session(plan, std::move(spill));
  SessionMaps maps(twin, [](size_t) { return test::Layout::slice; });
  Results results;
  for (int run = 0; run < 2; ++run) {  // a second run finds what the first one left in memory
    maps.fill_inputs(twin);
    EXPECT_TRUE(session.run(maps.input_views, maps.output_views).ok());
    EXPECT_TRUE(maps.only_outputs_written(twin));
    results = maps.results(twin);
  }
  return results;
}

std::shared_ptr<const Flow> flow_of(const PreparedModel& model, const TwinGraph& twin) {
  auto flow = model.flow(test::planned_shapes(twin));
  EXPECT_TRUE(flow.ok());
  return *flow;
}

TEST(Regions, AnyCutOfARandomGraphGivesTheBitsOfTheWhole) {
  int recomputing = 0, cut = 0, spilling = 0, lengthened = 0;
  for (uint64_t seed = 0; seed < 160; ++seed) {
    RandomGraph graph(seed, 4 + static_cast<int>(seed % 12), seed % 2 == 0);
    const auto model = test::prepare(graph.twin());
    ASSERT_NE(model, nullptr);
    const Results want = test::run(*model, graph.twin());
    const auto flow = flow_of(*model, graph.twin());
    std::mt19937_64 random(seed);
    const auto below = [&](int limit) { return static_cast<int>(random() % static_cast<uint64_t>(limit)); };
    for (int trial = 0; trial < 3; ++trial) {
      RegionChoice choice;
      choice.grid.rows = 1 + below(30);
      choice.grid.strips = 1 + below(5);
      choice.grid.abreast = 1 + below(choice.grid.strips);
      choice.grid.share_nodes = below(2) == 0;
      choice.whole = below(2) == 0;
      for (size_t value = 0; value < flow->shapes.size(); ++value) {
        choice.stored.push_back(below(2) == 0);
        choice.spilled.push_back(can_spill() && below(4) == 0);
      }
      std::vector<int> cuts;
      for (const FlowNode& node : flow->nodes) {
        if (node.op->reduction() == nullptr && below(8) == 0) cuts.push_back(node.output);
      }
      const auto further = std::make_shared<const Flow>(cut_behind(*flow, cuts));
      lengthened += further->stages > flow->stages;
      const auto plan = lay_out_regions(further, choice, 1 + trial);
      recomputing += plan->recomputed_flops > 0;
      spilling += plan->spilled_bytes > 0;
      cut += plan->tasks() > 1;
      ASSERT_EQ(run_regions(*plan, graph.twin()), want)
          << "seed " << seed << ", " << choice.grid.rows << " rows, " << choice.grid.strips << " strips, "
          << choice.grid.abreast << " abreast";
    }
  }
  EXPECT_GE(cut, 200);
  EXPECT_GE(recomputing, 30);
  EXPECT_GE(lengthened, 100);
  if (can_spill()) {
    EXPECT_GE(spilling, 10);
  }
}

TEST(Regions, PlansFitTheirLimitAndGiveTheBitsOfTheWhole) {
  int limited = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    RandomGraph graph(seed, 6 + static_cast<int>(seed % 12), true);
    const auto model = test::prepare(graph.twin());
    ASSERT_NE(model, nullptr);
    const auto flow = flow_of(*model, graph.twin());
    RegionRequest request;
    request.threads = 1 + static_cast<int>(seed % 3);
    request.may_spill = can_spill() && seed % 4 == 0;
    const Results want = test::run(*model, graph.twin());
    const Result<RegionPlan> free = plan_regions(flow, request);
    ASSERT_TRUE(free.ok());
    ASSERT_EQ(run_regions(*free, graph.twin()), want) << seed;

    const uint64_t least = least_region_memory(flow, request);
    ASSERT_LE(least, free->memory_bytes());
    for (const uint64_t limit : {least, (least + free->memory_bytes()) / 2}) {
      request.memory_limit = limit;
      const Result<RegionPlan> plan = plan_regions(flow, request);
      ASSERT_TRUE(plan.ok()) << seed << ": " << plan.error().message;
      EXPECT_LE(plan->memory_bytes(), limit);
      limited += plan->memory_bytes() < free->memory_bytes();
      ASSERT_EQ(run_regions(*plan, graph.twin()), want) << seed << " in " << limit;
    }
    request.memory_limit = least - 1;
    const Result<RegionPlan> none = plan_regions(flow, request);
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().kind, ErrorKind::limit);
    EXPECT_NE(none.error().message.find("at least"), std::string::npos) << none.error().message;
  }
  EXPECT_GE(limited, 40);
}

// A chain whose whole-map mean forces two stages: twin of what squeeze-excitation does.
TEST(Regions, StripsAndStepsAddNoWorkWhereNothingOverlaps) {
  TwinGraph twin(1);
  Value x = twin.input({1, 64, 96, 8}, true);
  x = twin.conv(x,
                {.oc = 16, .kh = 3, .kw = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1});
  const Value gate = twin.linear(twin.global_mean(x), 16);
  twin.output(twin.binary(BinaryOp::mul, x, gate));
  const auto model = test::prepare(twin);
  const auto flow = flow_of(*model, twin);
  ASSERT_EQ(flow->stages, 2);
  const FlowNode& conv = flow->nodes[0];

  RegionChoice choice;
  choice.stored.assign(flow->shapes.size(), false);
  choice.spilled = choice.stored;
  choice.grid = {8, 1, 1, true};
  RegionPlan plan = *lay_out_regions(flow, choice, 1);
  EXPECT_EQ(plan.halo_flops, 0);  // rows of one step are there for the next
  EXPECT_EQ(plan.recomputed_flops, conv.flops);
  EXPECT_EQ(plan.stored_bytes, 0);
  const size_t without = plan.memory_bytes();

  choice.stored[static_cast<size_t>(conv.output)] = true;
  plan = *lay_out_regions(flow, choice, 1);
  EXPECT_EQ(plan.recomputed_flops, 0);
  EXPECT_EQ(plan.stored_bytes, static_cast<double>(flow->bytes(conv.output)));
  EXPECT_GE(plan.memory_bytes(), flow->bytes(conv.output));
  EXPECT_LT(without, flow->bytes(conv.output));
}

// A network without reductions would be one stage, whose windows grow with its depth.
TEST(Regions, LongStagesAreCutWhereMemoryAllows) {
  TwinGraph twin(1);
  const auto conv = [&](Value x, int channels) {
    return twin.conv(
        x, {.oc = channels, .kh = 3, .kw = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1});
  };
  Value x = twin.input({1, 8, 8, 8});
  for (const int channels : {256, 256, 256, 16, 256, 256, 256, 8}) x = conv(x, channels);
  twin.output(x);
  const auto model = test::prepare(twin);
  const Shape large{1, 512, 512, 8};
  const auto flow = *model->flow({&large, 1});
  ASSERT_EQ(flow->stages, 1);

  RegionRequest request;
  const Result<RegionPlan> free = plan_regions(flow, request);
  ASSERT_TRUE(free.ok());
  EXPECT_GT(free->stages.size(), 1);
  EXPECT_GT(free->stored_bytes, 0);
  EXPECT_EQ(free->recomputed_flops, 0);
  EXPECT_GE(free->memory_bytes(), least_region_memory(flow, request));
  request.memory_limit = least_region_memory(flow, request);
  const Result<RegionPlan> small = plan_regions(flow, request);
  ASSERT_TRUE(small.ok());
  EXPECT_LE(small->memory_bytes(), request.memory_limit);
}

TEST(Regions, StopsWhereProgressSaysSo) {
  RandomGraph graph(3, 8, true);
  const auto model = test::prepare(graph.twin());
  RegionRequest request;
  request.region = 8;
  auto plan = std::make_shared<const RegionPlan>(*plan_regions(flow_of(*model, graph.twin()), request));
  ASSERT_GT(plan->tasks(), 2);
  RegionSession session(plan);
  SessionMaps maps(graph.twin(), [](size_t) { return test::Layout::dense; });
  maps.fill_inputs(graph.twin());
  double last = 0;
  const Status stopped = session.run(maps.input_views, maps.output_views, [&](double share) {
    EXPECT_GE(share, last);
    last = share;
    return share < 0.4;
  });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
  EXPECT_LT(last, 1);
  EXPECT_TRUE(session
                  .run(maps.input_views, maps.output_views,
                       [&](double share) {
                         last = share;
                         return true;
                       })
                  .ok());
  EXPECT_EQ(last, 1);
}

// Ends that fail at the region asked for, counted from 0.
class FailingEnds : public RegionEnds {
 public:
  FailingEnds(int at, bool throws) : left_(at), throws_(throws) {}
  Status read(int, const TensorView& part, Rect region, int) override {
    if (left_-- == 0) {
      INK_CHECK(!throws_);
      return Error{ErrorKind::io, "the disk is gone"};
    }
    const View<float> map = part.floats();
    for (int image = 0; image < map.n; ++image) {
      for (int y = region.y0; y < region.y1; ++y)
        std::fill_n(map.at(image, y, region.x0), region.w() * map.c, 1.0f);
    }
    return {};
  }
  Status write(int, const TensorView&, Rect, int) override { return {}; }

 private:
  std::atomic<int> left_;
  bool throws_;
};

TEST(Regions, WhatGoesWrongInATaskComesOutOfTheRun) {
  RandomGraph graph(5, 8, true);
  const auto model = test::prepare(graph.twin());
  for (const int threads : {1, 3}) {
    RegionRequest request;
    request.threads = threads;
    request.region = 16;
    RegionSession session(
        std::make_shared<const RegionPlan>(*plan_regions(flow_of(*model, graph.twin()), request)));
    for (const int at : {0, 3}) {
      FailingEnds failing(at, false), throwing(at, true), sound(-1, false);
      const Status status = session.run(failing);
      ASSERT_FALSE(status.ok()) << threads << " " << at;
      EXPECT_EQ(status.error().message, "the disk is gone");
      EXPECT_THROW((void)session.run(throwing), InternalError);
      EXPECT_TRUE(session.run(sound).ok());
    }
  }
}

TEST(BlockPool, BlocksInUseNeverOverlap) {
  std::mt19937_64 random(5);
  BlockPool pool;
  std::map<size_t, size_t> taken;
  size_t in_use = 0, most = 0;
  for (int i = 0; i < 3000; ++i) {
    if (taken.empty() || random() % 5 < 3) {
      const size_t bytes = 1 + random() % 5000, offset = pool.take(bytes);
      EXPECT_EQ(offset % 64, 0u);
      const auto next = taken.lower_bound(offset);
      if (next != taken.end()) {
        ASSERT_LE(offset + bytes, next->first);
      }
      if (next != taken.begin()) {
        ASSERT_LE(std::prev(next)->first + std::prev(next)->second, offset);
      }
      ASSERT_LE(offset + bytes, pool.high_water());
      taken[offset] = bytes;
      in_use += bytes;
      most = std::max(most, in_use);
    } else {
      const auto block = std::next(taken.begin(), static_cast<std::ptrdiff_t>(random() % taken.size()));
      pool.give_back(block->first);
      in_use -= block->second;
      taken.erase(block);
    }
  }
  EXPECT_LE(pool.high_water(), most + most / 2);
  for (const auto& [offset, bytes] : taken) pool.give_back(offset);
  EXPECT_EQ(pool.take(pool.high_water()), 0u);  // all gaps have joined
}

TEST(SpillFile, KeepsWhatIsWrittenAndLeavesNoName) {
  if (!can_spill()) GTEST_SKIP() << "the working folder is not on a disk";
  const std::filesystem::path folder = "spill_test_folder";
  std::filesystem::create_directory(folder);
  {
    const Result<SpillFile> spill = SpillFile::create(folder.string(), 1 << 16);
    ASSERT_TRUE(spill.ok()) << spill.error().message;
    EXPECT_TRUE(std::filesystem::is_empty(folder));
    std::vector<char> text(1000, 'x'), found(1000);
    EXPECT_TRUE(spill->write(5000, text.data(), text.size()).ok());
    EXPECT_TRUE(spill->read(5000, found.data(), found.size()).ok());
    EXPECT_EQ(found, text);
    EXPECT_FALSE(spill->read(1 << 20, found.data(), found.size()).ok());
  }
  EXPECT_TRUE(std::filesystem::remove(folder));
}

TEST(SpillFile, RefusesFoldersThatCannotServe) {
  const auto refusal = [](const std::string& folder, size_t bytes) {
    const Result<SpillFile> spill = SpillFile::create(folder, bytes);
    return spill.ok() ? Error{ErrorKind::usage, "accepted"} : spill.error();
  };
  EXPECT_EQ(refusal("no/such/folder", 1).kind, ErrorKind::cannot_create);
  if (can_spill()) {
    const Error full = refusal(".", size_t{1} << 60);
    EXPECT_EQ(full.kind, ErrorKind::limit);
    EXPECT_NE(full.message.find("free"), std::string::npos) << full.message;
  }
  if (std::filesystem::exists("/dev/shm")) {
    const Error memory = refusal("/dev/shm", 1);
    EXPECT_EQ(memory.kind, ErrorKind::cannot_create);
    EXPECT_NE(memory.message.find("kept in memory"), std::string::npos) << memory.message;
  }
}

}  // namespace
}  // namespace ink
