#pragma once

#include <cstdint>

namespace ink::cli {

// Bytes that this process holds in memory now.
uint64_t resident_bytes();

// Half of what is free: of the machine's available memory, or of what its control group still grants this
// process where that is less.
uint64_t default_memory_budget();

}  // namespace ink::cli
