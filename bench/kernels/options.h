#pragma once

#include <set>
#include <string>
#include <vector>

#include "kernels/base/isa.h"
#include "kernels/base/result.h"

namespace ink::bench {

enum class Format { markdown, csv, json };

struct Options {
  std::string filter;  // a regular expression that "kernel/shape/variant" is to contain a match of
  // Whose variants run; empty: of each kernel and shape the strongest set that there are variants for.
  std::set<Isa> isas;
  std::set<int> threads;  // each case runs on each of these counts
  int rounds = 5;         // the variants of a case take turns
  double seconds = 0.05;  // of one variant in one round, at least
  Format format = Format::markdown;
  // The strongest set that runs.
  Isa limit() const { return isas.empty() ? active_isa() : *isas.rbegin(); }
  bool list = false;  // only the names
  bool once = false;  // each case of ours a single time, in run_counted(), for tools that count instructions
};

// Of "--name=value" arguments, as `inkstone bench kernels` passes them on. Error: usage.
Result<Options> parse_options(const std::vector<std::string>& arguments);

}  // namespace ink::bench
