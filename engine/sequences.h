#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/base/result.h"

namespace ink {

// What the inputs of sequence ops must be, checked before a session runs on what came from outside.

// Error: an id outside [0, vocabulary), named with its place. `what` names the ids in the message.
Status check_ids(std::span<const int32_t> ids, int vocabulary, std::string_view what = "token");

// segments[0] == 0 and segments.back() == tokens, each sequence has at least one token and at most `longest`
// of them (0: any number). Error in words.
Status check_segments(std::span<const int32_t> segments, int64_t tokens, int longest = 0);

}  // namespace ink
