#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kernels/base/isa.h"
#include "kernels/base/precision.h"

namespace ink::bench {

// A case with its memory, its weights packed; without run() where another library does not do it on this CPU.
struct ReadyCase {
  std::function<void()> run;
  // The largest difference between what run() left and the reference.
  std::function<double()> error;
};

// One implementation of one kernel on one shape. Cases of the same kernel and shape do the same work and are
// timed in turns.
struct Case {
  std::string kernel;      // "conv"
  std::string shape;       // "resnet50/stem"
  std::string variant;     // "winograd4_avx512", "openblas"
  std::optional<Isa> isa;  // none: another library's
  // What this is a layer of a network of, such as "3x3 convolution"; empty: of none. Libraries are compared
  // over all layers of a family.
  std::string family = {};
  Precision precision = Precision::f32;
  double flops = 0;      // of the plain algorithm; 0 where memory is what counts
  double bytes = 0;      // read and written, each once; 0 where arithmetic is what counts
  double tolerance = 0;  // of error()
  std::function<ReadyCase(int threads)> make;
};

// All cases, in the order in which the files of this folder name them.
const std::vector<Case>& cases();
// To be called before main: a file of this folder adds its own.
bool add_case(Case added);

}  // namespace ink::bench
