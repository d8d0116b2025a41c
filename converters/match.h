#pragma once

#include <cstddef>
#include <functional>
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
  std::vector<size_t> left_over;      // tensors of the source that the model does not use, and may be there
  std::vector<std::string> problems;  // one a tensor: missing, left over, of another shape or type
};

// Formats whose tensor names mean nothing (those with a signature) match in order; the others by source_name.
// `may_be_left_over`: whether a tensor of the source that the table does not name is no problem.
TensorMatch match_tensors(std::span<const TensorSpec> table, const TensorSource& source,
                          const std::function<bool(std::string_view)>& may_be_left_over);

// The first problems, for a message.
std::string problems_text(std::span<const std::string> problems);

}  // namespace ink
