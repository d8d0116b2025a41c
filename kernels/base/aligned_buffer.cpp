#include "kernels/base/aligned_buffer.h"

#include <new>

namespace ink {

void* allocate_aligned(size_t count, size_t size) {
  if (count > static_cast<size_t>(-1) / size - kAlignment) throw std::bad_alloc();
  void* memory = std::aligned_alloc(kAlignment, align_up(count * size));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace ink
