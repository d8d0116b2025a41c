#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "apps/cli/common.h"
#include "apps/cli/exit_code.h"
#include "kernels/base/isa.h"
#include "pictures/png.h"

namespace ink::cli {
namespace {

std::string version_text() {
  std::string sets;
  for (const Isa isa : supported_isas()) sets += std::string(sets.empty() ? "" : ", ") + isa_name(isa);
  return std::string("inkstone ") + INK_VERSION + "\ninstruction set: " + isa_name(active_isa()) + " (of " +
         sets + ")\n" + picture_library_versions();
}

// The options as they were typed are in error: a hint on where they are explained.
int report_usage(const CLI::App& root, std::string message) {
  std::string command = "inkstone";
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().back();
    command += " " + app->get_name();
  }
  // Without a command that exists the parser only says that one is required.
  if (!app->get_subcommands({}).empty() && !app->remaining().empty()) {
    message = "there is no command " + app->remaining().front();
  }
  print_error(message + " (\"" + command + " --help\" explains)");
  return kUsage;
}

int finish(const Result<int>& result) {
  if (result.ok()) return *result;
  print_error(result.error().message);
  return exit_code(result.error().kind);
}

// Other programs write options with underscores, --general_threshold; here they have hyphens.
std::vector<std::string> with_hyphens(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  for (std::string& word : words) {
    if (word == "--") break;
    if (!word.starts_with("--")) continue;
    const auto end = word.begin() + static_cast<ptrdiff_t>(std::min(word.find('='), word.size()));
    std::replace(word.begin(), end, '_', '-');
  }
  return words;
}

int run(int argc, char** argv) {
  CLI::App root("Anime-illustration models on the CPU, without a framework", "inkstone");
  root.set_version_flag("--version", version_text);
  root.require_subcommand(1);
  Commands commands{root};
  add_upscale(commands);
  add_tag(commands);
  add_score(commands);
  add_embed(commands);
  add_tokenize(commands);
  add_models(commands);
  add_convert(commands);
  add_info(commands);
  add_limits(commands);
  add_bench(commands);
  add_completion(commands);
  commands.finish();
  try {
    std::vector<std::string> words = with_hyphens(argc, argv);
    std::reverse(words.begin(), words.end());  // as the parser takes them
    root.parse(std::move(words));
  } catch (const CLI::Success& asked) {
    root.exit(asked);
    std::cout.flush();
    return std::cout ? kDone : kIo;
  } catch (const CLI::ParseError& wrong) {
    return report_usage(root, wrong.what());
  }
  if (const Status status = commands.common.finish(); !status.ok()) {
    return report_usage(root, status.error().message);
  }
  if (!chosen_isa().ok()) return finish(chosen_isa().error());
  return finish(commands.chosen(commands.common));
}

}  // namespace
}  // namespace ink::cli

int main(int argc, char** argv) {
#ifdef __GLIBC__
  // Large buffers go back to the system when they are freed, whatever was freed before: --max-memory counts
  // on it.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
  try {
    return ink::cli::run(argc, argv);
  } catch (const std::bad_alloc&) {
    ink::cli::print_error("there is not enough memory");
    return ink::cli::kLimit;
  } catch (const std::exception& bug) {
    ink::cli::print_error(std::string("this is a bug of inkstone: ") + bug.what());
    return ink::cli::kInternal;
  }
}
