#include "engine/regions/block_pool.h"

#include <algorithm>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/check.h"

namespace ink {

void BlockPool::add_gap(size_t offset, size_t bytes) {
  gaps_.emplace(offset, bytes);
  gap_sizes_.emplace(bytes, offset);
}

void BlockPool::remove_gap(std::map<size_t, size_t>::iterator gap) {
  gap_sizes_.erase({gap->second, gap->first});
  gaps_.erase(gap);
}

size_t BlockPool::take(size_t bytes) {
  bytes = align_up(std::max<size_t>(bytes, 1));
  const auto fit = gap_sizes_.lower_bound({bytes, 0});
  size_t offset = end_;
  if (fit != gap_sizes_.end()) {
    const auto gap = gaps_.find(fit->second);
    offset = gap->first;
    const size_t rest = gap->second - bytes;
    remove_gap(gap);
    if (rest > 0) add_gap(offset + bytes, rest);
  } else {
    // The arena grows, from a gap at its end where there is one.
    const auto last = gaps_.empty() ? gaps_.end() : std::prev(gaps_.end());
    if (last != gaps_.end() && last->first + last->second == end_) {
      offset = last->first;
      remove_gap(last);
    }
    end_ = offset + bytes;
  }
  taken_.emplace(offset, bytes);
  return offset;
}

void BlockPool::give_back(size_t offset) {
  const auto block = taken_.find(offset);
  INK_CHECK(block != taken_.end());
  size_t begin = offset, end = offset + block->second;
  taken_.erase(block);
  // Joined with the gaps on both sides.
  auto next = gaps_.lower_bound(begin);
  if (next != gaps_.end() && next->first == end) {
    end += next->second;
    remove_gap(next);
  }
  next = gaps_.lower_bound(begin);
  if (next != gaps_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == begin) {
      begin = before->first;
      remove_gap(before);
    }
  }
  add_gap(begin, end - begin);
}

}  // namespace ink
