#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/base/result.h"

namespace CLI {
class App;
}

namespace ink::cli {

enum class ProgressMode { automatic, plain, json, none };

// Options that every command takes.
struct Common {
  std::string threads_text;  // "4", or "load:proc:save" of realcugan-ncnn-vulkan
  std::string progress_text = "auto";
  int threads = 1;
  ProgressMode progress = ProgressMode::automatic;
  bool quiet = false, verbose = false, json = false;

  // Turns the texts into values. Error: usage.
  Status finish();
};

void add_common(CLI::App& app, Common& common);

// A command's work, once its options are parsed. The value is the exit code; an Error is printed and mapped.
using Action = std::function<Result<int>(const Common&)>;

// One of these for each subcommand: declares its options, and gives what to do when it was chosen.
struct Commands;
void add_upscale(Commands& commands);
void add_tag(Commands& commands);
void add_score(Commands& commands);
void add_embed(Commands& commands);
void add_tokenize(Commands& commands);
void add_models(Commands& commands);
void add_convert(Commands& commands);
void add_info(Commands& commands);
void add_limits(Commands& commands);
void add_bench(Commands& commands);
void add_completion(Commands& commands);

struct Commands {
  CLI::App& root;
  Common common = {};
  Action chosen = {};
  std::vector<CLI::App*> added = {};

  // A subcommand of `parent` with the common options, whose action is `chosen` when it is on the command
  // line.
  CLI::App& add(CLI::App& parent, const std::string& name, const std::string& description, Action action);
  // Once all are added: the common options, behind each command's own.
  void finish();
};

// On standard error, one line each, safe for any terminal.
void print_error(const std::string& message);
void print_warning(const Common& common, const std::string& message);
void print_detail(const Common& common, const std::string& message);

// On standard output. Error (io) where it does not take all of it.
Status print(const std::string& text);

}  // namespace ink::cli
