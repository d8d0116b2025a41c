#include "apps/cli/model_facts.h"

#include <memory>

#include "apps/cli/checkpoint_text.h"
#include "apps/cli/model_labels.h"
#include "apps/cli/model_tokenizer.h"
#include "apps/cli/text.h"
#include "kernels/base/dtype.h"
#include "models/model.h"

namespace ink::cli {
namespace {

void add_plan(const PreparedModel& network, std::span<const Shape> inputs, int threads, TowerFacts& facts) {
  facts.packed_bytes = network.packed_bytes();
  const Result<std::shared_ptr<const Plan>> plan = network.plan(inputs, threads);
  if (!plan.ok()) return;
  facts.flops = (*plan)->flops();
  facts.working_bytes = (*plan)->memory_bytes();
}

Result<TowerFacts> picture_facts(const LoadedModel& loaded, int threads) {
  TowerFacts facts;
  facts.of = "pictures";
  INK_TRY(facts.outputs, loaded.image_outputs());
  INK_TRY(const PictureNetwork network, PictureNetwork::create(loaded, {}, "", threads));
  facts.input = concat(network.size.w, "x", network.size.h, " pixels");
  facts.preprocess = network.preprocess.json();
  const Shape shape{1, network.size.h, network.size.w, 3};
  add_plan(network.model->network(), {&shape, 1}, threads, facts);
  return facts;
}

Result<TowerFacts> text_facts(const LoadedModel& loaded, int threads) {
  TowerFacts facts;
  facts.of = "texts";
  INK_TRY(facts.outputs, loaded.text_outputs());
  INK_TRY(const std::unique_ptr<TextModel> model,
          loaded.architecture->text(loaded.store, {.threads = threads, .precision = loaded.precision}));
  facts.input = concat("up to ", model->max_tokens(), " tokens");
  add_plan(model->network(), text_shapes(1, model->max_tokens()), threads, facts);
  const auto tokenizer = load_tokenizer(loaded.path, *loaded.store, {}, model->max_tokens());
  if (tokenizer.ok()) {
    facts.tokenizer = concat((*tokenizer)->kind(), ", ", (*tokenizer)->cleaning(), ", ",
                             (*tokenizer)->vocabulary_size(), " tokens");
  }
  return facts;
}

std::string outputs_text(const std::vector<ModelOutput>& outputs) {
  std::vector<std::string> parts;
  for (const ModelOutput& output : outputs) parts.push_back(concat(output.name, " (", output.size, ")"));
  return join(parts, ", ");
}

std::string tower_text(const TowerFacts& tower) {
  std::string text = concat("of ", tower.of, "\n");
  const auto line = [&](const char* key, const std::string& value) {
    if (!value.empty()) text += concat("  ", fact_line(key, value));
  };
  line("input", tower.input);
  line("outputs", outputs_text(tower.outputs));
  if (tower.flops > 0) {
    line("work", decimals(tower.flops / 1e9, 3) + " GFLOP");
    line("memory",
         size_text(tower.packed_bytes) + " of weights, " + size_text(tower.working_bytes) + " to work in");
  }
  line("preprocessing", printable(tower.preprocess));
  if (tower.of == "texts") line("tokenizer", tower.tokenizer.empty() ? "not found" : tower.tokenizer);
  return text;
}

std::string tower_json(const TowerFacts& tower) {
  std::vector<std::string> outputs;
  for (const ModelOutput& output : tower.outputs) {
    outputs.push_back(
        JsonObject().text("name", output.name).number("size", static_cast<int64_t>(output.size)).str());
  }
  JsonObject object;
  object.text("input", tower.input)
      .raw("outputs", json_array(outputs))
      .number("gflop", tower.flops / 1e9)
      .number("packed_bytes", static_cast<int64_t>(tower.packed_bytes))
      .number("working_bytes", static_cast<int64_t>(tower.working_bytes));
  if (!tower.preprocess.empty()) object.raw("preprocess", tower.preprocess);
  if (!tower.tokenizer.empty()) object.text("tokenizer", tower.tokenizer);
  return object.str();
}

}  // namespace

std::vector<Shape> text_shapes(int texts, int tokens) {
  return {{1, 1, texts * tokens, 1}, {1, 1, texts + 1, 1}};
}

Result<ModelFacts> model_facts(const LoadedModel& loaded, int threads) {
  ModelFacts facts;
  facts.title = loaded.architecture->title;
  facts.license = loaded.store->metadata(kLicenseKey);
  facts.source = loaded.store->metadata(kSourceKey);
  for (const StoredTensor& tensor : loaded.store->tensors()) {
    // Labels and tokenizers travel as bytes.
    if (tensor.dtype == DType::u8) continue;
    facts.weight_bytes += tensor.bytes.size();
    facts.parameters += element_count(tensor.shape).value_or(0);
  }
  if (loaded.architecture->image != nullptr) {
    INK_TRY(TowerFacts tower, picture_facts(loaded, threads));
    for (const ModelOutput& output : tower.outputs) {
      if (output.name != "tags") continue;
      const Result<Labels> labels = load_labels(loaded, "", "", output.size);
      if (labels.ok()) facts.labels = static_cast<int64_t>(labels->size());
    }
    facts.towers.push_back(std::move(tower));
  }
  if (loaded.architecture->text != nullptr) {
    INK_TRY(TowerFacts tower, text_facts(loaded, threads));
    facts.towers.push_back(std::move(tower));
  }
  return facts;
}

std::string model_facts_text(const ModelFacts& facts) {
  std::string text = fact_line("architecture", facts.title);
  text +=
      fact_line("parameters", concat(std::to_string(facts.parameters), ", ", size_text(facts.weight_bytes)));
  text += fact_line("licence", facts.license.empty() ? "not known" : printable(facts.license));
  if (!facts.source.empty()) text += fact_line("source", printable(facts.source));
  if (facts.labels > 0) text += fact_line("names of tags", std::to_string(facts.labels));
  for (const TowerFacts& tower : facts.towers) text += tower_text(tower);
  return text;
}

std::string model_facts_json(const ModelFacts& facts) {
  JsonObject object;
  object.text("title", facts.title)
      .number("parameters", facts.parameters)
      .number("weight_bytes", static_cast<int64_t>(facts.weight_bytes))
      .text("license", facts.license)
      .text("source", facts.source)
      .number("labels", facts.labels);
  for (const TowerFacts& tower : facts.towers) object.raw(tower.of, tower_json(tower));
  return object.str();
}

}  // namespace ink::cli
