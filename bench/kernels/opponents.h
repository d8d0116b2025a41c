#pragma once

#include <span>
#include <string>
#include <string_view>

#include "bench/kernels/layers.h"

namespace ink::bench {

// A library that does some of our work, on this machine: "openblas" (cblas_sgemm), found at run time, and
// "onednn", where the build found it.
struct Library {
  std::string name;
  std::string version;  // as the library says it
};

// Loaded at the first call.
std::span<const Library> libraries();
bool has_library(std::string_view name);

// Keeps them to what CPUs of this set have. To be called before all else here.
void limit_libraries(Isa isa);

// Adds the layer in each library that has its kind, installed or not, as a case that is else as `about`. Bias
// and activation, which ours adds on the way, are spared them, and so is turning floats into the elements of
// a reduced precision.
void add_opponents(const Case& about, const Layer& layer);

}  // namespace ink::bench
