#include "models/text/added_tokens.h"

#include <algorithm>

namespace ink {

bool AddedTokens::add(std::string_view token, int32_t id) {
  if (token.empty() || tokens_.size() == kMost) return false;
  const auto is_before = [](const Token& a, std::string_view b) {
    if (a.text[0] != b[0]) return static_cast<uint8_t>(a.text[0]) < static_cast<uint8_t>(b[0]);
    return a.text.size() != b.size() ? a.text.size() > b.size() : a.text < b;
  };
  const auto at = std::lower_bound(tokens_.begin(), tokens_.end(), token, is_before);
  if (at != tokens_.end() && at->text == token) return false;
  tokens_.insert(at, {std::string(token), id});
  return true;
}

std::vector<AddedTokens::Piece> AddedTokens::split(std::string_view text) const {
  std::vector<Piece> pieces;
  size_t begin = 0;
  const auto close = [&](size_t end) {
    if (end > begin) pieces.push_back({text.substr(begin, end - begin), -1});
  };
  struct FirstByte {
    bool operator()(const Token& a, uint8_t b) const { return static_cast<uint8_t>(a.text[0]) < b; }
    bool operator()(uint8_t a, const Token& b) const { return a < static_cast<uint8_t>(b.text[0]); }
  };
  for (size_t at = 0; at < text.size();) {
    const auto [first, last] =
        std::equal_range(tokens_.begin(), tokens_.end(), static_cast<uint8_t>(text[at]), FirstByte());
    const auto found = std::find_if(
        first, last, [&](const Token& token) { return text.substr(at).starts_with(token.text); });
    if (found == last) {
      ++at;
      continue;
    }
    close(at);
    pieces.push_back({text.substr(at, found->text.size()), found->id});
    at += found->text.size();
    begin = at;
  }
  close(text.size());
  return pieces;
}

}  // namespace ink
