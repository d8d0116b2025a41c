#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ink {

// Ids by token. One block of memory holds the tokens, so that a vocabulary of 100,000 is there within
// milliseconds.
class TokenTable {
 public:
  static constexpr size_t kMostTokens = 1 << 22;

  void reserve(size_t tokens, size_t bytes);
  // False where the token is there already; what it had stays.
  bool add(std::string_view token, int32_t id);
  void set(std::string_view token, int32_t id);  // its id, whether it was there or not
  std::optional<int32_t> find(std::string_view token) const;
  size_t size() const { return entries_.size(); }
  int32_t largest_id() const { return largest_id_; }  // -1 without any

 private:
  struct Entry {
    uint32_t begin, length;
    int32_t id;
  };
  // Of the open addressing: what differs is told apart without a look at the token.
  struct Slot {
    uint32_t hash;
    uint32_t entry;  // index into entries_ + 1; 0: empty
  };
  std::string_view token(const Entry& entry) const {
    return std::string_view(bytes_).substr(entry.begin, entry.length);
  }
  // The slot that has the token, or the empty one where it would be.
  size_t slot_of(std::string_view token, uint32_t hash) const;
  void grow(size_t slots);

  std::string bytes_;
  size_t longest_ = 0;
  std::vector<Entry> entries_;
  std::vector<Slot> slots_;  // a power of two of them
  int32_t largest_id_ = -1;
};

}  // namespace ink
