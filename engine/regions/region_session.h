#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/arena.h"
#include "engine/regions/region_plan.h"
#include "engine/regions/spill_file.h"
#include "engine/regions/task_order.h"

namespace ink {

// The maps at both ends of a run. read() fills `region` of input i into `part`, whose memory holds no more
// than that region; write() takes a finished region of output i. Each region of an output comes once; those
// of an input come again where work is done again. Called from many threads at once where the plan's strips
// go side by side; both may use `threads` threads themselves.
class RegionEnds {
 public:
  virtual ~RegionEnds() = default;
  virtual Status read(int input, const TensorView& part, Rect region, int threads) = 0;
  virtual Status write(int output, const TensorView& part, Rect region, int threads) = 0;
};

// Memory for one run at a time of a plan, as Session. The prepared ops that the plan's flow refers to must
// outlive it. Throws std::bad_alloc where the memory cannot be had.
class RegionSession {
 public:
  // spill: of plan->spill_bytes, or empty where the plan spills nothing.
  explicit RegionSession(std::shared_ptr<const RegionPlan> plan, SpillFile spill = {});
  ~RegionSession();
  RegionSession(const RegionSession&) = delete;
  RegionSession& operator=(const RegionSession&) = delete;

  const RegionPlan& plan() const { return *plan_; }

  // Called now and then with the share of the work done, 0 to 1, from one thread at a time; false stops the
  // run.
  using Progress = std::function<bool(double)>;
  Status run(RegionEnds& ends, const Progress& progress = {});
  // The same with whole maps.
  Status run(std::span<const TensorView> inputs, std::span<const TensorView> outputs,
             const Progress& progress = {});

  // Runs from here on measure each node; and what they measured: seconds that a node of the flow took in a
  // stage, those of all workers added up. Work is counted as RegionPlan does, halos included.
  void measure_nodes();
  double node_seconds(int stage, int node) const;
  double node_flops(int stage, int node) const;
  // As PreparedOp::bytes(), of what flops counts.
  double node_bytes(int stage, int node) const;

 private:
  struct Strip;
  struct Run;

  // How much of a node's map a stage makes, in whole maps.
  double node_share(int stage, int node) const;
  size_t time_index(int worker, int stage, int node) const;

  std::shared_ptr<const RegionPlan> plan_;
  SpillFile spill_;
  Arena arena_;
  std::vector<Strip> strips_;  // those that are under way at one time
  TaskOrder order_;
  std::vector<TensorView> node_inputs_;  // of the node that each worker runs
  size_t most_inputs_ = 0;
  std::vector<double> node_seconds_;  // (worker, stage, node of the flow); empty where they are not measured
};

}  // namespace ink
