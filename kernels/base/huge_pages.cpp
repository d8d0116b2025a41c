#include "kernels/base/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace ink {

void prefer_huge_pages(void* data, size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr size_t kHuge = size_t{2} << 20, kPage = 4096;
  const auto first = reinterpret_cast<uintptr_t>(data);
  const uintptr_t begin = (first + kPage - 1) / kPage * kPage, end = (first + bytes) / kPage * kPage;
  if (end > begin && end - begin >= kHuge)
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#else
  static_cast<void>(data);
  static_cast<void>(bytes);
#endif
}

}  // namespace ink
