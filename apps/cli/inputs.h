#pragma once

#include <string>
#include <vector>

#include "kernels/base/result.h"

namespace ink::cli {

// "-": standard input or output.
bool is_standard_stream(const std::string& path);

bool is_folder(const std::string& path);

// "a/b" of "a/b/c.png"; empty: the current folder.
std::string parent_folder(const std::string& path);

struct InputFile {
  std::string path;
  std::string below;  // the folders between the one that was named and this file: "" or "sub/deeper"
};

struct InputFiles {
  std::vector<InputFile> files;
  bool from_folder = false;
};

// Files stand for themselves, whether or not they exist; a folder for the pictures in it, those that
// format_of_name() knows, by name. Hidden entries are passed over, and so are folders below, unless
// `recursive`: then links to folders still are, and so is `output`, so that a second run does not enlarge
// what the first one made.
// Errors: usage (standard input beside others), no_input (a folder that cannot be read or holds no picture).
Result<InputFiles> expand_inputs(const std::vector<std::string>& named, bool recursive,
                                 const std::string& output);

}  // namespace ink::cli
