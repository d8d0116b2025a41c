#include "kernels/base/caches.h"

#include <unistd.h>

#include <algorithm>

namespace ink {

int64_t second_level_cache_bytes() {
  constexpr int64_t kKiB = 1024, kUnknown = 512 * kKiB;
#ifdef _SC_LEVEL2_CACHE_SIZE
  static const int64_t bytes = [] {
    const int64_t said = sysconf(_SC_LEVEL2_CACHE_SIZE);
    // Emulators and virtual machines also say 0, or a cache that many cores share.
    return said <= 0 ? kUnknown : std::clamp(said, 256 * kKiB, 2048 * kKiB);
  }();
  return bytes;
#else
  return kUnknown;
#endif
}

}  // namespace ink
