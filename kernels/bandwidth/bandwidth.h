#pragma once

#include "kernels/base/isa.h"

namespace ink {

// Where the arrays lie: all of them larger than caches keep, or those of a thread in half of its second-level
// cache.
enum class Storage { memory, second_level_cache };

// Bytes a second that `threads` threads move together, each adding two arrays of its own into a third: what
// is read counts, and so does what is written, once. The best of several short runs. Takes up to 192 MiB.
double measure_bandwidth(Isa limit, int threads, Storage storage);

}  // namespace ink
