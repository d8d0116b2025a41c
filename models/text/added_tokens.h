#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ink {

// Tokens that stand for themselves wherever they are in a text, and are cut out before the rest is cut into
// words.
class AddedTokens {
 public:
  static constexpr size_t kMost = 4096;

  // Neither empty nor added before, up to kMost of them; else false.
  bool add(std::string_view token, int32_t id);
  bool empty() const { return tokens_.empty(); }

  // A token, or where id is negative what lies between tokens; never empty.
  struct Piece {
    std::string_view text;
    int32_t id;
  };
  // From the left, the longest where several begin.
  std::vector<Piece> split(std::string_view text) const;

 private:
  struct Token {
    std::string text;
    int32_t id;
  };
  std::vector<Token> tokens_;  // by their first byte, then the longest first
};

}  // namespace ink
