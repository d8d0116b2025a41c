#pragma once

#include <string>

#include "kernels/base/result.h"

namespace ink {

// The texts that name a tagger's scores, with the paths they were read from; empty where there are none.
struct LabelFiles {
  std::string tags, tags_path;
  std::string categories, categories_path;
};

// tags.txt and categories.json in the folder of a checkpoint, which is a file or that folder. Errors: limit
// (larger than any list of tags), io, no_input (a file that is there cannot be read).
Result<LabelFiles> find_label_files(const std::string& checkpoint);

// Where find_label_files() looks, for messages: "models/".
std::string label_folder(const std::string& checkpoint);

// A file named by a user. Errors as above; no_input where it is missing.
Result<std::string> read_label_file(const std::string& path);

}  // namespace ink
