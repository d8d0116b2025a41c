#include "engine/regions/region_plan.h"

#include <algorithm>
#include <map>
#include <queue>

#include "engine/memory_plan.h"
#include "engine/regions/block_pool.h"
#include "kernels/base/aligned_buffer.h"

namespace ink {
namespace {

size_t pixel_bytes(const Shape& shape) {
  return static_cast<size_t>(shape.n) * static_cast<size_t>(shape.c) * sizeof(float);
}

// Plans that take no more are not looked at twice.
constexpr uint64_t kSmall = uint64_t{128} << 20;

// Memory of the arena or the spill file from one task to another, both counted over all stages.
struct Block {
  int first, last;
  size_t bytes;
  bool in_file;
  std::vector<size_t*> offsets;   // to be set,
  std::vector<size_t> positions;  // these far behind the block's own
  size_t room = 0;                // where its memory should also do for what comes later
};

// Goes through all stages as a session will, and notes what memory that takes.
class Layout {
 public:
  explicit Layout(RegionPlan& plan)
      : plan_(plan), flow_(*plan.flow), grid_(plan.grid()), runs_(flow_.nodes.size(), 0) {}

  bool run(uint64_t limit) {
    if (!cut(limit)) return false;
    plan_.chunks.resize(flow_.shapes.size());
    plan_.wholes.resize(flow_.shapes.size());
    plan_.reductions.resize(flow_.shapes.size());
    for (stage_ = 0; stage_ < flow_.stages; ++stage_) {
      make_blocks(plan_.stages[static_cast<size_t>(stage_)]);
      read_blocks(plan_.stages[static_cast<size_t>(stage_)]);
    }
    // Windows that do not fit where those of the stage before were cost more than room for them there: which
    // of the two takes less memory depends on all the rest.
    for (const bool roomy : {false, true, false}) {
      const size_t before = plan_.arena_bytes;
      place_blocks(roomy);
      const size_t after = plan_.arena_bytes;
      const bool small = plan_.memory_bytes() <= std::min<uint64_t>(limit, kSmall);
      if ((!roomy && small) || (roomy && after < before)) break;
    }
    return plan_.memory_bytes() <= limit;
  }

  void estimate() {
    cut(UINT64_MAX);
    for (const StagePlan& made : plan_.stages)
      plan_.arena_bytes = std::max(plan_.arena_bytes, made.strip_bytes * static_cast<size_t>(grid_.abreast));
  }

 private:
  // False where the windows of a stage and what it reads exceed the limit.
  bool cut(uint64_t limit) {
    plan_.steps = grid_.steps(flow_);
    std::vector<Stage> stages = cut_into_stages(flow_, plan_.choice.stored);
    plan_.stages.reserve(stages.size());
    for (Stage& stage : stages) {
      plan_.stages.emplace_back(flow_, std::move(stage), grid_);
      StagePlan& made = plan_.stages.back();
      choose_holdings(made);
      measure_windows(made);
      place_windows(made);
      if (least_bytes(made) > limit) return false;
      count_work(made);
    }
    for (const FlowNode& node : flow_.nodes) {
      const size_t bytes =
          node.op->scratch_bytes(node.input_shapes, flow_.shape(node.output), plan_.node_threads());
      plan_.scratch_bytes = std::max(plan_.scratch_bytes, align_up(bytes));
    }
    return true;
  }

  bool spilled(int value) const { return plan_.choice.spilled[static_cast<size_t>(value)]; }
  // Whether a stored value lies in one piece.
  bool whole(int value) const { return plan_.choice.whole && grid_.strips == 1 && !spilled(value); }
  int task(int strip, int step) const { return stage_ * plan_.tasks() + plan_.task(strip, step); }

  void choose_holdings(StagePlan& made) const {
    using Kind = Holding::Kind;
    std::vector<bool> by_pixel(flow_.shapes.size(), true);  // or cell by cell: all readers in this stage
    std::vector<bool> read(flow_.shapes.size(), false);     // by a node
    for (const int n : made.stage->nodes) {
      const FlowNode& node = flow_.nodes[static_cast<size_t>(n)];
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        const FlowInput& input = node.inputs[i];
        const Shape &seen = input.seen, &out = flow_.shape(node.output);
        const size_t value = static_cast<size_t>(input.value);
        read[value] = true;
        const Cells cells = node.op->cells(i);
        const bool repeated = cells.in == cells.out && (seen.h != out.h || seen.w != out.w);
        if (cells.in == 0 || repeated || !on_cells(cells, input)) by_pixel[value] = false;
      }
    }
    for (const Target& target : made.stage->targets) {
      const size_t value = static_cast<size_t>(target.input.value);
      if (target.kind == Target::Kind::output) by_pixel[value] = false;
      const Shape &seen = target.input.seen, &all = flow_.shape(target.input.value);
      // Chunks of another stage have its own borders.
      const std::vector<int>& sources = made.stage->sources;
      if (std::find(sources.begin(), sources.end(), target.input.value) != sources.end())
        by_pixel[value] = false;
      if (target.input.dy != 0 || target.input.dx != 0 || seen.h != all.h || seen.w != all.w)
        by_pixel[value] = false;
    }
    for (const int source : made.stage->sources) {
      const size_t value = static_cast<size_t>(source);
      const bool in_chunks = flow_.maker(source) != nullptr && by_pixel[value] && !spilled(source);
      made.holdings[value].kind = flow_.is_reduction(source)                        ? Kind::reduced
                                  : flow_.maker(source) != nullptr && whole(source) ? Kind::whole
                                  : in_chunks                                       ? Kind::chunks
                                                                                    : Kind::window;
    }
    for (const int n : made.stage->nodes) {
      const FlowNode& node = flow_.nodes[static_cast<size_t>(n)];
      const size_t value = static_cast<size_t>(node.output);
      // Written straight to its chunks where nobody but targets reads it here.
      const bool direct = kept_here(made, node.output) && by_pixel[value] && !read[value] &&
                          !spilled(node.output) && kStepRows % node.op->grid() == 0;
      made.holdings[value].kind = kept_here(made, node.output) && whole(node.output) ? Kind::whole
                                  : direct                                           ? Kind::chunks
                                                                                     : Kind::window;
    }
  }

  // Whether chunks begin and end where cells do.
  static bool on_cells(const Cells& cells, const FlowInput& input) {
    return kStepRows % cells.in == 0 && kStripColumns % cells.in == 0 && input.dy % cells.in == 0 &&
           input.dx % cells.in == 0;
  }

  static bool kept_here(const StagePlan& made, int value) {
    return std::any_of(made.stage->targets.begin(), made.stage->targets.end(), [&](const Target& target) {
      return target.kind == Target::Kind::store && target.value == value;
    });
  }

  // What a stage begins with, at least: its windows, and the stored values that it reads.
  uint64_t least_bytes(const StagePlan& made) const {
    uint64_t bytes = made.strip_bytes * static_cast<size_t>(grid_.abreast);
    for (const int source : made.stage->sources) {
      if (plan_.choice.stored[static_cast<size_t>(source)] && !spilled(source)) bytes += flow_.bytes(source);
    }
    return bytes;
  }

  void count_work(const StagePlan& made) {
    // What the stage would compute in one strip; the rest is halo.
    const StageCut whole(flow_, *made.stage, {});
    for (const int n : made.stage->nodes) {
      const FlowNode& node = flow_.nodes[static_cast<size_t>(n)];
      const Shape& shape = flow_.shape(node.output);
      const double pixel_flops = node.flops / (static_cast<double>(shape.h) * shape.w);
      const double once = static_cast<double>(whole.part(0, node.output).area()) * pixel_flops;
      (runs_[static_cast<size_t>(n)]++ == 0 ? plan_.flops : plan_.recomputed_flops) += once;
      plan_.halo_flops -= once;
      for (int strip = 0; strip < grid_.strips; ++strip)
        plan_.halo_flops += static_cast<double>(made.cut.part(strip, node.output).area()) * pixel_flops;
    }
    double strips = 0, longest = 0;
    for (int strip = 0; strip < grid_.strips; ++strip) {
      const double work = made.cut.strip_work(strip);
      strips += work;
      longest = std::max(longest, work);
    }
    plan_.waited_flops += std::max(strips, longest * plan_.workers());
    for (const Target& target : made.stage->targets) {
      if (target.kind == Target::Kind::reduction) plan_.flops += flow_.maker(target.value)->flops;
    }
  }

  void measure_windows(StagePlan& made) const {
    for (const int value : made.stage->values) {
      Holding& holding = made.holdings[static_cast<size_t>(value)];
      if (holding.kind != Holding::Kind::window) continue;
      for (int strip = 0; strip < grid_.strips; ++strip)
        holding.columns = std::max(holding.columns, made.cut.part(strip, value).w());
      int64_t kept_rows = 0;
      for (int step = 0; step < plan_.steps; ++step) {
        const Rect fresh = made.cut.made(0, step, value);
        holding.rows = std::max(holding.rows, fresh.y1 - made.cut.first_needed(step, value));
        if (step + 1 == plan_.steps) continue;
        const int kept = fresh.y1 - made.cut.first_needed(step + 1, value);
        holding.lasting |= kept > 0;
        kept_rows += std::max(kept, 0);
      }
      for (int strip = 0; strip < grid_.strips; ++strip)
        plan_.moved_bytes += static_cast<double>(kept_rows) * made.cut.part(strip, value).w() *
                             static_cast<double>(pixel_bytes(flow_.shape(value)));
    }
  }

  // A window that carries nothing from step to step shares memory with others of its kind.
  void place_windows(StagePlan& made) const {
    const int nodes = static_cast<int>(made.stage->nodes.size());
    const auto node_at = [&](int i) -> const FlowNode& {
      return flow_.nodes[static_cast<size_t>(made.stage->nodes[static_cast<size_t>(i)])];
    };
    std::vector<int> last(flow_.shapes.size(), -1);
    for (int i = 0; i < nodes; ++i) {
      for (const FlowInput& input : node_at(i).inputs) last[static_cast<size_t>(input.value)] = i;
    }
    // Targets are served behind the last node.
    for (const Target& target : made.stage->targets) last[static_cast<size_t>(target.input.value)] = nodes;

    std::vector<Lifetime> lifetimes;
    std::vector<Holding*> windows;
    const auto add = [&](int value, int first) {
      Holding& holding = made.holdings[static_cast<size_t>(value)];
      if (holding.kind != Holding::Kind::window || holding.rows == 0) return;
      const size_t bytes = static_cast<size_t>(holding.rows) * static_cast<size_t>(holding.columns) *
                           pixel_bytes(flow_.shape(value));
      if (holding.lasting) {
        lifetimes.push_back({bytes, 0, nodes});
      } else {
        lifetimes.push_back({bytes, first, std::max(first, last[static_cast<size_t>(value)])});
      }
      windows.push_back(&holding);
    };
    for (const int source : made.stage->sources) add(source, 0);
    for (int i = 0; i < nodes; ++i) add(node_at(i).output, i);
    const MemoryPlan memory = plan_memory(lifetimes);
    for (size_t i = 0; i < windows.size(); ++i) windows[i]->offset = memory.offsets[i];
    made.strip_bytes = memory.arena_bytes;
  }

  void make_blocks(StagePlan& made) {
    const int first = task(0, 0), last = first + plan_.tasks() - 1;
    const int forever = plan_.tasks() * flow_.stages;
    const auto window_bytes = [&](const StagePlan& stage) {
      return stage.strip_bytes * static_cast<size_t>(grid_.abreast);
    };
    const size_t bytes = window_bytes(made);
    const size_t next = stage_ + 1 < flow_.stages ? window_bytes(*(&made + 1)) : 0;
    blocks_.push_back({first, last, bytes, false, {&made.offset}, {0}, next < bytes + bytes / 2 ? next : 0});
    for (size_t i = 0; i < made.stage->targets.size(); ++i) {
      const Target& target = made.stage->targets[i];
      if (target.kind == Target::Kind::reduction) {
        ReductionMemory& memory = plan_.reductions[static_cast<size_t>(target.value)];
        memory.state_bytes = flow_.maker(target.value)->op->reduction()->state_bytes(target.input.seen);
        blocks_.push_back({first, last, memory.state_bytes, false, {&memory.state}, {0}});
        blocks_.push_back({first, forever, flow_.bytes(target.value), false, {&memory.output}, {0}});
      } else if (target.kind == Target::Kind::store && whole(target.value)) {
        size_t& offset = plan_.wholes[static_cast<size_t>(target.value)];
        block_of_[target.value] = {blocks_.size()};
        blocks_.push_back({first, last, flow_.bytes(target.value), false, {&offset}, {0}});
        plan_.stored_bytes += static_cast<double>(flow_.bytes(target.value));
      } else if (target.kind == Target::Kind::store) {
        make_chunks(made, i);
      }
    }
  }

  // Chunks of strips that go abreast share a block a step: fewer blocks are placed faster.
  void make_chunks(const StagePlan& made, size_t target) {
    const int value = made.stage->targets[target].value;
    const size_t pixel = pixel_bytes(flow_.shape(value));
    std::vector<Chunk>& chunks = plan_.chunks[static_cast<size_t>(value)];
    chunks.resize(static_cast<size_t>(grid_.strips * plan_.steps));
    block_of_[value].resize(chunks.size());
    for (int number = 0; number < plan_.tasks(); ++number) {
      const int strip = plan_.strip_of(number), step = plan_.step_of(number);
      if (number % grid_.abreast == 0)
        blocks_.push_back({task(strip, step), task(strip, step), 0, spilled(value), {}, {}});
      if (strip < grid_.strips) {
        const size_t index = static_cast<size_t>(strip * plan_.steps + step);
        Chunk& chunk = chunks[index];
        chunk.rect = made.cut.target(strip, step, target);
        Block& block = blocks_.back();
        block.offsets.push_back(&chunk.offset);
        block.positions.push_back(block.bytes);
        const size_t bytes = chunk.rect.empty() ? 0 : static_cast<size_t>(chunk.rect.area()) * pixel;
        block.bytes += align_up(bytes);
        block_of_[value][index] = blocks_.size() - 1;
        (spilled(value) ? plan_.spilled_bytes : plan_.stored_bytes) += static_cast<double>(bytes);
      }
    }
  }

  // Blocks last until the last task that reads one of their chunks.
  void read_blocks(const StagePlan& made) {
    for (const int source : made.stage->sources) {
      if (made.holdings[static_cast<size_t>(source)].kind == Holding::Kind::whole)
        blocks_[block_of_[source].front()].last = task(0, plan_.steps - 1);
      const std::vector<Chunk>& chunks = plan_.chunks[static_cast<size_t>(source)];
      if (chunks.empty()) continue;
      const bool in_chunks = made.holdings[static_cast<size_t>(source)].kind == Holding::Kind::chunks;
      for (int from = 0; from < grid_.strips; ++from) {
        const Chunk* column = &chunks[static_cast<size_t>(from * plan_.steps)];
        size_t* const block_of = &block_of_[source][static_cast<size_t>(from * plan_.steps)];
        for (int strip = 0; strip < grid_.strips; ++strip) {
          const Rect part = made.cut.part(strip, source);
          if (part.x1 <= column->rect.x0 || part.x0 >= column->rect.x1) continue;
          int begin = 0;  // chunks above it are not read again: rows only rise
          for (int step = 0; step < plan_.steps; ++step) {
            Rect read = made.cut.made(strip, step, source);
            // A window holds the rows before; without one they are read again where they are.
            if (in_chunks) read.y0 = made.cut.first_needed(step, source);
            if (read.empty()) continue;
            while (begin < plan_.steps && column[begin].rect.y1 <= made.cut.first_needed(step, source))
              ++begin;
            for (int i = begin; i < plan_.steps && column[i].rect.y0 < read.y1; ++i) {
              if (intersection(column[i].rect, read).empty()) continue;
              Block& block = blocks_[block_of[i]];
              block.last = std::max(block.last, task(strip, step));
            }
          }
        }
      }
    }
  }

  // Gives every block its place, in the order of time.
  void place_blocks(bool roomy) {
    std::vector<size_t> order(blocks_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return blocks_[a].first < blocks_[b].first; });
    // A task may begin while others, up to lead() behind it, still run; none of another stage does.
    const auto free_from = [&](const Block& block) {
      const int stage_end = (block.last / plan_.tasks() + 1) * plan_.tasks();
      return std::min(stage_end, block.last + plan_.lead());
    };
    struct Taken {
      int until;
      size_t offset;
      bool in_file;
    };
    const auto later = [](const Taken& a, const Taken& b) { return a.until > b.until; };
    std::priority_queue<Taken, std::vector<Taken>, decltype(later)> taken(later);
    BlockPool arena, file;
    for (const size_t i : order) {
      Block& block = blocks_[i];
      for (; !taken.empty() && taken.top().until <= block.first; taken.pop())
        (taken.top().in_file ? file : arena).give_back(taken.top().offset);
      const size_t offset =
          (block.in_file ? file : arena).take(roomy ? std::max(block.bytes, block.room) : block.bytes);
      for (size_t k = 0; k < block.offsets.size(); ++k) *block.offsets[k] = offset + block.positions[k];
      taken.push({free_from(block), offset, block.in_file});
    }
    plan_.arena_bytes = arena.high_water();
    plan_.spill_bytes = file.high_water();
  }

  RegionPlan& plan_;
  const Flow& flow_;
  const RegionGrid& grid_;
  int stage_ = 0;          // whose blocks are being made
  std::vector<int> runs_;  // by node of the flow: in how many stages
  std::vector<Block> blocks_;
  std::map<int, std::vector<size_t>> block_of_;  // by stored value: of each chunk, or of all of it
};

}  // namespace

RegionPlan estimate_regions(std::shared_ptr<const Flow> flow, RegionChoice choice, int threads) {
  RegionPlan plan;
  plan.flow = std::move(flow);
  plan.choice = std::move(choice);
  plan.threads = threads;
  Layout(plan).estimate();
  return plan;
}

std::optional<RegionPlan> lay_out_regions(std::shared_ptr<const Flow> flow, RegionChoice choice, int threads,
                                          uint64_t limit) {
  std::optional<RegionPlan> plan(std::in_place);
  plan->flow = std::move(flow);
  plan->choice = std::move(choice);
  plan->threads = threads;
  if (!Layout(*plan).run(limit)) return std::nullopt;
  return plan;
}

}  // namespace ink
