#include <CLI/CLI.hpp>
#include <algorithm>
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
  options.hash_source = true;
  if (architecture == "realcugan-pro") {
    options.recognise.pro = true;
  } else if (!architecture.empty() && architecture != "realcugan") {
    return Error{ErrorKind::usage,
                 "--arch: expected realcugan or realcugan-pro, found \"" + architecture + "\""};
  }
  return options;
}

// Writing over a file that is read from would end with the source gone.
Status check_output(const Flags& flags) {
  namespace fs = std::filesystem;
  std::error_code problem;
  if (fs::equivalent(flags.source, flags.output, problem)) {
    return Error{ErrorKind::usage, "the output " + flags.output + " is the source"};
  }
  const fs::path output_folder = fs::absolute(flags.output, problem).parent_path();
  const fs::path source = fs::absolute(flags.source, problem);
  const bool is_folder = fs::is_directory(source, problem), is_index = source.extension() == ".json";
  if (!fs::exists(flags.output, problem) || (!is_folder && !is_index)) return {};
  if (fs::equivalent(output_folder, is_folder ? source : source.parent_path(), problem)) {
    return Error{ErrorKind::usage, "the output " + flags.output + " is a file of the source's folder"};
  }
  return {};
}

std::string first_names(const std::vector<std::string>& names) {
  constexpr size_t kShown = 3;
  std::vector<std::string> shown(names.begin(),
                                 names.begin() + static_cast<ptrdiff_t>(std::min(kShown, names.size())));
  for (std::string& name : shown) name = quote(name);
  return join(shown, ", ") + (names.size() > kShown ? ", ..." : "");
}

std::string summary(const Flags& flags, const WeightStore& store, const ConvertReport& report) {
  const size_t used = report.used.size(), left = report.left_over.size();
  return concat(flags.output, ": ", store.metadata(kArchitectureKey), " ", store.metadata(kConfigKey), ", ",
                used, " of ", used + left, " tensors of ", flags.source, " used",
                left == 0 ? "" : concat(", left over: ", first_names(report.left_over)));
}

std::string json(const Flags& flags, const WeightStore& store, const ConvertReport& report) {
  std::vector<std::string> used, left_over;
  for (const auto& [source, name] : report.used) {
    used.push_back(JsonObject().text("source", source).text("name", name).str());
  }
  for (const std::string& name : report.left_over) left_over.push_back(json_string(name));
  return JsonObject()
      .text("output", flags.output)
      .text("architecture", store.metadata(kArchitectureKey))
      .raw("config", store.metadata(kConfigKey))
      .number("tensors", static_cast<int64_t>(store.tensors().size()))
      .text("format", report.format)
      .raw("used", json_array(used))
      .raw("left_over", json_array(left_over))
      .str();
}

Result<int> run_convert(const Flags& flags, const Common& common) {
  INK_TRY(const LoadOptions options, load_options(flags.architecture));
  INK_TRY_STATUS(check_output(flags));
  ConvertReport report;
  INK_TRY(const WeightStore store, load_any_model(flags.source, options, &report));
  INK_TRY_STATUS(write_safetensors(store, flags.output));
  for (const auto& [source, name] : report.used) {
    print_detail(common, "used " + source + (source == name ? "" : " as " + name));
  }
  for (const std::string& name : report.left_over) print_detail(common, "left over " + name);
  if (common.json) {
    INK_TRY_STATUS(print(json(flags, store, report) + "\n"));
  } else if (!common.quiet) {
    INK_TRY_STATUS(print(printable(summary(flags, store, report)) + "\n"));
  }
  return int{kDone};
}

}  // namespace

void add_convert(Commands& commands) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& app = commands.add(commands.root, "convert", "Turn a released checkpoint into a model file",
                               [flags](const Common& common) { return run_convert(*flags, common); });
  app.add_option("SOURCE", flags->source,
                 "A checkpoint's file or folder: safetensors, torch, Keras, TensorFlow, or either of an ncnn "
                 ".param and .bin")
      ->required();
  app.add_option("-o,--output", flags->output, "The model file, NAME.safetensors")
      ->required()
      ->type_name("FILE");
  app.add_option("--arch", flags->architecture, "realcugan or realcugan-pro, where the source does not tell")
      ->type_name("NAME");
}

}  // namespace ink::cli
