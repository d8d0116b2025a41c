#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "apps/cli/batches.h"
#include "apps/cli/common.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/picture_network.h"
#include "apps/cli/text.h"
#include "apps/cli/vector_options.h"

namespace ink::cli {
namespace {

constexpr int kPicturesARun = 4;
// What an output is called that holds the probabilities of the classes 0, 1, 2 ...
constexpr std::string_view kSuffix = "_predict";

struct Flags {
  PictureFlags pictures;
  ModelFlags model;
};

double expected_class(std::span<const float> probabilities) {
  double sum = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) sum += static_cast<double>(i) * probabilities[i];
  return sum;
}

class ScoreWriter : public RowSink {
 public:
  ScoreWriter(std::span<const ModelOutput> outputs, bool json, const Tally& tally)
      : outputs_(outputs), json_(json), tally_(tally) {}

  Status take(size_t item, Rows rows) override {
    return print(json_ ? json(item, rows) + "\n" : text(item, rows));
  }
  Status fail(size_t item, const Error& why) override {
    return json_ ? print(failure_json(tally_.name(item), why) + "\n") : Status();
  }

 private:
  std::string json(size_t item, Rows rows) const {
    JsonObject object;
    object.text("file", tally_.name(item));
    for (size_t i = 0; i < rows.size(); ++i) object.raw(outputs_[i].name, json_array(rows[i]));
    return object.str();
  }

  std::string text(size_t item, Rows rows) const {
    std::string text = printable(tally_.name(item)) + "\n";
    for (size_t i = 0; i < rows.size(); ++i) {
      std::string head = printable(outputs_[i].name);
      head.resize(std::max<size_t>(head.size(), 18), ' ');
      text += concat("  ", head, decimals(expected_class(rows[i]), 2), " of 0 to ", rows[i].size() - 1, ":");
      for (const float probability : rows[i]) text += concat(" ", decimals(probability, 3));
      text += "\n";
    }
    return text;
  }

  const std::span<const ModelOutput> outputs_;
  const bool json_;
  const Tally& tally_;
};

Result<std::vector<std::string>> score_outputs(const LoadedModel& loaded) {
  INK_TRY(const std::vector<ModelOutput> outputs, loaded.image_outputs());
  std::vector<std::string> names;
  for (const ModelOutput& output : outputs) {
    if (output.name.ends_with(kSuffix)) names.push_back(output.name);
  }
  if (!names.empty()) return names;
  return model_error(loaded.path, ": ", loaded.architecture->title, " gives no scores",
                     outputs.empty() ? "" : concat(" (its outputs: ", output_names(outputs), ")"));
}

Result<int> run_score(const Flags& flags, const Common& common) {
  INK_TRY(const BatchSettings settings, flags.model.settings(common, kPicturesARun));
  INK_TRY(const std::vector<std::string> files, flags.pictures.files());
  if (files.empty()) return Error{ErrorKind::usage, "name a picture"};
  INK_TRY(LoadedModel loaded, flags.model.load(common.threads));
  INK_TRY(std::vector<std::string> outputs, score_outputs(loaded));
  INK_TRY(const PictureNetwork network,
          PictureNetwork::create(loaded, std::move(outputs), flags.pictures.preprocess, common.threads,
                                 runs_of(files.size(), settings) == 1));
  loaded.store.reset();
  catch_interrupts();
  Tally tally(common, input_names(files), "pictures");
  ScoreWriter writer(network.model->outputs(), common.json, tally);
  INK_TRY_STATUS(run_pictures(files, network, settings, 0, tally, writer));
  return tally.finish();
}

constexpr const char* kFooter = R"(Each score is a distribution over classes from 0 on; its mean comes first.
Examples:
  inkstone score pic.jpg -m pix2score/
  inkstone score photos/ -r -m pix2score.safetensors --json > scores.jsonl)";

}  // namespace

void add_score(Commands& commands) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& app = commands.add(commands.root, "score", "Predict how pictures will be received",
                               [flags](const Common& common) { return run_score(*flags, common); });
  add_picture_options(app, flags->pictures);
  add_model_options(app, flags->model);
  app.get_option("--model")->required();
  app.footer(kFooter);
}

}  // namespace ink::cli
