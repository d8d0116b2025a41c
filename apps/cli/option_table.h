#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ink::cli {

struct OptionRow {
  std::vector<std::string> names;  // "-s", "--scale-ratio"; empty for what is named by its place
  std::string value;               // "N", "FILE", "png|jpg|webp"; empty where it takes none
  std::string description;
  bool many = false;  // takes several values
};

struct SubcommandRow {
  std::string name, description;
};

struct CommandRow {
  std::vector<std::string> path;  // {"models", "pull"}; empty for the program itself
  std::string description, footer;
  std::vector<OptionRow> options, positionals;
  std::vector<SubcommandRow> subcommands;
};

// All that the parser knows, the program first, then its commands in their order: what completions and the
// man page are made from, so that neither can miss an option.
std::vector<CommandRow> option_table(const CLI::App& root);

// What may stand for a value.
struct ValueKind {
  std::vector<std::string> words;  // one of these
  bool file = false, folder = false;
};
ValueKind value_kind(const std::string& value);

}  // namespace ink::cli
