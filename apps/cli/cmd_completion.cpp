#include <CLI/CLI.hpp>
#include <memory>

#include "apps/cli/common.h"
#include "apps/cli/completion.h"
#include "apps/cli/exit_code.h"
#include "apps/cli/man_page.h"

namespace ink::cli {
namespace {

Result<int> print_completion(const std::string& shell, const CLI::App& root) {
  const std::vector<CommandRow> table = option_table(root);
  if (shell == "bash") {
    INK_TRY_STATUS(print(bash_completion(table)));
  } else if (shell == "zsh") {
    INK_TRY_STATUS(print(zsh_completion(table)));
  } else if (shell == "fish") {
    INK_TRY_STATUS(print(fish_completion(table)));
  } else {
    return Error{ErrorKind::usage, "expected bash, zsh or fish, found \"" + shell + "\""};
  }
  return int{kDone};
}

constexpr const char* kFooter = R"(Examples:
  inkstone completion bash > ~/.local/share/bash-completion/completions/inkstone
  inkstone completion zsh > "${fpath[1]}/_inkstone"
  inkstone completion fish > ~/.config/fish/completions/inkstone.fish)";

}  // namespace

void add_completion(Commands& commands) {
  const auto shell = std::make_shared<std::string>();
  CLI::App& root = commands.root;
  CLI::App& app = commands.add(root, "completion", "Print what a shell reads to complete command lines",
                               [shell, &root](const Common&) { return print_completion(*shell, root); });
  app.add_option("SHELL", *shell, "bash, zsh or fish")->required()->type_name("bash|zsh|fish");
  app.footer(kFooter);
  commands.add(root, "man", "Print the manual page", [&root](const Common&) -> Result<int> {
    INK_TRY_STATUS(print(man_page(option_table(root), INK_VERSION)));
    return int{kDone};
  });
}

}  // namespace ink::cli
