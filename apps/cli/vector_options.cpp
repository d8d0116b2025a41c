#include "apps/cli/vector_options.h"

#include <CLI/CLI.hpp>

#include "apps/cli/inputs.h"
#include "apps/cli/memory.h"
#include "apps/cli/streams.h"
#include "apps/cli/text.h"

namespace ink::cli {

Result<std::vector<std::string>> PictureFlags::files() const {
  std::vector<std::string> named = inputs;
  if (!input.empty()) named.push_back(input);
  INK_TRY(const InputFiles expanded, expand_inputs(named, recursive, ""));
  std::vector<std::string> paths;
  for (const InputFile& file : expanded.files) paths.push_back(file.path);
  return paths;
}

void add_picture_options(CLI::App& app, PictureFlags& flags) {
  const std::string group = "Files";
  app.add_option("INPUT", flags.inputs,
                 "Pictures (PNG, JPEG, WebP), folders of them, or - for standard input")
      ->type_name("");
  app.add_option("-i,--input", flags.input, "The same, for one")->type_name("INPUT")->group(group);
  app.add_flag("-r,--recursive", flags.recursive, "Folders with those below them")->group(group);
  app.add_option("--preprocess", flags.preprocess,
                 "How a picture becomes the network's input, instead of the model's own way")
      ->type_name("acg2vec|deepdanbooru|NAME")
      ->group("Model");
}

Result<LoadedModel> ModelFlags::load(int threads) const {
  INK_TRY(LoadedModel loaded, load_model_for_use(model, model_folder, threads));
  INK_TRY_STATUS(set_precision(loaded, precision));
  return loaded;
}

Status set_precision(LoadedModel& loaded, const std::string& name) {
  if (name.empty()) return {};
  for (const Precision precision : {Precision::f32, Precision::bf16, Precision::int8}) {
    if (name != precision_name(precision)) continue;
    const bool has_networks = loaded.architecture->image != nullptr || loaded.architecture->text != nullptr;
    if (!has_networks && precision != Precision::f32) {
      return Error{ErrorKind::usage,
                   concat("--precision ", name, ": ", loaded.architecture->title, " runs in f32 alone")};
    }
    loaded.precision = precision;
    return {};
  }
  return Error{ErrorKind::usage, "--precision: expected f32, bf16 or int8, found \"" + name + "\""};
}

void add_precision_option(CLI::App& app, std::string& precision) {
  app.add_option("--precision", precision,
                 "Of products and convolutions: bf16 and int8 are faster where the CPU has instructions for "
                 "them, and less exact; default: f32")
      ->type_name("f32|bf16|int8")
      ->group("Model");
}

Result<BatchSettings> ModelFlags::settings(const Common& common, int batch_by_default) const {
  constexpr int kMostInputs = 4096;
  BatchSettings settings{batch_by_default, common.threads, default_memory_budget(), false};
  if (!batch.empty()) {
    INK_TRY(settings.batch, parse_int(batch, "-b", 1, kMostInputs));
  }
  if (!max_memory.empty()) {
    const Result<uint64_t> size = parse_size(max_memory);
    if (!size.ok()) return Error{ErrorKind::usage, "--max-memory: " + size.error().message};
    settings.memory_budget = *size;
    settings.memory_given = true;
  }
  return settings;
}

void add_model_options(CLI::App& app, ModelFlags& flags) {
  const std::string group = "Model";
  app.add_option("-m,--model", flags.model, "The file or folder of a model, converted or as it was released")
      ->type_name("MODEL")
      ->group(group);
  app.add_option("--model-dir", flags.model_folder, "Folder looked into first for models")
      ->type_name("DIR")
      ->group(group);
  app.add_option("-b,--batch-size", flags.batch, "Inputs that the network takes at once; same results")
      ->type_name("N")
      ->group(group);
  app.add_option("--max-memory", flags.max_memory,
                 "The most that the process should take, such as 2G; default: half of what is free")
      ->type_name("SIZE")
      ->group(group);
  add_precision_option(app, flags.precision);
}

std::vector<std::string> input_names(const std::vector<std::string>& files) {
  std::vector<std::string> names;
  for (const std::string& file : files) names.push_back(input_name(file));
  return names;
}

}  // namespace ink::cli
