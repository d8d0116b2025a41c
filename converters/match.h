#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/source.h"
#include "models/model.h"

namespace ink {

// How the tensors of a source answer a model's table.
struct TensorMatch {
  std::vector<size_t> source;         // for each tensor of the table: its index in the source
  std::vector<size_t> left_over;      // ignored tensors of the source that are there
  std::vector<std::string> problems;  // one a tensor: missing, left over, of another shape or type
};

// Formats whose tensor names mean nothing (those with a signature) match in order; the others by torch_name.
// `ignored`: a tensor of the source that may be left over.
TensorMatch match_tensors(std::span<const TensorSpec> table, const TensorSource& source,
                          std::string_view ignored);

// The first problems, for a message.
std::string problems_text(std::span<const std::string> problems);

}  // namespace ink
