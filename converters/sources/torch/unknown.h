#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/torch/value.h"

namespace ink::torch_file {

// The text where it is short and printable, otherwise quoted.
std::string printable(std::string_view text);

// "torch.nn.Linear", of a global, or of one that an old file carries with its source.
std::string class_name(const Values& values, NodeId node);

// The members of a set, written as a set or, up to protocol 3, as a call of set() with a list.
std::span<const NodeId> set_items(const Values& values, NodeId node);

// Adds a line for people to read; after the first hundred, none.
void add_line(std::vector<std::string>& lines, std::string line);

// A line for each class and function that a pickle names, except those that a reader of tensors knows and
// `understood`.
void add_unknown_globals(std::vector<std::string>& lines, const Values& values,
                         const std::set<std::string, std::less<>>& understood);

}  // namespace ink::torch_file
