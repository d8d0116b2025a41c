#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/op.h"
#include "kernels/base/packing.h"

namespace ink {

// Weights where they were released, and what keeps them there.
struct ReleasedTensors {
  std::vector<StoredTensor> tensors;
  std::vector<std::shared_ptr<const void>> owners;
  std::string origin;

  void add(const WeightStore& store, const StoredTensor& tensor);
  // What is wrong with them, where anything is.
  Status fault() const;
};

// A node for one run: it packs its weights when it runs, on all threads, into scratch that the next node uses
// again. What the weights of a whole network would fill is never there, nor cleared by the system. Bits are
// those of what `make` makes, which runs in its place; `make` is called at each run and here, where it only
// counts.
using MakeOp = std::function<std::unique_ptr<PreparedOp>(Packing&)>;
std::unique_ptr<PreparedOp> prepared_late(MakeOp make, ReleasedTensors released);

}  // namespace ink
