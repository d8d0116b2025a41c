#include "engine/regions/stage.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/aligned_buffer.h"

namespace ink {
namespace {

// Strips begin at up to four times as much where they stay of one width all the same: layers before then
// waste less at their sides.
int strip_multiple(int width) {
  int multiple = kStripColumns;
  while (multiple < 4 * kStripColumns && 32 * multiple <= width) multiple *= 2;
  return multiple;
}

int round_up(int64_t value, int multiple, int limit) {
  return static_cast<int>(std::min<int64_t>((value + multiple - 1) / multiple * multiple, limit));
}

Rect needed_of(const FlowNode& node, const Shape& output, size_t input, const Rect& region) {
  return node.inputs[input].in_value(node.op->input_region(input, region, node.input_shapes, output));
}

}  // namespace

std::vector<Stage> cut_into_stages(const Flow& flow, const std::vector<bool>& stored) {
  std::vector<Stage> stages(static_cast<size_t>(flow.stages));
  std::vector<bool> kept(flow.shapes.size(), false);  // stored and read by a later stage
  for (int s = flow.stages - 1; s >= 0; --s) {
    Stage& stage = stages[static_cast<size_t>(s)];
    for (const FlowNode& node : flow.nodes) {
      if (node.op->reduction() != nullptr && flow.made_in(node.output) == s)
        stage.targets.push_back({Target::Kind::reduction, node.inputs[0], node.output});
    }
    for (const int value : flow.outputs) {
      if (!flow.is_reduction(value) && flow.made_in(value) == s)
        stage.targets.push_back({Target::Kind::output, {value, 0, 0, flow.shape(value)}, value});
    }
    for (size_t value = 0; value < kept.size(); ++value) {
      const int id = static_cast<int>(value);
      if (kept[value] && flow.made_in(id) == s)
        stage.targets.push_back({Target::Kind::store, {id, 0, 0, flow.shape(id)}, id});
    }
    std::vector<bool> needed(flow.shapes.size(), false);
    for (const Target& target : stage.targets) needed[static_cast<size_t>(target.input.value)] = true;
    for (int n = static_cast<int>(flow.nodes.size()) - 1; n >= 0; --n) {
      const FlowNode& node = flow.nodes[static_cast<size_t>(n)];
      const size_t output = static_cast<size_t>(node.output);
      if (!needed[output] || node.op->reduction() != nullptr) continue;
      if (stored[output] && flow.made_in(node.output) < s) {
        kept[output] = true;
        continue;
      }
      stage.nodes.push_back(n);
      for (const FlowInput& input : node.inputs) needed[static_cast<size_t>(input.value)] = true;
    }
    std::reverse(stage.nodes.begin(), stage.nodes.end());
    std::vector<bool> made(flow.shapes.size(), false);
    for (const int n : stage.nodes)
      made[static_cast<size_t>(flow.nodes[static_cast<size_t>(n)].output)] = true;
    for (size_t value = 0; value < needed.size(); ++value) {
      if (needed[value]) stage.values.push_back(static_cast<int>(value));
      if (needed[value] && !made[value]) stage.sources.push_back(static_cast<int>(value));
    }
  }
  return stages;
}

int RegionGrid::steps(const Flow& flow) const {
  int most = 1;
  for (const int input : flow.inputs) most = std::max(most, flow.shape(input).h);
  return (most + rows - 1) / rows;
}

StageCut::StageCut(const Flow& flow, const Stage& stage, const RegionGrid& grid)
    : flow_(&flow), stage_(&stage), grid_(grid), steps_(grid.steps(flow)), values_(flow.shapes.size()) {
  for (const int input : flow.inputs) unit_rows_ = std::max(unit_rows_, flow.shape(input).h);
  for (int strip = 0; strip <= grid_.strips; ++strip)
    begins_.push_back(static_cast<double>(strip) / grid_.strips);
  cut_columns();
  if (grid_.strips > 1) {
    balance_strips();
    cut_columns();
  }
  cut_rows();
}

int StageCut::target_column(const Target& target, int strip) const {
  const int w = target.input.seen.w;
  if (strip == grid_.strips) return w;
  const int multiple = strip_multiple(w / grid_.strips);
  return std::min(
      static_cast<int>(std::lround(begins_[static_cast<size_t>(strip)] * w / multiple)) * multiple, w);
}

int StageCut::target_row(const Target& target, int step) const {
  const int h = target.input.seen.h;
  if (step == steps_) return h;
  const int64_t rows = static_cast<int64_t>(step) * grid_.rows * h;
  return round_up((rows + unit_rows_ - 1) / unit_rows_, kStepRows, h);
}

Rect StageCut::target(int strip, int step, size_t i) const {
  const Target& target = stage_->targets[i];
  return {target_row(target, step), target_column(target, strip), target_row(target, step + 1),
          target_column(target, strip + 1)};
}

double StageCut::strip_work(int strip) const {
  double work = 0;
  for (const int n : stage_->nodes) {
    const FlowNode& node = flow_->nodes[static_cast<size_t>(n)];
    const Span& span = columns_[index(strip, node.output)];
    work += node.flops * (span.end - span.begin) / flow_->shape(node.output).w;
  }
  return work;
}

void StageCut::balance_strips() {
  const size_t strips = static_cast<size_t>(grid_.strips);
  const double even = 1.0 / grid_.strips;
  double whole = 0, halo = 0, sum = 0;
  for (const int n : stage_->nodes) whole += flow_->nodes[static_cast<size_t>(n)].flops;
  if (whole <= 0) return;
  std::vector<double> shares(strips);
  for (size_t s = 0; s < strips; ++s) {
    shares[s] = begins_[s + 1] - begins_[s] - strip_work(static_cast<int>(s)) / whole;
    halo -= shares[s];
  }
  for (double& share : shares) {
    share = std::max(share + (1 + halo) * even, even / 2);  // narrow strips are halo more than anything else
    sum += share;
  }
  for (size_t s = 0; s + 1 < strips; ++s) begins_[s + 1] = begins_[s] + shares[s] / sum;
}

// From the targets back: a value's columns span those that all its readers need.
void StageCut::cut_columns() {
  columns_.assign(static_cast<size_t>(grid_.strips) * values_, {});
  for (int strip = 0; strip < grid_.strips; ++strip) {
    const auto join = [&](int value, int begin, int end) {
      Span& span = columns_[index(strip, value)];
      span = span.begin == span.end ? Span{begin, end}
                                    : Span{std::min(span.begin, begin), std::max(span.end, end)};
    };
    for (const Target& target : stage_->targets) {
      const int begin = target_column(target, strip), end = target_column(target, strip + 1);
      if (begin < end) join(target.input.value, begin + target.input.dx, end + target.input.dx);
    }
    for (auto n = stage_->nodes.rbegin(); n != stage_->nodes.rend(); ++n) {
      const FlowNode& node = flow_->nodes[static_cast<size_t>(*n)];
      const Shape& shape = flow_->shape(node.output);
      Span& span = columns_[index(strip, node.output)];
      if (span.begin == span.end) continue;
      const int grid = node.op->grid();
      span = {span.begin / grid * grid, round_up(span.end, grid, shape.w)};
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        const Rect source = needed_of(node, shape, i, {0, span.begin, shape.h, span.end});
        if (!source.empty()) join(node.inputs[i].value, source.x0, source.x1);
      }
    }
  }
}

void StageCut::cut_rows() {
  // First rows: those that the whole targets need.
  begin_.resize(values_);
  for (const int value : stage_->values) begin_[static_cast<size_t>(value)] = flow_->shape(value).h;
  const auto reach = [&](int value, int row) {
    int& begin = begin_[static_cast<size_t>(value)];
    begin = std::min(begin, row);
  };
  for (const Target& target : stage_->targets) reach(target.input.value, target.input.dy);
  for (auto n = stage_->nodes.rbegin(); n != stage_->nodes.rend(); ++n) {
    const FlowNode& node = flow_->nodes[static_cast<size_t>(*n)];
    const Shape& shape = flow_->shape(node.output);
    int& begin = begin_[static_cast<size_t>(node.output)];
    begin = begin / node.op->grid() * node.op->grid();
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Rect source = needed_of(node, shape, i, {begin, 0, shape.h, shape.w});
      if (!source.empty()) reach(node.inputs[i].value, source.y0);
    }
  }

  // What each step must have made by its end: all that the targets need up to there.
  rows_.resize(static_cast<size_t>(steps_) * values_);
  for (int step = 0; step < steps_; ++step) {
    const auto end_of = [&](int value) -> int& { return rows_[index(step, value)].end; };
    for (const int value : stage_->values) end_of(value) = begin_[static_cast<size_t>(value)];
    for (const Target& target : stage_->targets) {
      int& end = end_of(target.input.value);
      end = std::max(end, target_row(target, step + 1) + target.input.dy);
    }
    for (auto n = stage_->nodes.rbegin(); n != stage_->nodes.rend(); ++n) {
      const FlowNode& node = flow_->nodes[static_cast<size_t>(*n)];
      const Shape& shape = flow_->shape(node.output);
      const int begin = begin_[static_cast<size_t>(node.output)];
      int& end = end_of(node.output);
      if (end > begin) end = round_up(end, node.op->grid(), shape.h);
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        if (end <= begin) break;
        const Rect source = needed_of(node, shape, i, {begin, 0, end, shape.w});
        int& source_end = end_of(node.inputs[i].value);
        if (!source.empty()) source_end = std::max(source_end, source.y1);
      }
    }
  }

  // And what a step and those after it still read: regions from the rows made before it on.
  for (int step = 0; step < steps_; ++step) {
    const auto made_before = [&](int value) {
      return step == 0 ? begin_[static_cast<size_t>(value)] : rows_[index(step - 1, value)].end;
    };
    const auto need = [&](int value, int row) {
      int& first = rows_[index(step, value)].begin;
      first = std::min(first, row);
    };
    for (const int value : stage_->values) rows_[index(step, value)].begin = made_before(value);
    for (const Target& target : stage_->targets)
      need(target.input.value, target_row(target, step) + target.input.dy);
    for (const int n : stage_->nodes) {
      const FlowNode& node = flow_->nodes[static_cast<size_t>(n)];
      const Shape& shape = flow_->shape(node.output);
      const Rect rest{made_before(node.output), 0, rows_[index(steps_ - 1, node.output)].end, shape.w};
      if (rest.empty()) continue;
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        const Rect source = needed_of(node, shape, i, rest);
        if (!source.empty()) need(node.inputs[i].value, source.y0);
      }
    }
  }
}

}  // namespace ink
