#pragma once

#include <string>

#include "apps/cli/picture_network.h"
#include "kernels/base/result.h"
#include "models/image/labels.h"

namespace ink::cli {

// The names of a tagger's scores: those of the files that the command line names, of the model file itself,
// or of tags.txt and categories.json beside the checkpoint, in this order. count: how many scores there are.
// Errors: no_input (a file that was named is missing); model (there are no names, with where they were
// looked for; they are another number; what parse_labels says).
Result<Labels> load_labels(const LoadedModel& loaded, const std::string& tags_file,
                           const std::string& categories_file, int count);

}  // namespace ink::cli
