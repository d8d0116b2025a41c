#pragma once

#include <string>
#include <vector>

#include "kernels/base/result.h"

namespace ink::cli {

struct PictureJob {
  std::string input, output;
};

// Names an output for every input, and refuses before any work what could not end well.
//   no -o:       STEM_<scale>x.png beside the input
//   -o FILE:     for a single input, a name that ends in .png
//   -o FOLDER:   STEM.png in it; a folder is what exists as one, ends in '/', or takes several inputs.
//   Created if
//                missing.
// Errors: usage (two inputs with one output, an output that is an input, another format than PNG),
// cannot_create (a folder that is missing or not writable, something that is no regular file in the way).
Result<std::vector<PictureJob>> plan_outputs(const std::vector<std::string>& inputs,
                                             const std::string& output, int scale);

}  // namespace ink::cli
