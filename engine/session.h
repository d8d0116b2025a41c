#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/arena.h"
#include "engine/prepared_model.h"

namespace ink {

// Memory for one run at a time of a plan. All of it is taken when the session is made: run() allocates
// nothing. The model must outlive the session. Throws std::bad_alloc where the memory cannot be had.
class Session {
 public:
  Session(const PreparedModel& model, std::shared_ptr<const Plan> plan);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Plan& plan() const { return *plan_; }

  // Called after each step, of each piece of a batch, with the share of the work done, 0 to 1; false stops
  // the run.
  using Progress = std::function<bool(double)>;

  // inputs and outputs in the graph's order, shaped as planned. An output must not overlap an input. Error:
  // interrupted, when `progress` says so.
  Status run(std::span<const TensorView> inputs, std::span<const TensorView> outputs,
             const Progress& progress = {});

  // Runs from here on measure each step; and what they measured, in seconds: of all of them together, by step
  // of the plan.
  void measure_steps() { step_seconds_.assign(plan_->steps.size(), 0.0); }
  std::span<const double> step_seconds() const { return step_seconds_; }

 private:
  void resolve(std::span<const TensorView> inputs, std::span<const TensorView> outputs);
  TensorView images(int value, int first, int count) const;
  Status run_steps(const Progress& progress);
  Status run_step(size_t index, const TensorView& output);

  const PreparedModel& model_;
  std::shared_ptr<const Plan> plan_;
  Arena arena_;
  std::vector<TensorView> values_;       // by value id
  std::vector<TensorView> step_inputs_;  // of the step that runs
  std::vector<double> step_seconds_;     // by step; empty where they are not measured
};

}  // namespace ink
