#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kernels/base/result.h"
#include "models/text/token_table.h"

namespace ink {

// Byte-pair encoding as CLIP's: a word's bytes, the last one marked as its end, are merged pair by pair in
// the order in which the merges were learnt.
//
// Tokens are written in letters, one for each byte: what is printable in Latin-1 stands for itself, the other
// 68 bytes for U+0100 and up; "</w>" marks the end of a word.
class BytePairs {
 public:
  // The letter of each byte, as UTF-8.
  static const std::array<std::string, 256>& letters();
  // The bytes in the order in which a vocabulary begins with them: those that stand for themselves first.
  static const std::array<uint8_t, 256>& byte_order();
  static constexpr std::string_view kEndOfWord = "</w>";

  // Error (model, without a file's name): a byte has no token, with kEndOfWord or without.
  Status set_bytes(const TokenTable& tokens);
  void reserve(size_t merges) { merges_.reserve(merges * 2); }
  // The next merge. Error (model, as above): it, one of its parts or their sum is no token.
  Status add_merge(const TokenTable& tokens, std::string_view left, std::string_view right);

  // Appends the ids of one word, of UTF-8 or any bytes. n log n in its length.
  void encode(std::string_view word, std::vector<int32_t>& ids) const;

 private:
  struct Merge {
    int32_t rank;
    int32_t id;
  };
  static uint64_t key(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  const Merge* find(int32_t left, int32_t right) const;

  struct Mix {
    size_t operator()(uint64_t x) const {
      x = (x ^ x >> 32) * 0x9E3779B97F4A7C15;
      return static_cast<size_t>(x ^ x >> 29);
    }
  };
  std::array<int32_t, 256> inside_{}, last_{};
  std::unordered_map<uint64_t, Merge, Mix> merges_;
};

}  // namespace ink
