#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/regions/stage.h"

namespace ink {

// The part of a stored value that one task makes.
struct Chunk {
  Rect rect;
  size_t offset = 0;  // in the arena, or in the spill file
};

// How a stage holds a value while it runs.
struct Holding {
  enum class Kind {
    none,
    window,   // rows of the strip that move along with the steps, in memory of the stage's own
    chunks,   // in its chunks alone: its readers go pixel by pixel, or cell by cell
    whole,    // all of it, in one piece: nothing moves
    reduced,  // the output of a reduction that is finished
  } kind = Kind::none;
  size_t offset = 0;          // of a window, in the memory of its strip
  int rows = 0, columns = 0;  // of a window: the most that it holds
  bool lasting = false;       // whether a window carries rows from one step to the next
};

struct StagePlan {
  StagePlan(const Flow& flow, Stage made, const RegionGrid& grid)
      : stage(std::make_unique<Stage>(std::move(made))),
        cut(flow, *stage, grid),
        holdings(flow.shapes.size()) {}

  std::unique_ptr<const Stage> stage;  // where `cut` finds it
  StageCut cut;
  std::vector<Holding> holdings;  // by value
  size_t offset = 0;              // of the windows of the strips that go abreast, in the arena
  size_t strip_bytes = 0;         // of the windows of one strip
};

struct ReductionMemory {
  size_t state = 0, state_bytes = 0;  // offset in the arena
  size_t output = 0;
};

// What to store, where, and how to cut.
struct RegionChoice {
  RegionGrid grid;
  std::vector<bool> stored, spilled;  // by value
  // Whether a stored value lies in one piece and not in chunks; only for one strip. Its makers and readers
  // work where it lies, but none of its memory goes to others before its last reader's stage has ended.
  bool whole = false;
};

// How a flow runs in regions. Immutable once made; touches no weight.
struct RegionPlan {
  std::shared_ptr<const Flow> flow;
  RegionChoice choice;
  int threads = 1, steps = 1;
  std::vector<StagePlan> stages;
  std::vector<std::vector<Chunk>> chunks;   // by value, (strip, step); none where it is not stored
  std::vector<size_t> wholes;               // by value: offset in the arena, where it lies in one piece
  std::vector<ReductionMemory> reductions;  // by value
  size_t arena_bytes = 0;                   // of values
  size_t scratch_bytes = 0;                 // of the hungriest node, for each worker
  size_t spill_bytes = 0;                   // of the spill file

  // Work in multiplications and additions of the plain algorithm: of each node once; of nodes that run again
  // in a later stage; of what neighbouring strips both compute.
  double flops = 0, recomputed_flops = 0, halo_flops = 0;
  double waited_flops = 0;  // all of it, and what workers would do while they wait for a stage's last strip
  double stored_bytes = 0, spilled_bytes = 0;  // written to be read by later stages
  double moved_bytes = 0;                      // of rows that windows carry to the next step, about

  const RegionGrid& grid() const { return choice.grid; }
  // One step of one strip is a task; those of a stage are numbered in the order in which they begin.
  // The last of the strips that go abreast may lack some: their tasks do nothing.
  int tasks() const { return grid().groups() * steps * grid().abreast; }
  int task(int strip, int step) const {
    return (strip / grid().abreast * steps + step) * grid().abreast + strip % grid().abreast;
  }
  int strip_of(int task) const {
    return task / (steps * grid().abreast) * grid().abreast + task % grid().abreast;
  }
  int step_of(int task) const { return task / grid().abreast % steps; }
  // No task begins before all that lie this many behind it have ended.
  int lead() const { return workers() == 1 ? 1 : grid().abreast + 2 * workers(); }
  int workers() const { return std::min(grid().abreast, threads); }
  int node_threads() const { return grid().abreast == 1 && grid().share_nodes ? threads : 1; }
  const Chunk& chunk(int value, int strip, int step) const {
    return chunks[static_cast<size_t>(value)][static_cast<size_t>(strip * steps + step)];
  }

  size_t memory_bytes() const { return arena_bytes + scratch_bytes * static_cast<size_t>(workers()); }
  double all_flops() const { return flops + recomputed_flops + halo_flops; }
};

// Work and windows alone, for comparison: a plan that cannot run, whose arena holds no stored value.
RegionPlan estimate_regions(std::shared_ptr<const Flow> flow, RegionChoice choice, int threads);
// Nothing where it is soon clear that memory_bytes() would exceed the limit.
std::optional<RegionPlan> lay_out_regions(std::shared_ptr<const Flow> flow, RegionChoice choice, int threads,
                                          uint64_t limit = UINT64_MAX);

// What people want to know of a plan.
struct RegionSummary {
  int columns = 0, rows = 0, regions = 0;  // size in pixels of the input, and how many; the last are smaller
  double halo_share = 0, recomputed_share = 0;  // of the work of computing each node once
};
RegionSummary summarize(const RegionPlan& plan);
// A table of stages and nodes, and totals.
std::string region_plan_text(const RegionPlan& plan, const Graph& graph);

}  // namespace ink
