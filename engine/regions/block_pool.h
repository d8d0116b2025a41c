#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace ink {

// Hands out blocks of one arena and takes them back, at plan time: each block gets the smallest gap that fits
// it. What the arena must hold is high_water().
class BlockPool {
 public:
  size_t take(size_t bytes);  // the offset, 64-byte aligned
  void give_back(size_t offset);
  size_t high_water() const { return end_; }

 private:
  void add_gap(size_t offset, size_t bytes);
  void remove_gap(std::map<size_t, size_t>::iterator gap);

  std::map<size_t, size_t> taken_, gaps_;          // bytes by offset
  std::set<std::pair<size_t, size_t>> gap_sizes_;  // bytes, offset
  size_t end_ = 0;
};

}  // namespace ink
