#include "models/text/byte_pairs.h"

#include <queue>

#include "models/text/utf8.h"
#include "weights/message.h"

namespace ink {
namespace {

bool stands_for_itself(uint32_t byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

// A pair that may be merged: the symbol at `at` and the one behind it, as they were when it was found.
struct Candidate {
  int32_t rank;
  uint32_t at;
  int32_t left, right, merged;

  bool operator>(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : at > other.at;
  }
};

constexpr uint32_t kNone = UINT32_MAX;
constexpr int32_t kGone = -1;

// A word's symbols, each where its first byte is; what was merged into one before it is gone.
struct Symbol {
  int32_t id;
  uint32_t previous, next;
};

}  // namespace

const std::array<std::string, 256>& BytePairs::letters() {
  static const auto made = [] {
    std::array<std::string, 256> all;
    char32_t other = 0x100;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      append_utf8(all[byte], stands_for_itself(byte) ? static_cast<char32_t>(byte) : other++);
    }
    return all;
  }();
  return made;
}

const std::array<uint8_t, 256>& BytePairs::byte_order() {
  static const auto made = [] {
    std::array<uint8_t, 256> order{};
    size_t at = 0;
    for (const bool first : {true, false}) {
      for (uint32_t byte = 0; byte < 256; ++byte) {
        if (stands_for_itself(byte) == first) order[at++] = static_cast<uint8_t>(byte);
      }
    }
    return order;
  }();
  return made;
}

Status BytePairs::set_bytes(const TokenTable& tokens) {
  for (size_t byte = 0; byte < 256; ++byte) {
    const std::string &inside = letters()[byte], last = inside + std::string(kEndOfWord);
    const auto inside_id = tokens.find(inside), last_id = tokens.find(last);
    if (!inside_id || !last_id) {
      return model_error("expected a token ", quote(inside_id ? last : inside), " for the byte ", byte,
                         ", found none");
    }
    inside_[byte] = *inside_id;
    last_[byte] = *last_id;
  }
  return {};
}

Status BytePairs::add_merge(const TokenTable& tokens, std::string_view left, std::string_view right) {
  const std::string merged = concat(left, right);
  const auto left_id = tokens.find(left), right_id = tokens.find(right), id = tokens.find(merged);
  if (!left_id || !right_id || !id) {
    return model_error("expected tokens in merge ", merges_.size(), ", found ",
                       quote(!left_id    ? left
                             : !right_id ? right
                                         : merged),
                       ", which is none");
  }
  const auto rank = static_cast<int32_t>(merges_.size());
  if (!merges_.try_emplace(key(*left_id, *right_id), Merge{rank, *id}).second) {
    return model_error("merge ", merges_.size(), ", ", quote(concat(left, " ", right)), ", is there twice");
  }
  return {};
}

const BytePairs::Merge* BytePairs::find(int32_t left, int32_t right) const {
  const auto found = merges_.find(key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void BytePairs::encode(std::string_view word, std::vector<int32_t>& ids) const {
  const auto count = static_cast<uint32_t>(word.size());
  if (count == 0) return;
  std::vector<Symbol> symbols(count);
  for (uint32_t i = 0; i < count; ++i) {
    const auto byte = static_cast<uint8_t>(word[i]);
    symbols[i] = {i + 1 == count ? last_[byte] : inside_[byte], i == 0 ? kNone : i - 1,
                  i + 1 == count ? kNone : i + 1};
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](uint32_t at) {
    if (at == kNone || symbols[at].next == kNone) return;
    const int32_t left = symbols[at].id, right = symbols[symbols[at].next].id;
    if (const Merge* const merge = find(left, right)) queue.push({merge->rank, at, left, right, merge->id});
  };
  for (uint32_t i = 0; i + 1 < count; ++i) consider(i);
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbols[best.at];
    // What it was found for may have been merged with something else meanwhile.
    if (left.id != best.left || left.next == kNone || symbols[left.next].id != best.right) continue;
    symbols[left.next].id = kGone;
    left.id = best.merged;
    left.next = symbols[left.next].next;
    if (left.next != kNone) symbols[left.next].previous = best.at;
    consider(left.previous);
    consider(best.at);
  }
  for (uint32_t i = 0; i != kNone; i = symbols[i].next) ids.push_back(symbols[i].id);
}

}  // namespace ink
