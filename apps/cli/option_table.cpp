#include "apps/cli/option_table.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "apps/cli/text.h"

namespace ink::cli {
namespace {

OptionRow option_row(const CLI::Option& option) {
  OptionRow row;
  for (const std::string& name : option.get_snames()) row.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) row.names.push_back("--" + name);
  row.description = option.get_description();
  if (option.get_items_expected_max() > 0) row.value = option.get_type_name();
  const bool named_by_place = row.names.empty(), choice = row.value.find('|') != std::string::npos;
  if (named_by_place && !choice) row.value = option.get_single_name();
  row.many = option.get_items_expected_max() > 1;
  return row;
}

void add_rows(const CLI::App& app, const std::vector<std::string>& path, std::vector<CommandRow>& rows) {
  CommandRow row{path, app.get_description(), app.get_footer(), {}, {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    OptionRow of_option = option_row(*option);
    (of_option.names.empty() ? row.positionals : row.options).push_back(std::move(of_option));
  }
  const std::vector<const CLI::App*> below = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* command : below) {
    row.subcommands.push_back({command->get_name(), command->get_description()});
  }
  rows.push_back(std::move(row));
  for (const CLI::App* command : below) {
    std::vector<std::string> longer = path;
    longer.push_back(command->get_name());
    add_rows(*command, longer, rows);
  }
}

}  // namespace

std::vector<CommandRow> option_table(const CLI::App& root) {
  std::vector<CommandRow> rows;
  add_rows(root, {}, rows);
  return rows;
}

ValueKind value_kind(const std::string& value) {
  ValueKind kind;
  for (const std::string& part : split(value, '|')) {
    const bool placeholder =
        std::all_of(part.begin(), part.end(), [](unsigned char c) { return std::isupper(c) || c == '_'; });
    if (part == "DIR" || part == "FOLDER") {
      kind.folder = true;
    } else if (part == "FILE" || part == "INPUT" || part == "MODEL" || part == "SOURCE") {
      kind.file = true;
    } else if (!placeholder && value.find('|') != std::string::npos) {
      kind.words.push_back(part);
    }
  }
  return kind;
}

}  // namespace ink::cli
