#include "engine/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "kernels/base/aligned_buffer.h"

namespace ink {

Arena::Arena(size_t bytes) {
  constexpr size_t kLargePage = size_t{2} << 20;
  bytes = align_up(std::max<size_t>(bytes, 1), kLargePage);
  data_ = static_cast<unsigned char*>(std::aligned_alloc(kLargePage, bytes));
  if (data_ == nullptr) throw std::bad_alloc();
  madvise(data_, bytes, MADV_HUGEPAGE);
}

Arena::~Arena() { std::free(data_); }

}  // namespace ink
