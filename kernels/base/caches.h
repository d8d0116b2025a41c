#pragma once

#include <cstdint>

namespace ink {

// Bytes of the cache that a core has to itself: what blocks are sized by, never results. Where the system
// does not say, half a megabyte.
int64_t second_level_cache_bytes();

}  // namespace ink
