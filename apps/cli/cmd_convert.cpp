#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "apps/cli/attachments.h"
#include "apps/cli/common.h"
#include "apps/cli/exit_code.h"
#include "apps/cli/int8_report.h"
#include "apps/cli/models_folder.h"
#include "apps/cli/text.h"
#include "models/architecture.h"
#include "models/model.h"
#include "weights/safetensors.h"

namespace ink::cli {
namespace {

struct Flags {
  std::string source, output, architecture;
  AttachmentFlags attachments;
  bool int8 = false;
  CompareFlags compare;
};

// Whether a family of models knows the name: its own, or one of its variants'.
bool is_known(const std::string& name) {
  return std::ranges::any_of(architectures(), [&](const Architecture& architecture) {
    return name == architecture.name || name.starts_with(concat(architecture.name, "-"));
  });
}

Result<LoadOptions> load_options(const std::string& architecture) {
  LoadOptions options;
  options.hash_source = true;
  if (architecture == "realcugan-pro") {
    options.recognise.pro = true;
  } else if (architecture.empty() || is_known(architecture)) {
    options.recognise.architecture = architecture;
  } else {
    std::vector<std::string> known = {"realcugan-pro"};
    for (const Architecture& one : architectures()) known.emplace_back(one.name);
    return Error{ErrorKind::usage,
                 concat("--arch: expected ", join(known, ", "), ", found \"", architecture, "\"")};
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

std::string summary(const Flags& flags, const Attached& attached, const ConvertReport& report) {
  const WeightStore& store = attached.store;
  const size_t used = report.used.size(), left = report.left_over.size();
  return concat(flags.output, ": ", store.metadata(kArchitectureKey), " ", store.metadata(kConfigKey), ", ",
                used, " of ", used + left, " tensors of ", flags.source, " used",
                left == 0 ? "" : concat(", left over: ", first_names(report.left_over)),
                attached.names.empty() ? "" : concat(", with ", join(attached.names, ", ")));
}

std::string json(const Flags& flags, const Attached& attached, const ConvertReport& report,
                 const std::vector<Agreement>& agreements) {
  const WeightStore& store = attached.store;
  std::vector<std::string> used, left_over, names;
  for (const std::string& name : attached.names) names.push_back(json_string(name));
  for (const auto& [source, name] : report.used) {
    used.push_back(JsonObject().text("source", source).text("name", name).str());
  }
  for (const std::string& name : report.left_over) left_over.push_back(json_string(name));
  std::vector<std::string> int8;
  for (const Agreement& agreement : agreements) int8.push_back(agreement_json(agreement));
  JsonObject object;
  object.text("output", flags.output)
      .text("architecture", store.metadata(kArchitectureKey))
      .raw("config", store.metadata(kConfigKey))
      .number("tensors", static_cast<int64_t>(store.tensors().size()))
      .text("format", report.format)
      .raw("used", json_array(used))
      .raw("left_over", json_array(left_over))
      .raw("attached", json_array(names));
  if (flags.int8) object.raw("int8", json_array(int8));
  return object.str();
}

Result<int> run_convert(const Flags& flags, const Common& common) {
  INK_TRY(LoadOptions options, load_options(flags.architecture));
  options.threads = common.threads;
  INK_TRY_STATUS(check_output(flags));
  ConvertReport report;
  if (!flags.int8 && (!flags.compare.pictures.empty() || !flags.compare.texts.empty())) {
    return Error{ErrorKind::usage, "--compare and --compare-texts go with --int8"};
  }
  LoadedModel loaded{flags.source, nullptr, nullptr};
  INK_TRY(WeightStore store, load_any_model(flags.source, options, &report));
  loaded.store = std::make_shared<const WeightStore>(std::move(store));
  INK_TRY(loaded.architecture, architecture_of(*loaded.store));
  INK_TRY(Attached attached, attach(loaded, flags.attachments, common.threads));
  std::vector<Agreement> agreements;
  if (flags.int8) {
    loaded.store = std::make_shared<const WeightStore>(std::move(attached.store));
    INK_TRY(Int8Model int8, make_int8(loaded, flags.compare, common.threads));
    attached.store = *int8.loaded.store;
    agreements = std::move(int8.agreements);
  }
  INK_TRY_STATUS(write_safetensors(attached.store, flags.output));
  for (const std::string& lack : attached.lacks) print_warning(common, lack);
  for (const auto& [source, name] : report.used) {
    print_detail(common, "used " + source + (source == name ? "" : " as " + name));
  }
  for (const std::string& name : report.left_over) print_detail(common, "left over " + name);
  if (common.json) {
    INK_TRY_STATUS(print(json(flags, attached, report, agreements) + "\n"));
  } else if (!common.quiet) {
    std::string text = printable(summary(flags, attached, report)) + "\n";
    for (const Agreement& agreement : agreements) text += agreement_text(agreement);
    INK_TRY_STATUS(print(text));
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
  app.add_option("--arch", flags->architecture,
                 "What it is, such as realcugan-pro, where the source does not tell")
      ->type_name("NAME");
  add_attachment_options(app, flags->attachments);
  const std::string group = "In 8 bits";
  app.add_flag("--int8", flags->int8,
               "Weights of products and convolutions as bytes; says how near the results stay to f32")
      ->group(group);
  app.add_option("--compare", flags->compare.pictures,
                 "Pictures and folders to tell that by; default: made-up ones")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--compare-texts", flags->compare.texts, "Texts to tell it by, as embed's --text-file")
      ->type_name("FILE")
      ->group(group);
}

}  // namespace ink::cli
