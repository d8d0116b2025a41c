#include "models/distilbert.h"

#include "engine/ops/ops.h"
#include "models/text_network.h"
#include "weights/message.h"

namespace ink {
namespace {

constexpr int kMostRows = 1 << 24;

TransformerForm form_of(const DistilBertConfig& config) {
  return {.norm_first = false, .in_out = config.in_out};
}

Result<DistilBertConfig> config_of(const WeightStore& store) {
  return DistilBertConfig::from_json(store.metadata(kConfigKey), concat(store.origin(), ": ", kConfigKey));
}

ModelOutput output_of(const DistilBertConfig& config) {
  return {"features", config.dense ? config.dense->size : config.layers.width};
}

Result<Graph> build_graph(const DistilBertConfig& config) {
  const int width = config.layers.width;
  GraphBuilder graph;
  auto [x, segments] = add_text_embedding(graph, config.vocabulary, config.positions, width);
  x = add_layer_norm(graph, "text.first_norm", x, config.layers.epsilon);
  x = transformer_layers(graph, config.layers, form_of(config), "text", x, {segments, {}});
  x = graph.add("text.mean", sequence_pool(SequencePool::mean, true), {x, segments});
  if (config.dense) {
    const WeightLayout layout = config.in_out ? WeightLayout::hwio : WeightLayout::oihw;
    x = graph.add("text.dense",
                  linear({.weight = "text.dense.weight",
                          .bias = "text.dense.bias",
                          .in = width,
                          .out = config.dense->size,
                          .layout = layout}),
                  {x});
    if (config.dense->activation != Activation::none) {
      x = graph.add("text.dense.activation", activation({.activation = config.dense->activation}), {x});
    }
  }
  graph.output("features", x);
  return graph.finish();
}

}  // namespace

std::string DistilBertConfig::json() const {
  JsonObject object;
  object.object("text",
                transformer_json(layers).integer("vocabulary", vocabulary).integer("positions", positions));
  if (dense) {
    object.object(
        "dense",
        JsonObject().integer("size", dense->size).flag("tanh", dense->activation == Activation::tanh));
  }
  return object.flag("normalize", normalize).text("form", in_out ? "in_out" : "out_in").json();
}

Result<DistilBertConfig> DistilBertConfig::from_json(std::string_view json, const std::string& origin) {
  JsonFields fields(json, origin);
  DistilBertConfig config;
  config.layers = transformer_from_json(fields, "text");
  config.vocabulary = fields.integer("text.vocabulary", 1, kMostRows);
  config.positions = fields.integer("text.positions", 1, kMostRows);
  if (fields.has("dense")) {
    config.dense = Dense{fields.integer("dense.size", 1, kMostRows),
                         fields.flag("dense.tanh") ? Activation::tanh : Activation::none};
  }
  config.normalize = fields.flag("normalize");
  const std::string form = fields.text("form");
  if (form != "in_out" && form != "out_in") fields.refuse("form", "in_out or out_in");
  config.in_out = form == "in_out";
  INK_TRY_STATUS(fields.status());
  return config;
}

std::vector<TensorSpec> distilbert_tensors(const DistilBertConfig& config) {
  const int width = config.layers.width;
  std::vector<TensorSpec> table;
  add_text_embedding_tensors(table, config.vocabulary, config.positions, width);
  add_norm_tensors(table, "text.first_norm", width);
  add_transformer_tensors(table, config.layers, form_of(config), "text");
  if (config.dense) add_linear_tensors(table, "text.dense", width, config.dense->size, config.in_out);
  return table;
}

Result<std::vector<ModelOutput>> distilbert_outputs(const WeightStore& store) {
  INK_TRY(const DistilBertConfig config, config_of(store));
  return std::vector{output_of(config)};
}

Result<std::unique_ptr<TextModel>> build_distilbert(std::shared_ptr<const WeightStore> store,
                                                    const BuildOptions& options) {
  INK_TRY(const DistilBertConfig config, config_of(*store));
  INK_TRY(Graph graph, build_graph(config));
  TextTraits traits{output_of(config), config.vocabulary, config.positions};
  traits.normalize = config.normalize;
  return make_text_model(std::move(graph), *store, traits, options);
}

}  // namespace ink
