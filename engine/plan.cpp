#include "engine/plan.h"

#include <algorithm>
#include <cstdio>

#include "kernels/base/divide.h"
#include "kernels/base/pixel_step.h"

namespace ink {
namespace {

// Follows views to the value whose memory they read.
int root_of(const std::vector<Placement>& placements, int value) {
  while (placements[static_cast<size_t>(value)].kind == Placement::Kind::view) {
    value = placements[static_cast<size_t>(value)].index;
  }
  return value;
}

class Planner {
 public:
  Planner(const Graph& graph, std::span<const std::unique_ptr<PreparedOp>> ops, Plan& plan)
      : graph_(graph),
        ops_(ops),
        plan_(plan),
        block_of_(plan.shapes.size(), -1),
        last_use_(plan.shapes.size(), -1) {}

  void run() {
    place_fixed();
    find_last_uses();
    cut_stretches();
    int step = 0;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (ops_[i] != nullptr) place_output(static_cast<int>(i), step++);
    }
    place_sums();
    const MemoryPlan memory = plan_memory(blocks_);
    for (size_t value = 0; value < block_of_.size(); ++value) {
      if (block_of_[value] >= 0)
        plan_.placements[value].offset = memory.offsets[static_cast<size_t>(block_of_[value])];
    }
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      if (sums_of_[i] >= 0) plan_.steps[i].sums_offset = memory.offsets[static_cast<size_t>(sums_of_[i])];
    }
    plan_.arena_bytes = memory.arena_bytes;
  }

 private:
  Placement& placement(int value) { return plan_.placements[static_cast<size_t>(value)]; }

  void place_fixed() {
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      plan_.placements[i] = {Placement::Kind::input, static_cast<int>(i), -1, 0};
    }
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      placement(graph_.outputs[i]) = {Placement::Kind::output, static_cast<int>(i), -1, 0};
    }
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (node.op->is_view())
        placement(node.output) = {Placement::Kind::view, node.inputs[0], static_cast<int>(i), 0};
    }
  }

  void find_last_uses() {
    int step = 0;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (ops_[i] == nullptr) continue;
      for (const int input : graph_.nodes[i].inputs) {
        last_use_[static_cast<size_t>(root_of(plan_.placements, input))] = step;
      }
      ++step;
    }
  }

  // Maps that are larger than the caches hold pass through memory between any two steps. Where the weights of
  // a stretch are small beside them, it is better to read those again for every few images.
  void cut_stretches() {
    constexpr double kCached = 8 << 20;
    plan_.images = plan_.shapes.front().n;
    std::vector<int> wanted;  // images at a time, by step
    // Several threads would wait for each other more often than that spares.
    bool cuts = plan_.images > 1 && plan_.threads == 1;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (ops_[i] == nullptr) continue;
      cuts = cuts && can_cut(static_cast<int>(i));
      const double weights = static_cast<double>(ops_[i]->packed_bytes());
      const Node& node = graph_.nodes[i];
      const double maps =
          cuts ? ops_[i]->bytes(input_shapes(node), plan_.shapes[static_cast<size_t>(node.output)]) - weights
               : 0;
      wanted.push_back(!cuts || weights > kCached / 2 || maps <= kCached
                           ? plan_.images
                           : std::max(1, static_cast<int>(plan_.images * kCached / maps)));
    }
    // From step to step as many images or more: a map that few of fit is not worth collecting.
    for (size_t s = wanted.size(); s-- > 1;) wanted[s - 1] = std::min(wanted[s - 1], wanted[s]);
    for (int s = 0; s < static_cast<int>(wanted.size()); ++s) {
      const int pieces = divide_up(plan_.images, wanted[static_cast<size_t>(s)]);
      if (plan_.stretches.empty() || plan_.stretches.back().pieces != pieces)
        plan_.stretches.push_back({s, s, pieces});
      plan_.stretches.back().behind = s + 1;
      stretch_of_.push_back(static_cast<int>(plan_.stretches.size()) - 1);
    }
  }

  void place_output(int index, int step) {
    const Node& node = graph_.nodes[static_cast<size_t>(index)];
    const PreparedOp& op = *ops_[static_cast<size_t>(index)];
    const std::vector<Shape> inputs = input_shapes(node);
    const Shape& shape = plan_.shapes[static_cast<size_t>(node.output)];
    plan_.steps.push_back({index, scratch_bytes(op, inputs, shape, step), op.flops(inputs, shape)});
    plan_.scratch_bytes = std::max(plan_.scratch_bytes, plan_.steps.back().scratch_bytes);
    Placement& place = placement(node.output);
    if (place.kind == Placement::Kind::output) return;
    place.kind = Placement::Kind::arena;

    // What a later stretch reads is there as a whole while the pieces of both pass.
    const int last = std::max(last_use_[static_cast<size_t>(node.output)], step);
    const bool stays = stretch(step).behind > last;
    place.images = stays ? images_of(shape, step) : shape.n;
    const Lifetime life{arena_bytes({place.images, shape.h, shape.w, shape.c}),
                        stays || stretch(step).pieces == 1 ? step : stretch(step).first,
                        stays || stretch(last).pieces == 1 ? last : stretch(last).behind - 1};
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const int input = node.inputs[i];
      const int block = block_of_[static_cast<size_t>(input)];
      // Only a whole block that dies here can be taken over: not a view, and the same size.
      if (block < 0 || last_use_[static_cast<size_t>(input)] != step || !op.may_overwrite(i)) continue;
      if (!(inputs[i] == shape) || placement(input).images != place.images) continue;
      if (std::count(node.inputs.begin(), node.inputs.end(), input) > 1) continue;
      if (read_through_view(node, input)) continue;
      block_of_[static_cast<size_t>(node.output)] = block;
      blocks_[static_cast<size_t>(block)].last = life.last;
      return;
    }
    block_of_[static_cast<size_t>(node.output)] = static_cast<int>(blocks_.size());
    blocks_.push_back(life);
  }

  // A reduction right behind the node that makes its map gets the sums from there.
  void place_sums() {
    sums_of_.assign(plan_.steps.size(), -1);
    std::vector<int> maker(plan_.shapes.size(), -1);  // step, by value id
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const Node& node = graph_.nodes[static_cast<size_t>(plan_.steps[i].node)];
      maker[static_cast<size_t>(node.output)] = static_cast<int>(i);
      const Reduction* reduction = ops_[static_cast<size_t>(plan_.steps[i].node)]->reduction();
      const int made = reduction == nullptr ? -1 : maker[static_cast<size_t>(node.inputs[0])];
      if (made < 0) continue;
      const auto giver = static_cast<size_t>(made);
      if (!ops_[static_cast<size_t>(plan_.steps[giver].node)]->gives_sums()) continue;
      if (stretch_of_[giver] != stretch_of_[i]) continue;
      if (sums_of_[giver] < 0) {
        sums_of_[giver] = static_cast<int>(blocks_.size());
        Shape map = plan_.shapes[static_cast<size_t>(node.inputs[0])];
        map.n = images_of(map, made);
        blocks_.push_back({reduction->state_bytes(map), made, static_cast<int>(i)});
      }
      sums_of_[i] = sums_of_[giver];
      blocks_[static_cast<size_t>(sums_of_[i])].last = static_cast<int>(i);
    }
  }

  std::vector<Shape> input_shapes(const Node& node) const {
    std::vector<Shape> inputs;
    for (const int input : node.inputs) inputs.push_back(plan_.shapes[static_cast<size_t>(input)]);
    return inputs;
  }

  const Stretch& stretch(int step) const {
    return plan_.stretches[static_cast<size_t>(stretch_of_[static_cast<size_t>(step)])];
  }
  // Of the largest piece that a step makes of a map.
  int images_of(const Shape& map, int step) const {
    return stretch(step).pieces == 1 ? map.n : divide_up(map.n, stretch(step).pieces);
  }

  // Whether a node can run for some images of the batch.
  bool can_cut(int index) const {
    const Node& node = graph_.nodes[static_cast<size_t>(index)];
    const auto whole = [&](int value) { return plan_.shapes[static_cast<size_t>(value)].n == plan_.images; };
    return ops_[static_cast<size_t>(index)]->image_by_image() && whole(node.output) &&
           std::all_of(node.inputs.begin(), node.inputs.end(), whole);
  }

  // For pieces of either size.
  size_t scratch_bytes(const PreparedOp& op, std::vector<Shape> inputs, Shape output, int step) const {
    const int pieces = stretch(step).pieces;
    if (pieces == 1) return op.scratch_bytes(inputs, output, plan_.threads);
    size_t most = 0;
    for (const int images : {plan_.images / pieces, divide_up(plan_.images, pieces)}) {
      for (Shape& input : inputs) input.n = images;
      output.n = images;
      most = std::max(most, op.scratch_bytes(inputs, output, plan_.threads));
    }
    return most;
  }

  // Whether another input of the node looks at the same memory.
  bool read_through_view(const Node& node, int value) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(), [&](int input) {
      return input != value && root_of(plan_.placements, input) == value;
    });
  }

  const Graph& graph_;
  std::span<const std::unique_ptr<PreparedOp>> ops_;
  Plan& plan_;
  std::vector<int> block_of_;    // by value id, -1 where the value has no block of its own
  std::vector<int> last_use_;    // step, by value id, views counted as uses of what they look at
  std::vector<int> sums_of_;     // block of RunContext::sums by step, or -1
  std::vector<int> stretch_of_;  // by step
  std::vector<Lifetime> blocks_;
};

}  // namespace

TensorView arena_view(void* data, const Shape& shape) {
  const int64_t step = pixel_step(shape.h, shape.w, shape.c), row = shape.w * step;
  return {data, DType::f32, shape, row * shape.h, row, step};
}

size_t arena_bytes(const Shape& shape) {
  return static_cast<size_t>(shape.elements() / std::max(shape.c, 1) *
                             pixel_step(shape.h, shape.w, shape.c)) *
         sizeof(float);
}

double Plan::flops() const {
  double sum = 0;
  for (const Step& step : steps) sum += step.flops;
  return sum;
}

Result<Plan> make_plan(const Graph& graph, std::span<const std::unique_ptr<PreparedOp>> ops,
                       std::span<const Shape> inputs, int threads) {
  INK_CHECK(threads > 0);
  Plan plan;
  plan.threads = threads;
  INK_TRY(plan.shapes, graph.infer(inputs));
  plan.placements.resize(plan.shapes.size());
  Planner(graph, ops, plan).run();
  return plan;
}

std::string plan_text(const Plan& plan, const Graph& graph,
                      std::span<const std::unique_ptr<PreparedOp>> ops) {
  std::string text;
  char line[256];
  std::snprintf(line, sizeof line, "%3s  %-25s %-22s %-16s %9s  %-12s%s\n", "#", "node", "kernel", "output",
                "MFLOP", "arena offset", "note");
  text += line;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    const Node& node = graph.nodes[static_cast<size_t>(step.node)];
    const PreparedOp& op = *ops[static_cast<size_t>(step.node)];
    const Placement& place = plan.placements[static_cast<size_t>(node.output)];
    const std::string where = place.kind == Placement::Kind::output ? "output" : std::to_string(place.offset);
    std::snprintf(line, sizeof line, "%3zu  %-25s %-22s %-16s %9.1f  %-12s%s\n", i, node.name.c_str(),
                  op.kernel(), plan.shapes[static_cast<size_t>(node.output)].text().c_str(), step.flops / 1e6,
                  where.c_str(), op.note().c_str());
    text += line;
  }
  std::snprintf(line, sizeof line,
                "work %.2f GFLOP, arena %.1f MiB, scratch %.1f MiB, %d threads, one region\n",
                plan.flops() / 1e9, static_cast<double>(plan.arena_bytes) / 1048576.0,
                static_cast<double>(plan.scratch_bytes) / 1048576.0, plan.threads);
  return text + line;
}

}  // namespace ink
