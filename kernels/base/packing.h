#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "kernels/base/aligned_buffer.h"

namespace ink {

// Of weights that are packed for one run: where, and on how many threads. Each kernel takes its share.
struct Packing {
  std::byte* memory =
      nullptr;  // 64-byte aligned; nullptr: nothing is packed, and what it would take is counted
  int threads = 1;
  size_t taken = 0;
  std::atomic<bool> non_finite{false};  // set where a weight is infinite or NaN

  std::byte* take(size_t bytes) {
    std::byte* const begin = memory == nullptr ? nullptr : memory + taken;
    taken += align_up(bytes);
    return begin;
  }
};

// Memory for packed weights: its own, in large pages where it is large, or what a Packing gives.
class PackedMemory {
 public:
  PackedMemory() = default;
  // packing: nullptr for its own.
  PackedMemory(size_t bytes, Packing* packing);
  PackedMemory(PackedMemory&& other) noexcept
      : own_(std::move(other.own_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  PackedMemory& operator=(PackedMemory&& other) noexcept {
    own_ = std::move(other.own_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  std::byte* data() { return data_; }  // nullptr where it is only counted
  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  AlignedBuffer<std::byte> own_;
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace ink
