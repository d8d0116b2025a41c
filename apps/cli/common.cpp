#include "apps/cli/common.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "apps/cli/text.h"
#include "kernels/base/parallel.h"

namespace ink::cli {
namespace {

constexpr int kMostThreads = 1024;

// "N", or the middle of "L:P:S"; P may list one number a GPU, of which the first counts.
Result<int> parse_threads(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  if (parts.size() != 1 && parts.size() != 3) {
    return Error{ErrorKind::usage,
                 "-j: expected a number of threads or load:proc:save, found \"" + text + "\""};
  }
  return parse_int(split(parts[parts.size() / 2], ',')[0], "-j", 1, kMostThreads);
}

void print_line(const char* level, const std::string& message) {
  std::fprintf(stderr, "inkstone: %s%s\n", level, printable(message).c_str());
}

}  // namespace

Status Common::finish() {
  threads = default_threads();
  if (!threads_text.empty()) {
    INK_TRY(threads, parse_threads(threads_text));
  }
  if (progress_text == "auto") {
    progress = ProgressMode::automatic;
  } else if (progress_text == "plain") {
    progress = ProgressMode::plain;
  } else if (progress_text == "json") {
    progress = ProgressMode::json;
  } else if (progress_text == "none") {
    progress = ProgressMode::none;
  } else {
    return Error{ErrorKind::usage,
                 "--progress: expected auto, plain, json or none, found \"" + progress_text + "\""};
  }
  if (quiet) progress = ProgressMode::none;
  return {};
}

void add_common(CLI::App& app, Common& common) {
  const std::string group = "Common options";
  app.add_option("-j,--threads", common.threads_text,
                 "Threads; default: what affinity and container quota allow")
      ->type_name("N")
      ->group(group);
  app.add_option("--progress", common.progress_text, "On standard error: auto, plain, json or none")
      ->type_name("auto|plain|json|none")
      ->group(group);
  app.add_flag("--json", common.json, "The result as JSON on standard output")->group(group);
  app.add_flag("-q,--quiet", common.quiet, "No progress and no warnings")->group(group);
  app.add_flag("-v,--verbose", common.verbose, "Say more on standard error")->group(group);
}

CLI::App& Commands::add(CLI::App& parent, const std::string& name, const std::string& description,
                        Action action) {
  CLI::App* app = parent.add_subcommand(name, description);
  added.push_back(app);
  app->callback([this, action = std::move(action)] { chosen = action; });
  return *app;
}

void Commands::finish() {
  for (CLI::App* app : added) add_common(*app, common);
}

void print_error(const std::string& message) { print_line("error: ", message); }

void print_warning(const Common& common, const std::string& message) {
  if (!common.quiet) print_line("warning: ", message);
}

void print_detail(const Common& common, const std::string& message) {
  if (common.verbose && !common.quiet) print_line("", message);
}

Status print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return {};
  return Error{ErrorKind::io, std::string("standard output cannot be written: ") + std::strerror(errno)};
}

}  // namespace ink::cli
