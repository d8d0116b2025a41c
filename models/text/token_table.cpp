#include "models/text/token_table.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "kernels/base/check.h"

namespace ink {

void TokenTable::reserve(size_t tokens, size_t bytes) {
  entries_.reserve(tokens);
  bytes_.reserve(bytes);
  const size_t slots = std::bit_ceil(std::max<size_t>(tokens * 2, 16));
  if (slots > slots_.size()) grow(slots);
}

bool TokenTable::add(std::string_view token, int32_t id) {
  INK_CHECK(entries_.size() < kMostTokens && id >= 0);
  if ((entries_.size() + 1) * 2 > slots_.size()) grow(std::max<size_t>(slots_.size() * 2, 16));
  const uint64_t hash = std::hash<std::string_view>()(token);
  const size_t slot = slot_of(token, hash);
  if (slots_[slot] != 0) return false;
  entries_.push_back({hash, bytes_.size(), token.size(), id});
  bytes_ += token;
  longest_ = std::max(longest_, token.size());
  slots_[slot] = static_cast<uint32_t>(entries_.size());
  largest_id_ = std::max(largest_id_, id);
  return true;
}

void TokenTable::set(std::string_view token, int32_t id) {
  if (add(token, id)) return;
  entries_[slots_[slot_of(token, std::hash<std::string_view>()(token))] - 1].id = id;
  largest_id_ = std::max(largest_id_, id);
}

std::optional<int32_t> TokenTable::find(std::string_view token) const {
  if (token.size() > longest_ || slots_.empty()) return std::nullopt;
  const uint32_t entry = slots_[slot_of(token, std::hash<std::string_view>()(token))];
  if (entry == 0) return std::nullopt;
  return entries_[entry - 1].id;
}

size_t TokenTable::slot_of(std::string_view wanted, uint64_t hash) const {
  size_t slot = hash & (slots_.size() - 1);
  while (slots_[slot] != 0) {
    const Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && token(entry) == wanted) break;
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

void TokenTable::grow(size_t slots) {
  slots_.assign(slots, 0);
  for (size_t i = 0; i < entries_.size(); ++i) {
    slots_[slot_of(token(entries_[i]), entries_[i].hash)] = static_cast<uint32_t>(i + 1);
  }
}

}  // namespace ink
