#pragma once

#include <span>
#include <string>

#include "apps/cli/option_table.h"

namespace ink::cli {

// The manual page inkstone(1), in roff.
std::string man_page(std::span<const CommandRow> table, const std::string& version);

}  // namespace ink::cli
