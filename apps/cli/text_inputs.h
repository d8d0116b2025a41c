#pragma once

#include <string>
#include <vector>

#include "kernels/base/result.h"

namespace CLI {
class App;
}

namespace ink::cli {

// Texts as a command line gives them.
struct TextFlags {
  std::vector<std::string> texts;
  std::string file;
};
void add_text_options(CLI::App& app, TextFlags& flags);

struct TextInputs {
  std::vector<std::string> texts;
  std::vector<std::string> names;  // for messages: "text 1", "lines.txt:17"
};

// Those of --text, then those of --text-file: a text a line (the end of a line is \n or \r\n; an empty line
// is the empty text), or a JSON array of strings where the name ends in .json. Errors: as read_input();
// bad_input (not such JSON, with the offset).
Result<TextInputs> read_texts(const TextFlags& flags);

}  // namespace ink::cli
