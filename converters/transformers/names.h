#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/source.h"
#include "models/model.h"

namespace ink {

// What a tensor of ours, or all whose names begin so before a dot, is called in a released form. '*' stands
// for a layer's number, in both the same.
struct NameRule {
  std::string_view ours, theirs;
};

// Gives each tensor of a table that has no source name yet its own: that of the first rule which fits, behind
// `prefix`. Every tensor has one.
void name_sources(std::vector<TensorSpec>& table, std::span<const NameRule> rules, const std::string& prefix);

// A checkpoint's tensors by the names of one form. Whatever is not as it must be is kept as the first
// problem, so that a configuration reads top to bottom.
class SourceShapes {
 public:
  SourceShapes(const TensorSource& source, std::string prefix);

  bool has(std::string_view name) const { return find(name) != nullptr; }
  // The size of an axis of a tensor of `rank` axes.
  int size(std::string_view name, size_t rank, size_t axis);
  int axes(std::string_view name);
  // How many layers there are: one more than the largest number that '*' stands for, at most one more than
  // there are tensors.
  int layers(std::string_view pattern);
  // The side of a square of `area` places.
  int square(std::string_view name, int area);

  void refuse(std::string_view name, std::string_view problem);
  const Status& status() const { return status_; }

 private:
  const SourceTensor* find(std::string_view name) const;

  const TensorSource& source_;
  std::string prefix_;
  Status status_;
};

// What stands before a name in the one tensor that ends in it: "" or "0_CLIPModel/" or "module.". Nothing
// where no tensor does.
std::optional<std::string> prefix_before(const TensorSource& source, std::string_view name);

// A text that came with the tensors, by its name.
const std::string* find_text(const TensorSource& source, std::string_view name);

}  // namespace ink
