#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/cli/layer_times.h"
#include "apps/cli/picture_network.h"
#include "kernels/base/result.h"

namespace ink::cli {

// A network with its memory, ready to run again and again on one input.
class BenchRunner {
 public:
  virtual ~BenchRunner() = default;

  // float32 (n, h, w, 3), or int32, the ids of one text behind those of the other.
  virtual std::span<std::byte> src() = 0;
  virtual std::span<const float> dst() const = 0;
  virtual Result<double> run() = 0;  // milliseconds
  // Of the next runs. Error: as making it.
  virtual Status set_threads(int threads) = 0;
  virtual double flops() const = 0;
  virtual std::string shape() const = 0;  // of src

  // What each layer costs, the mean of `rounds` runs on src.
  virtual Result<std::vector<LayerTime>> layers(int rounds) = 0;

  // Fills src with something that takes as long as anything else.
  virtual void make_up_input() = 0;
};

// What to run a model on.
struct BenchRequest {
  // "NxHxWx3", or "N" of the model's own size; of texts "NxTOKENS"; empty: one of the model's own size.
  std::string shape;
  std::string output;  // a name; empty: the default
  int threads = 1;
  // Of texts, in tokens, in place of a shape: "12,7,30".
  std::string lengths = {};
  bool once = false;  // as BuildOptions
};

// Real-CUGAN's network on whole, padded pictures; a model of pictures; or one of texts, where the shape has
// two numbers, lengths are given or the model takes nothing else. Errors: usage (a shape that the model does
// not take); those of loading.
Result<std::unique_ptr<BenchRunner>> make_bench_runner(const LoadedModel& loaded,
                                                       const BenchRequest& request);

}  // namespace ink::cli
