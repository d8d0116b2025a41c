#include "models/text/token_table.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <utility>

#include "kernels/base/check.h"

namespace ink {
namespace {

uint32_t hash_of(std::string_view token) {
  return static_cast<uint32_t>(std::hash<std::string_view>()(token));
}

}  // namespace

void TokenTable::reserve(size_t tokens, size_t bytes) {
  entries_.reserve(tokens);
  bytes_.reserve(bytes);
  const size_t slots = std::bit_ceil(std::max<size_t>(tokens * 2, 16));
  if (slots > slots_.size()) grow(slots);
}

bool TokenTable::add(std::string_view token, int32_t id) {
  INK_CHECK(entries_.size() < kMostTokens && id >= 0);
  if ((entries_.size() + 1) * 2 > slots_.size()) grow(std::max<size_t>(slots_.size() * 2, 16));
  const uint32_t hash = hash_of(token);
  const size_t slot = slot_of(token, hash);
  if (slots_[slot].entry != 0) return false;
  INK_CHECK(bytes_.size() + token.size() <= std::numeric_limits<uint32_t>::max());
  entries_.push_back({static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(token.size()), id});
  bytes_ += token;
  longest_ = std::max(longest_, token.size());
  slots_[slot] = {hash, static_cast<uint32_t>(entries_.size())};
  largest_id_ = std::max(largest_id_, id);
  return true;
}

void TokenTable::set(std::string_view token, int32_t id) {
  if (add(token, id)) return;
  entries_[slots_[slot_of(token, hash_of(token))].entry - 1].id = id;
  largest_id_ = std::max(largest_id_, id);
}

std::optional<int32_t> TokenTable::find(std::string_view token) const {
  if (token.size() > longest_ || slots_.empty()) return std::nullopt;
  const uint32_t entry = slots_[slot_of(token, hash_of(token))].entry;
  if (entry == 0) return std::nullopt;
  return entries_[entry - 1].id;
}

size_t TokenTable::slot_of(std::string_view wanted, uint32_t hash) const {
  size_t slot = hash & (slots_.size() - 1);
  while (slots_[slot].entry != 0) {
    if (slots_[slot].hash == hash && token(entries_[slots_[slot].entry - 1]) == wanted) break;
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

void TokenTable::grow(size_t slots) {
  const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(slots));
  for (const Slot& old : before) {
    if (old.entry == 0) continue;
    size_t slot = old.hash & (slots - 1);
    while (slots_[slot].entry != 0) slot = (slot + 1) & (slots - 1);
    slots_[slot] = old;
  }
}

}  // namespace ink
