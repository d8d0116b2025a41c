#pragma once

#include <span>
#include <string>

#include "apps/cli/option_table.h"

namespace ink::cli {

// Scripts that a shell reads to complete command lines of "inkstone".
std::string bash_completion(std::span<const CommandRow> table);
std::string zsh_completion(std::span<const CommandRow> table);
std::string fish_completion(std::span<const CommandRow> table);

}  // namespace ink::cli
