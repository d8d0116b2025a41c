#include "converters/match.h"

#include <algorithm>
#include <map>

#include "weights/message.h"

namespace ink {

namespace {

bool is_float(DType type) { return type == DType::f32 || type == DType::f16 || type == DType::bf16; }

void compare(const TensorSpec& wanted, std::string_view name, const SourceTensor& found,
             std::vector<std::string>& problems) {
  if (found.shape != wanted.shape) {
    problems.push_back(concat(quote(name), ": expected shape ", shape_text(wanted.shape), ", found ",
                              shape_text(found.shape)));
  } else if (!is_float(found.dtype)) {
    problems.push_back(
        concat(quote(name), ": expected type F32, F16 or BF16, found ", dtype_name(found.dtype)));
  }
}

TensorMatch match_in_order(std::span<const TensorSpec> table, const TensorSource& source) {
  TensorMatch match;
  const std::span<const SourceTensor> tensors = source.tensors();
  for (size_t i = 0; i < table.size(); ++i) {
    match.source.push_back(i);
    if (i < tensors.size()) {
      compare(table[i], concat(table[i].name, " (", tensors[i].name, ")"), tensors[i], match.problems);
    } else {
      match.problems.push_back(
          concat(quote(table[i].name), " of shape ", shape_text(table[i].shape), " is missing"));
    }
  }
  for (size_t i = table.size(); i < tensors.size(); ++i) {
    match.problems.push_back(concat(quote(tensors[i].name), " has no place in the model"));
  }
  return match;
}

TensorMatch match_by_name(std::span<const TensorSpec> table, const TensorSource& source,
                          const std::function<bool(std::string_view)>& may_be_left_over) {
  TensorMatch match;
  const std::span<const SourceTensor> tensors = source.tensors();
  std::map<std::string_view, size_t> left;
  for (size_t i = 0; i < tensors.size(); ++i) left.emplace(tensors[i].name, i);
  for (const TensorSpec& wanted : table) {
    const auto found = left.find(wanted.source_name);
    if (found == left.end()) {
      match.problems.push_back(
          concat(quote(wanted.source_name), " of shape ", shape_text(wanted.shape), " is missing"));
      continue;
    }
    match.source.push_back(found->second);
    compare(wanted, wanted.source_name, tensors[found->second], match.problems);
    left.erase(found);
  }
  for (const auto& [name, index] : left) {
    if (may_be_left_over && may_be_left_over(name)) {
      match.left_over.push_back(index);
    } else {
      match.problems.push_back(concat(quote(name), " has no place in the model"));
    }
  }
  return match;
}

}  // namespace

TensorMatch match_tensors(std::span<const TensorSpec> table, const TensorSource& source,
                          const std::function<bool(std::string_view)>& may_be_left_over) {
  return source.signature().empty() ? match_by_name(table, source, may_be_left_over)
                                    : match_in_order(table, source);
}

std::string problems_text(std::span<const std::string> problems) {
  constexpr size_t kShown = 5;
  std::string text;
  for (const std::string& problem : problems.first(std::min(kShown, problems.size()))) {
    text += concat(text.empty() ? "" : "; ", problem);
  }
  if (problems.size() > kShown) text += concat("; and ", problems.size() - kShown, " more");
  return text;
}

}  // namespace ink
