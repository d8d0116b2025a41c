#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/graph.h"
#include "engine/memory_plan.h"

namespace ink {

// One kernel call of a plan.
struct Step {
  int node = -1;
  size_t scratch_bytes = 0;
  double flops = 0;
  // Where in the arena RunContext::sums lies; kNoSums: nullptr.
  static constexpr size_t kNoSums = static_cast<size_t>(-1);
  size_t sums_offset = kNoSums;
};

// Steps that all run for some images of a batch, then for the next ones, so that the maps between them stay
// in the caches.
struct Stretch {
  int first = 0, behind = 0;  // steps
  int pieces = 1;             // of the batch, which differ by one image at most

  // The first image of a piece, of `images` in all.
  static int begin(int images, int pieces, int piece) {
    return static_cast<int>(static_cast<int64_t>(images) * piece / pieces);
  }
};

// Where a value lives while a session runs.
struct Placement {
  enum class Kind { unused, input, output, arena, view } kind = Kind::unused;
  int index = -1;     // of the input, the output or, for a view, the value it looks at
  int node = -1;      // of a view: the node that makes it
  size_t offset = 0;  // in the arena
  int images = 0;     // there; fewer than the shape's where no other stretch reads them
};

// A value of the arena as it lies at `data`. Between the rows of a matrix, (n, 1, w, c), and between the
// pixels of a map of many channels a cache line is left free where rows a power of two apart would all meet
// in one set of the first-level cache, which costs a product up to a third of its speed; otherwise it is
// dense.
TensorView arena_view(void* data, const Shape& shape);
// Bytes that it takes.
size_t arena_bytes(const Shape& shape);

// How a prepared graph runs for one set of input shapes: kernels in order, and one arena for all values
// between them. Made in well under a millisecond, touches no weight, immutable.
struct Plan {
  std::vector<Shape> shapes;          // by value id
  std::vector<Placement> placements;  // by value id
  std::vector<Step> steps;
  std::vector<Stretch> stretches;
  int images = 1;            // of the batch that stretches cut
  size_t arena_bytes = 0;    // of values
  size_t scratch_bytes = 0;  // of the hungriest step
  int threads = 1;

  size_t memory_bytes() const { return arena_bytes + scratch_bytes; }
  double flops() const;
};

// ops: the prepared op of each node, nullptr for views. Error: the shapes do not fit, in words.
Result<Plan> make_plan(const Graph& graph, std::span<const std::unique_ptr<PreparedOp>> ops,
                       std::span<const Shape> inputs, int threads);

// A table for people: node, kernel, shape, work, where the output lives.
std::string plan_text(const Plan& plan, const Graph& graph, std::span<const std::unique_ptr<PreparedOp>> ops);

}  // namespace ink
