#pragma once

#include <string>
#include <vector>

#include "kernels/base/result.h"
#include "pictures/picture.h"

namespace ink::cli {

struct PictureJob {
  std::string input, output;
  PictureFormat format = PictureFormat::png;
};

// Names an output for every input, and refuses before any work what could not end well.
//   no -o:       STEM_<scale>x.EXT beside the input
//   -o FILE:     for a single input; the name's extension says which format
//   -o FOLDER:   STEM.EXT in it; a folder is what exists as one, ends in '/', or takes several inputs.
//                Created if missing.
// EXT is png, jpg or webp, as `format` says.
// Errors: usage (two inputs with one output, an output that is an input, a name without a format),
// cannot_create (a folder that is missing or not writable, something that is no regular file in the way).
Result<std::vector<PictureJob>> plan_outputs(const std::vector<std::string>& inputs,
                                             const std::string& output, int scale, PictureFormat format);

}  // namespace ink::cli
