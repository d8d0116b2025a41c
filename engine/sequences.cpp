#include "engine/sequences.h"

#include <string>

namespace ink {

Status check_ids(std::span<const int32_t> ids, int vocabulary, std::string_view what) {
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] >= 0 && ids[i] < vocabulary) continue;
    return Error{ErrorKind::usage, "expected " + std::string(what) + " ids from 0 to " +
                                       std::to_string(vocabulary - 1) + ", found " + std::to_string(ids[i]) +
                                       " at position " + std::to_string(i)};
  }
  return {};
}

Status check_segments(std::span<const int32_t> segments, int64_t tokens, int longest) {
  if (segments.size() < 2 || segments.front() != 0 || segments.back() != tokens) {
    return Error{ErrorKind::usage, "expected segments from 0 to " + std::to_string(tokens) + ", found " +
                                       (segments.empty() ? "none"
                                                         : std::to_string(segments.front()) + " to " +
                                                               std::to_string(segments.back()))};
  }
  for (size_t s = 0; s + 1 < segments.size(); ++s) {
    const int64_t length = int64_t{segments[s + 1]} - segments[s];
    if (length >= 1 && (longest == 0 || length <= longest)) continue;
    return Error{ErrorKind::usage, "expected sequences of 1 to " +
                                       std::to_string(longest == 0 ? tokens : longest) +
                                       " tokens, found one of " + std::to_string(length) + " (number " +
                                       std::to_string(s) + ")"};
  }
  return {};
}

}  // namespace ink
