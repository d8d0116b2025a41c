#pragma once

#include <set>
#include <string>
#include <vector>

#include "apps/cli/inputs.h"
#include "kernels/base/result.h"
#include "pictures/picture.h"

namespace ink::cli {

struct PictureJob {
  std::string input, output;
  PictureFormat format = PictureFormat::png;
};

// Names an output for every input, and refuses before any work what could not end well.
//   no -o:       STEM<suffix>.EXT beside the input, or standard output for standard input
//   -o FILE:     for a single input; the name's extension says which format
//   -o STREAM:   "-" (standard output), a FIFO or a device, for a single input
//   -o FOLDER:   STEM.EXT in it, in the same folders below it as the input; a folder is what exists as one,
//                ends in '/', or takes several inputs or a folder. Created if missing.
// EXT is png, jpg or webp, as `format` says; a stream gets that format. `suffix` comes between
// STEM and EXT where there is no -o: "_2x".
// Errors: usage (two inputs with one output, an output that is an input, a name without a format, a folder
// without -o), cannot_create (a folder that is missing or not writable, a folder in the way).
Result<std::vector<PictureJob>> plan_outputs(const InputFiles& inputs, const std::string& output,
                                             const std::string& suffix, PictureFormat format);

// The folders that files of these jobs go to, "" for the current one.
std::set<std::string> output_folders(const std::vector<PictureJob>& jobs);

}  // namespace ink::cli
