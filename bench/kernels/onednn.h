#pragma once

#include <string>

#include "bench/kernels/layers.h"

namespace ink::bench {

std::string onednn_version();
void limit_onednn(Isa isa);

// A layer with its maps and weights in the layouts and by the algorithm that the library chooses for it; of a
// product, the maps by rows without gaps. In reduced precision it reads elements and writes floats.
// Without run() where the library has no such thing.
ReadyCase ready_onednn(const Layer& layer, Precision precision, int threads);

}  // namespace ink::bench
