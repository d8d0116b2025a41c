#include "kernels/base/packing.h"

#include "kernels/base/huge_pages.h"

namespace ink {

PackedMemory::PackedMemory(size_t bytes, Packing* packing) : size_(bytes) {
  if (packing != nullptr) {
    data_ = packing->take(bytes);
    return;
  }
  own_ = AlignedBuffer<std::byte>(bytes);
  data_ = own_.data();
  prefer_huge_pages(data_, bytes);
}

}  // namespace ink
