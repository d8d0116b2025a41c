#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "apps/cli/common.h"
#include "apps/cli/exit_code.h"
#include "apps/cli/models_folder.h"
#include "apps/cli/text.h"
#include "models/model.h"
#include "weights/safetensors.h"

namespace ink::cli {
namespace {

struct Flags {
  std::string source, output, architecture;
};

Result<LoadOptions> load_options(const std::string& architecture) {
  LoadOptions options;
  if (architecture == "realcugan-pro") {
    options.pro = true;
  } else if (!architecture.empty() && architecture != "realcugan") {
    return Error{ErrorKind::usage,
                 "--arch: expected realcugan or realcugan-pro, found \"" + architecture + "\""};
  }
  return options;
}

Result<int> run_convert(const Flags& flags, const Common& common) {
  INK_TRY(const LoadOptions options, load_options(flags.architecture));
  std::error_code problem;
  if (std::filesystem::equivalent(flags.source, flags.output, problem)) {
    return Error{ErrorKind::usage, "the output " + flags.output + " is the source"};
  }
  INK_TRY(const WeightStore store, load_any_model(flags.source, options));
  INK_TRY_STATUS(write_safetensors(store, flags.output));
  const auto tensors = static_cast<int64_t>(store.tensors().size());
  const std::string_view architecture = store.metadata(kArchitectureKey), config = store.metadata(kConfigKey);
  if (common.json) {
    INK_TRY_STATUS(print(JsonObject()
                             .text("output", flags.output)
                             .text("architecture", architecture)
                             .raw("config", config)
                             .number("tensors", tensors)
                             .str() +
                         "\n"));
  } else {
    print_detail(common, flags.output + ": " + std::string(architecture) + " " + std::string(config) + ", " +
                             std::to_string(tensors) + " tensors");
  }
  return int{kDone};
}

}  // namespace

void add_convert(Commands& commands) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& app = commands.add(commands.root, "convert", "Turn a released checkpoint into a model file",
                               [flags](const Common& common) { return run_convert(*flags, common); });
  app.add_option("SOURCE", flags->source, "A .safetensors, or either of an ncnn .param and .bin")->required();
  app.add_option("-o,--output", flags->output, "The model file, NAME.safetensors")
      ->required()
      ->type_name("FILE");
  app.add_option("--arch", flags->architecture, "realcugan or realcugan-pro, where the source does not tell")
      ->type_name("NAME");
}

}  // namespace ink::cli
