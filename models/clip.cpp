#include "models/clip.h"

#include <cmath>

#include "engine/ops/ops.h"
#include "models/image_network.h"
#include "models/text_network.h"
#include "weights/message.h"

namespace ink {
namespace {

constexpr int kMostRows = 1 << 24;

TransformerForm form_of(const ClipConfig& config, bool causal) {
  return {.causal = causal, .joined_qkv = config.openai};
}

Value project(GraphBuilder& graph, const ClipConfig& config, const std::string& name, Value x) {
  const WeightLayout layout = config.openai ? WeightLayout::hwio : WeightLayout::oihw;
  return graph.add(name,
                   linear({.weight = name + ".weight",
                           .bias = {},
                           .in = graph.shape(x).c,
                           .out = config.projection,
                           .layout = layout}),
                   {x});
}

void add_projection(std::vector<TensorSpec>& table, const ClipConfig& config, const std::string& name,
                    int width) {
  std::vector<int64_t> shape{config.projection, width};
  if (config.openai) std::swap(shape[0], shape[1]);
  table.push_back({name + ".weight", std::move(shape), {}});
}

Result<ClipConfig> config_of(const WeightStore& store) {
  return ClipConfig::from_json(store.metadata(kConfigKey), concat(store.origin(), ": ", kConfigKey));
}

ModelOutput output_of(const ClipConfig& config) { return {"features", config.projection}; }

Result<Graph> text_graph(const ClipConfig& config) {
  const ClipConfig::Text& text = *config.text;
  const int width = text.layers.width;
  GraphBuilder graph;
  auto [x, segments] = add_text_embedding(graph, text.vocabulary, text.positions, width);
  x = transformer_layers(graph, text.layers, form_of(config, true), "text", x, {segments, {}});
  // The norm is each row's own, so that of the end token's row alone is the same.
  x = graph.add("text.end", sequence_pool(SequencePool::last, true), {x, segments});
  x = add_layer_norm(graph, "text.final_norm", x, text.layers.epsilon);
  graph.output("features", project(graph, config, "text.projection", x));
  return graph.finish();
}

Result<Graph> image_graph(const ClipConfig& config, const WeightStore& weights, PictureSize size) {
  const ClipConfig::Image& image = *config.image;
  GraphBuilder graph;
  Value x = graph.input("pictures", {Shape::kUnknown, size.h, size.w, 3});
  INK_TRY(x, patch_sequence_of(graph, weights, image.patches, image.layers.width, "image", x));
  x = add_layer_norm(graph, "image.first_norm", x, image.layers.epsilon);
  x = first_row_of_layers(graph, image.layers, form_of(config, false), "image", x);
  x = add_layer_norm(graph, "image.final_norm", x, image.layers.epsilon);
  graph.output("features", project(graph, config, "image.projection", x));
  return graph.finish();
}

Error no_tower(const WeightStore& store, std::string_view tower) {
  return {ErrorKind::usage, concat(store.origin(), ": this CLIP has no ", tower, " tower")};
}

}  // namespace

std::string ClipConfig::json() const {
  JsonObject object;
  if (text) {
    JsonObject tower = transformer_json(text->layers);
    tower.integer("vocabulary", text->vocabulary).integer("positions", text->positions);
    if (text->end_token != Text::kLargest) tower.integer("end_token", text->end_token);
    object.object("text", tower);
    if (!cleaning.empty()) object.text("cleaning", cleaning);
  }
  if (image) {
    object.object("image", transformer_json(image->layers).object("patches", patch_json(image->patches)));
  }
  return object.integer("projection", projection)
      .text("form", openai ? "openai" : "huggingface")
      .flag("logit_scale", logit_scale)
      .json();
}

Result<ClipConfig> ClipConfig::from_json(std::string_view json, const std::string& origin) {
  JsonFields fields(json, origin);
  ClipConfig config;
  if (fields.has("text")) {
    Text text;
    text.layers = transformer_from_json(fields, "text");
    text.vocabulary = fields.integer("text.vocabulary", 1, kMostRows);
    text.positions = fields.integer("text.positions", 1, kMostRows);
    text.end_token = fields.integer_or("text.end_token", Text::kLargest, 0, text.vocabulary - 1);
    config.text = text;
    config.cleaning = fields.text_or("cleaning", "");
  }
  if (fields.has("image")) {
    config.image = Image{transformer_from_json(fields, "image"), patch_from_json(fields, "image.patches")};
  }
  if (!config.text && !config.image) fields.refuse("text", "this tower, or \"image\"");
  config.projection = fields.integer("projection", 1, kMostRows);
  const std::string form = fields.text("form");
  if (form != "openai" && form != "huggingface") fields.refuse("form", "openai or huggingface");
  config.openai = form == "openai";
  config.logit_scale = fields.flag("logit_scale");
  INK_TRY_STATUS(fields.status());
  return config;
}

std::vector<TensorSpec> clip_tensors(const ClipConfig& config) {
  std::vector<TensorSpec> table;
  if (config.text) {
    const ClipConfig::Text& text = *config.text;
    const int width = text.layers.width;
    add_text_embedding_tensors(table, text.vocabulary, text.positions, width);
    add_transformer_tensors(table, text.layers, form_of(config, true), "text");
    add_norm_tensors(table, "text.final_norm", width);
    add_projection(table, config, "text.projection", width);
  }
  if (config.image) {
    const ClipConfig::Image& image = *config.image;
    const int width = image.layers.width;
    add_patch_tensors(table, image.patches, width, "image");
    add_norm_tensors(table, "image.first_norm", width);
    add_transformer_tensors(table, image.layers, form_of(config, false), "image");
    add_norm_tensors(table, "image.final_norm", width);
    add_projection(table, config, "image.projection", width);
  }
  if (config.logit_scale) table.push_back({std::string(kLogitScale), {}, {}});
  return table;
}

Result<std::vector<ModelOutput>> clip_text_outputs(const WeightStore& store) {
  INK_TRY(const ClipConfig config, config_of(store));
  if (!config.text) return no_tower(store, "text");
  return std::vector{output_of(config)};
}

Result<std::unique_ptr<TextModel>> build_clip_text(std::shared_ptr<const WeightStore> store,
                                                   const BuildOptions& options) {
  INK_TRY(const ClipConfig config, config_of(*store));
  if (!config.text) return no_tower(*store, "text");
  INK_TRY(Graph graph, text_graph(config));
  TextTraits traits{output_of(config), config.text->vocabulary, config.text->positions};
  traits.end = TextTraits::End::largest;
  if (config.text->end_token != ClipConfig::Text::kLargest) {
    traits.end = TextTraits::End::token;
    traits.end_token = config.text->end_token;
  }
  return make_text_model(std::move(graph), *store, traits, options);
}

Result<std::vector<ModelOutput>> clip_image_outputs(const WeightStore& store) {
  INK_TRY(const ClipConfig config, config_of(store));
  if (!config.image) return no_tower(store, "image");
  return std::vector{output_of(config)};
}

Result<std::unique_ptr<ImageModel>> build_clip_image(std::shared_ptr<const WeightStore> store,
                                                     const BuildOptions& options) {
  INK_TRY(const ClipConfig config, config_of(*store));
  if (!config.image) return no_tower(*store, "image");
  INK_TRY_STATUS(check_single_output(options, output_of(config)));
  const int side = config.image->patches.grid * config.image->patches.patch;
  INK_TRY(ImagePreprocess how, preprocess_of(*store, config.openai ? presets::openai_clip(side)
                                                                   : presets::huggingface_clip(side)));
  INK_TRY(const PictureSize size, patch_input(how, config.image->patches, false, store->origin()));
  INK_TRY(Graph graph, image_graph(config, *store, size));
  return make_image_model(std::move(graph), {output_of(config)}, std::move(how), *store, options);
}

Result<float> clip_logit_scale(const WeightStore& store) {
  INK_TRY(const AlignedBuffer<float> value, store.floats(kLogitScale, {}));
  return std::exp(value[0]);
}

}  // namespace ink
