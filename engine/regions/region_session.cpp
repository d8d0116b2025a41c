#include "engine/regions/region_session.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <exception>
#include <mutex>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/parallel.h"

namespace ink {
namespace {

// Memory that holds `rect` of a map of floats, packed.
TensorView part_view(void* data, const Shape& shape, const Rect& rect) {
  const int64_t row = static_cast<int64_t>(rect.w()) * shape.c;
  return {data, DType::f32, shape, row * rect.h(), row, shape.c, rect.y0, rect.x0};
}

void copy_region(const TensorView& src, const TensorView& dst, const Rect& region, int threads) {
  const View<const float> from = src.floats();
  const View<float> to = dst.floats();
  const size_t row_bytes = static_cast<size_t>(region.w()) * static_cast<size_t>(from.c) * sizeof(float);
  parallel_for(static_cast<int64_t>(from.n) * region.h(), threads, [&](int64_t task, int) {
    const int image = static_cast<int>(task / region.h()),
              y = region.y0 + static_cast<int>(task % region.h());
    if (from.gapless() && to.gapless()) {
      std::memcpy(to.at(image, y, region.x0), from.at(image, y, region.x0), row_bytes);
      return;
    }
    for (int x = region.x0; x < region.x1; ++x) std::copy_n(from.at(image, y, x), from.c, to.at(image, y, x));
  });
}

class WholeMaps : public RegionEnds {
 public:
  WholeMaps(std::span<const TensorView> inputs, std::span<const TensorView> outputs)
      : inputs_(inputs), outputs_(outputs) {}
  Status read(int input, const TensorView& part, Rect region, int threads) override {
    copy_region(inputs_[static_cast<size_t>(input)], part, region, threads);
    return {};
  }
  Status write(int output, const TensorView& part, Rect region, int threads) override {
    copy_region(part, outputs_[static_cast<size_t>(output)], region, threads);
    return {};
  }

 private:
  std::span<const TensorView> inputs_, outputs_;
};

}  // namespace

// What belongs to one strip while a stage passes through it.
struct RegionSession::Strip {
  std::vector<int> base_rows;  // by value: the row that a window begins with
};

RegionSession::RegionSession(std::shared_ptr<const RegionPlan> plan, SpillFile spill)
    : plan_(std::move(plan)),
      spill_(std::move(spill)),
      arena_(plan_->memory_bytes()),
      order_(plan_->tasks(), plan_->grid().abreast, plan_->lead()) {
  INK_CHECK(spill_.bytes() >= plan_->spill_bytes);
  for (const FlowNode& node : plan_->flow->nodes) most_inputs_ = std::max(most_inputs_, node.inputs.size());
  node_inputs_.resize(most_inputs_ * static_cast<size_t>(plan_->workers()));
  strips_.assign(static_cast<size_t>(plan_->grid().abreast), {std::vector<int>(plan_->flow->shapes.size())});
}

RegionSession::~RegionSession() = default;

// One run: stage by stage, task by task.
struct RegionSession::Run {
  RegionSession& session;
  RegionEnds& ends;
  const Progress& progress;
  const RegionPlan& plan = session.plan();
  const Flow& flow = *plan.flow;
  int stage = 0;
  std::atomic<bool> stopped = false;
  std::mutex mutex = {};
  Status status = {};  // the first that is not ok
  std::exception_ptr thrown = nullptr;
  double flops_done = 0;

  struct Task;

  const StagePlan& made() const { return plan.stages[static_cast<size_t>(stage)]; }
  unsigned char* arena() const { return session.arena_.data(); }

  Status all() {
    for (stage = 0; stage < static_cast<int>(plan.stages.size()); ++stage) {
      begin_reductions();
      session.order_.start_over();
      // Tasks that have the threads to themselves come one by one from this one.
      parallel_for(plan.tasks(), plan.workers(),
                   [&](int64_t task, int worker) { run_task(static_cast<int>(task), worker); });
      if (thrown) std::rethrow_exception(thrown);
      INK_TRY_STATUS(status);
      INK_TRY_STATUS(finish_reductions());
    }
    report(plan.all_flops());
    return status;
  }

  void run_task(int number, int worker);

  void stop(Status with) {
    const std::lock_guard lock(mutex);
    if (status.ok()) status = std::move(with);
    stopped = true;
  }

  // Work of a node that is done, and at the very end all of it.
  void report(double flops) {
    if (!progress) return;
    const std::lock_guard lock(mutex);
    flops_done += flops;
    if (status.ok() && !progress(std::min(flops_done / plan.all_flops(), 1.0))) {
      status = Error{ErrorKind::interrupted, "interrupted"};
      stopped = true;
    }
  }

  void begin_reductions() const {
    for (const Target& target : made().stage->targets) {
      if (target.kind != Target::Kind::reduction) continue;
      const ReductionMemory& memory = plan.reductions[static_cast<size_t>(target.value)];
      std::memset(arena() + memory.state, 0, memory.state_bytes);
    }
  }

  Status finish_reductions() const {
    for (const Target& target : made().stage->targets) {
      if (target.kind != Target::Kind::reduction) continue;
      const ReductionMemory& memory = plan.reductions[static_cast<size_t>(target.value)];
      const TensorView output = reduced(target.value);
      const Reduction& reduction = *flow.maker(target.value)->op->reduction();
      reduction.finish(target.input.seen, arena() + memory.state, output);
      INK_TRY_STATUS(write(target.value, output, {0, 0, output.shape.h, output.shape.w}, plan.threads));
    }
    return {};
  }

  TensorView reduced(int value) const {
    return TensorView::dense(arena() + plan.reductions[static_cast<size_t>(value)].output, DType::f32,
                             flow.shape(value));
  }

  Status write(int value, const TensorView& part, const Rect& region, int threads) const {
    for (size_t i = 0; i < flow.outputs.size(); ++i) {
      if (flow.outputs[i] == value) return ends.write(static_cast<int>(i), part, region, threads);
    }
    return {};
  }
};

// One step of one strip.
struct RegionSession::Run::Task {
  Run& run;
  Strip& strip;
  int strip_index, step, worker;
  const RegionPlan& plan = run.plan;
  const Flow& flow = run.flow;
  const StagePlan& made = run.made();
  const int threads = plan.node_threads();

  const Holding& holding(int value) const { return made.holdings[static_cast<size_t>(value)]; }
  std::span<const Chunk> chunks(int value) const { return plan.chunks[static_cast<size_t>(value)]; }
  Rect fresh(int value) const { return made.cut.made(strip_index, step, value); }
  int& base_row(int value) const { return strip.base_rows[static_cast<size_t>(value)]; }

  Status all() const {
    for (const int source : made.stage->sources) {
      if (holding(source).kind != Holding::Kind::window || fresh(source).empty()) continue;
      make_room(source);
      INK_TRY_STATUS(fill(source, fresh(source)));
    }
    for (const int n : made.stage->nodes) {
      const FlowNode& node = flow.nodes[static_cast<size_t>(n)];
      if (fresh(node.output).empty()) continue;
      if (holding(node.output).kind == Holding::Kind::window) make_room(node.output);
      measured(n, [&] { run_node(node, fresh(node.output), 0); });
      const Shape& shape = flow.shape(node.output);
      run.report(node.flops * static_cast<double>(fresh(node.output).area()) /
                 (static_cast<double>(shape.h) * shape.w));
      if (run.stopped) return {};
    }
    for (size_t i = 0; i < made.stage->targets.size(); ++i) INK_TRY_STATUS(serve(made.stage->targets[i], i));
    return {};
  }

  template <class Work>
  void measured(int node, Work work) const {
    if (run.session.node_seconds_.empty()) return work();
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    run.session.node_seconds_[run.session.time_index(worker, run.stage, node)] += seconds.count();
  }

  TensorView memory(int value) const {
    switch (holding(value).kind) {
      case Holding::Kind::reduced: return run.reduced(value);
      case Holding::Kind::whole:
        return TensorView::dense(run.arena() + plan.wholes[static_cast<size_t>(value)], DType::f32,
                                 flow.shape(value));
      default: return window(value);
    }
  }

  TensorView window(int value) const {
    const Holding& held = holding(value);
    const Rect part = made.cut.part(strip_index, value);
    const int y0 = base_row(value);
    const size_t of_strip = static_cast<size_t>(strip_index % plan.grid().abreast) * made.strip_bytes;
    return part_view(run.arena() + made.offset + of_strip + held.offset, flow.shape(value),
                     {y0, part.x0, y0 + held.rows, part.x1});
  }

  TensorView chunk_view(int value, const Chunk& chunk) const {
    return part_view(run.arena() + chunk.offset, flow.shape(value), chunk.rect);
  }

  // Moves the rows that are still needed to the front of a window where the new ones do not fit behind them.
  void make_room(int value) const {
    const Rect rows = fresh(value);
    if (rows.y1 - base_row(value) <= holding(value).rows) return;
    const int first = made.cut.first_needed(step, value);
    const TensorView view = window(value);
    const View<float> from = view.floats();
    const size_t row_bytes = static_cast<size_t>(from.row_stride) * sizeof(float);
    const int kept = rows.y0 - first, shift = first - base_row(value);
    for (int image = 0; image < from.n; ++image) {
      float* to = from.at(image, base_row(value), from.x0);
      const float* src = from.at(image, first, from.x0);
      if (kept <= shift) {
        parallel_for(kept, threads, [&](int64_t row, int) {
          std::memcpy(to + row * from.row_stride, src + row * from.row_stride, row_bytes);
        });
      } else {
        std::memmove(to, src, static_cast<size_t>(kept) * row_bytes);
      }
    }
    base_row(value) = first;
  }

  // Rows of a graph input or of a stored value that come into its window.
  Status fill(int source, const Rect& region) const {
    const TensorView view = window(source);
    if (flow.maker(source) == nullptr) return run.ends.read(source, view, region, threads);
    for (const Chunk& chunk : chunks(source)) {
      const Rect shared = intersection(chunk.rect, region);
      if (shared.empty()) continue;
      if (spilled(source)) {
        INK_TRY_STATUS(each_row(source, chunk, view, shared, [&](size_t offset, float* row, size_t bytes) {
          return run.session.spill_.read(offset, row, bytes);
        }));
      } else {
        copy_region(chunk_view(source, chunk), view, shared, threads);
      }
    }
    return {};
  }

  Status store(int value, const Rect& region) const {
    const Chunk& chunk = new_chunk(value, region);
    if (spilled(value)) {
      return each_row(value, chunk, window(value), region, [&](size_t offset, float* row, size_t bytes) {
        return run.session.spill_.write(offset, row, bytes);
      });
    }
    copy_region(window(value), chunk_view(value, chunk), region, threads);
    return {};
  }

  bool spilled(int value) const { return plan.choice.spilled[static_cast<size_t>(value)]; }

  // Pairs the rows of `region` in a chunk of the spill file, by their offsets, with those in a window.
  template <class Move>
  Status each_row(int value, const Chunk& chunk, const TensorView& held, const Rect& region,
                  Move move) const {
    const Shape& shape = flow.shape(value);
    const size_t pixel = static_cast<size_t>(shape.c) * sizeof(float);
    const View<float> view = held.floats();
    for (int image = 0; image < shape.n; ++image) {
      for (int y = region.y0; y < region.y1; ++y) {
        const size_t row = static_cast<size_t>(image * chunk.rect.h() + y - chunk.rect.y0);
        const size_t first =
            row * static_cast<size_t>(chunk.rect.w()) + static_cast<size_t>(region.x0 - chunk.rect.x0);
        INK_TRY_STATUS(move(chunk.offset + first * pixel, view.at(image, y, region.x0),
                            static_cast<size_t>(region.w()) * pixel));
      }
    }
    return {};
  }

  // The memory of an input's or output's value, of which chunk views hold only a part.
  TensorView seen(const FlowInput& input, TensorView view) const {
    view.shape = input.seen;
    view.y0 -= input.dy;
    view.x0 -= input.dx;
    return view;
  }

  // Runs a node on `region`, once for each combination of chunks that its inputs from `next` on are read in.
  void run_node(const FlowNode& node, const Rect& region, size_t next) const {
    TensorView* inputs =
        run.session.node_inputs_.data() + static_cast<size_t>(worker) * run.session.most_inputs_;
    for (; next < node.inputs.size(); ++next) {
      const FlowInput& input = node.inputs[next];
      if (holding(input.value).kind == Holding::Kind::chunks) break;
      inputs[next] = seen(input, memory(input.value));
    }
    if (next == node.inputs.size()) {
      unsigned char* scratch =
          run.arena() + plan.arena_bytes + static_cast<size_t>(worker) * plan.scratch_bytes;
      node.op->run(
          {{inputs, next}, output_of(node, region), region, reinterpret_cast<float*>(scratch), threads});
      return;
    }
    const FlowInput& input = node.inputs[next];
    for (const Chunk& chunk : chunks(input.value)) {
      const Rect held = input.in_seen(chunk.rect);
      const Cells cells = node.op->cells(next);
      const auto behind = [&](int end) { return end / cells.in * cells.out; };
      const Rect shared =
          intersection({behind(held.y0), behind(held.x0), behind(held.y1), behind(held.x1)}, region);
      if (shared.empty()) continue;
      inputs[next] = seen(input, chunk_view(input.value, chunk));
      run_node(node, shared, next + 1);
    }
  }

  TensorView output_of(const FlowNode& node, const Rect& region) const {
    if (holding(node.output).kind != Holding::Kind::chunks) return memory(node.output);
    return chunk_view(node.output, new_chunk(node.output, region));
  }

  // The chunk that this task makes, of which `region` is a part.
  const Chunk& new_chunk(int value, const Rect& region) const {
    const Chunk& chunk = plan.chunk(value, strip_index, step);
    INK_CHECK(intersection(chunk.rect, region) == region);
    return chunk;
  }

  Status serve(const Target& target, size_t index) const {
    const Rect region = made.cut.target(strip_index, step, index);
    if (region.empty()) return {};
    const int value = target.input.value;
    const bool direct = holding(value).kind == Holding::Kind::chunks;
    switch (target.kind) {
      case Target::Kind::output: return run.write(value, memory(value), region, threads);
      case Target::Kind::store:
        return holding(value).kind == Holding::Kind::window ? store(value, region) : Status();
      case Target::Kind::reduction: break;
    }
    const ReductionMemory& sums = plan.reductions[static_cast<size_t>(target.value)];
    const TensorView part =
        direct ? chunk_view(value, new_chunk(value, target.input.in_value(region))) : memory(value);
    flow.maker(target.value)
        ->op->reduction()
        ->add(seen(target.input, part), region, run.arena() + sums.state, threads);
    return {};
  }
};

void RegionSession::Run::run_task(int number, int worker) {
  const int index = plan.strip_of(number), step = plan.step_of(number);
  session.order_.await_turn(number);
  if (index < plan.grid().strips && !stopped) {
    Strip& strip = session.strips_[static_cast<size_t>(number % plan.grid().abreast)];
    if (step == 0) {
      for (const int value : made().stage->values)
        strip.base_rows[static_cast<size_t>(value)] = made().cut.part(index, value).y0;
    }
    try {
      const Status done = Task{*this, strip, index, step, worker}.all();
      if (!done.ok()) stop(done);
    } catch (...) {  // must not leave a worker
      const std::lock_guard lock(mutex);
      thrown = std::current_exception();
      stopped = true;
    }
  }
  session.order_.end(number);
}

size_t RegionSession::time_index(int worker, int stage, int node) const {
  const size_t nodes = plan_->flow->nodes.size(), stages = plan_->stages.size();
  return (static_cast<size_t>(worker) * stages + static_cast<size_t>(stage)) * nodes +
         static_cast<size_t>(node);
}

void RegionSession::measure_nodes() { node_seconds_.assign(time_index(plan_->workers(), 0, 0), 0.0); }

double RegionSession::node_seconds(int stage, int node) const {
  double seconds = 0;
  for (int worker = 0; worker < plan_->workers(); ++worker)
    seconds += node_seconds_[time_index(worker, stage, node)];
  return seconds;
}

double RegionSession::node_share(int stage, int node) const {
  const FlowNode& of = plan_->flow->nodes[static_cast<size_t>(node)];
  const Shape& shape = plan_->flow->shape(of.output);
  int64_t pixels = 0;
  for (int strip = 0; strip < plan_->grid().strips; ++strip)
    pixels += plan_->stages[static_cast<size_t>(stage)].cut.part(strip, of.output).area();
  return static_cast<double>(pixels) / (static_cast<double>(shape.h) * shape.w);
}

double RegionSession::node_flops(int stage, int node) const {
  return plan_->flow->nodes[static_cast<size_t>(node)].flops * node_share(stage, node);
}

double RegionSession::node_bytes(int stage, int node) const {
  const FlowNode& of = plan_->flow->nodes[static_cast<size_t>(node)];
  const auto weights = static_cast<double>(of.op->packed_bytes());
  const double maps = of.op->bytes(of.input_shapes, plan_->flow->shape(of.output)) - weights;
  return maps * node_share(stage, node) + weights;
}

Status RegionSession::run(RegionEnds& ends, const Progress& progress) {
  Status status;
  with_workers(plan_->threads, [&] {
    Run run{*this, ends, progress};
    status = run.all();
  });
  return status;
}

Status RegionSession::run(std::span<const TensorView> inputs, std::span<const TensorView> outputs,
                          const Progress& progress) {
  INK_CHECK(inputs.size() == plan_->flow->inputs.size() && outputs.size() == plan_->flow->outputs.size());
  for (size_t i = 0; i < inputs.size(); ++i)
    INK_CHECK(inputs[i].shape == plan_->flow->shape(static_cast<int>(i)));
  for (size_t i = 0; i < outputs.size(); ++i)
    INK_CHECK(outputs[i].shape == plan_->flow->shape(plan_->flow->outputs[i]));
  WholeMaps ends(inputs, outputs);
  return run(ends, progress);
}

}  // namespace ink
