#pragma once

#include <vector>

#include "engine/regions/flow.h"

namespace ink {

// What a stage has to make: the sums of a reduction over a map, an output of the graph, or a value that later
// stages read. A region of a target is a region of what `input` sees.
struct Target {
  enum class Kind { reduction, output, store } kind;
  FlowInput input;
  int value = -1;  // the reduction's output, or input.value
};

// The nodes that one stage runs for its targets, back to what is there already: inputs of the graph, values
// stored by earlier stages, finished reductions. Nodes of earlier stages whose output is not stored run
// again.
struct Stage {
  std::vector<Target> targets;
  std::vector<int> sources;  // values
  std::vector<int> nodes;    // of the flow, in order; no reductions
  std::vector<int> values;   // sources and outputs of the nodes
};

// stored: by value, whether the stage that makes it keeps it for later ones.
std::vector<Stage> cut_into_stages(const Flow& flow, const std::vector<bool>& stored);

// Steps of a target end, and strips begin, at multiples of these: so that reductions and tiles find their
// grids.
inline constexpr int kStepRows = 6, kStripColumns = 6;

// How the maps of a flow are cut: into `strips` of columns, each passed from top to bottom in steps of `rows`
// rows of the flow's highest input, those of other maps in proportion.
struct RegionGrid {
  int rows = 1 << 28;
  int strips = 1;
  // How many strips go down together, each step of a strip on one thread; or, with one strip at a time,
  // whether all threads share each node.
  int abreast = 1;
  bool share_nodes = true;

  int steps(const Flow& flow) const;
  int groups() const { return (strips + abreast - 1) / abreast; }
};

// Which part of each value each step of each strip makes: what the targets' regions need that is not there
// yet. So within a strip nothing is computed twice; columns that two strips need are computed in both. The
// rows of a step are the same in all strips, the columns of a strip in all steps.
class StageCut {
 public:
  StageCut(const Flow& flow, const Stage& stage, const RegionGrid& grid);

  // All that a strip makes of a value; empty where it needs none of it.
  Rect part(int strip, int value) const {
    const Span& x = columns_[index(strip, value)];
    return {begin_[static_cast<size_t>(value)], x.begin, rows_[index(steps_ - 1, value)].end, x.end};
  }
  // Of that, what one step makes.
  Rect made(int strip, int step, int value) const {
    const Span& x = columns_[index(strip, value)];
    const int y0 = step == 0 ? begin_[static_cast<size_t>(value)] : rows_[index(step - 1, value)].end;
    return {y0, x.begin, rows_[index(step, value)].end, x.end};
  }
  // Rows below this one are not read by the step and those after it.
  int first_needed(int step, int value) const { return rows_[index(step, value)].begin; }
  // The part of target i, as its input sees it, that a step of a strip adds. Those of all add up to the
  // whole, each pixel once.
  Rect target(int strip, int step, size_t i) const;
  // Multiplications and additions of a strip, halo included.
  double strip_work(int strip) const;

 private:
  struct Span {
    int begin = 0, end = 0;
  };
  size_t index(int line, int value) const {
    return static_cast<size_t>(line) * values_ + static_cast<size_t>(value);
  }
  int target_row(const Target& target, int step) const;
  int target_column(const Target& target, int strip) const;
  // Strips at the sides have one halo, the others two: so that all take the same time, these are narrower.
  void balance_strips();
  void cut_columns();
  void cut_rows();

  const Flow* flow_;
  const Stage* stage_;
  RegionGrid grid_;
  int unit_rows_ = 1, steps_ = 1;
  std::vector<double> begins_;  // of the strips, and the end of the last one, as shares of a target's width
  size_t values_;
  std::vector<Span> columns_;  // (strip, value)
  std::vector<int> begin_;     // by value: the first row made
  std::vector<Span> rows_;     // (step, value): from the first that is needed to the last that is made
};

}  // namespace ink
