#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace ink::cli {

// A queue between threads whose members hold no more than a number of bytes together, and no more than a
// count. A member counts from push() until done() says that its bytes are free; the first is let in whatever
// it holds.
template <class Item>
class Lane {
 public:
  Lane(uint64_t most_bytes, size_t most_items) : most_bytes_(most_bytes), most_items_(most_items) {}

  // Waits for room. False where the lane was closed meanwhile.
  bool reserve(uint64_t bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return closed_ || items_ == 0 || (bytes_ + bytes <= most_bytes_ && items_ < most_items_);
    });
    if (closed_) return false;
    bytes_ += bytes;
    ++items_;
    return true;
  }
  // Of what was reserved.
  void push(Item item) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(item));
    changed_.notify_all();
  }
  // Waits for a member; nothing once the lane is finished and empty, or closed.
  std::optional<Item> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || finished_ || !waiting_.empty(); });
    if (closed_ || waiting_.empty()) return std::nullopt;
    std::optional<Item> item = std::move(waiting_.front());
    waiting_.pop_front();
    return item;
  }
  void done(uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ -= bytes;
    --items_;
    changed_.notify_all();
  }
  // No more will be pushed.
  void finish() {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_all();
  }
  // What waits is dropped, and nobody waits any longer.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  void wait_until_empty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || items_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> waiting_;
  const uint64_t most_bytes_;
  const size_t most_items_;
  uint64_t bytes_ = 0;
  size_t items_ = 0;
  bool finished_ = false, closed_ = false;
};

}  // namespace ink::cli
