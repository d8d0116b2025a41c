#include "converters/transformers/qformer.h"

#include "converters/transformers/hf_config.h"
#include "converters/transformers/names.h"
#include "converters/transformers/pictures.h"
#include "models/qformer.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr NameRule kRules[] = {
    {"image.patch_embedding", "vision_model.embeddings.patch_embedding"},
    {"image.class_embedding", "vision_model.embeddings.class_embedding"},
    {"image.position_embedding", "vision_model.embeddings.position_embedding"},
    {"image.layers.*.attention.qkv", "vision_model.encoder.layers.*.self_attn.qkv"},
    {"image.layers.*.attention.output", "vision_model.encoder.layers.*.self_attn.projection"},
    {"image.layers.*.attention_norm", "vision_model.encoder.layers.*.layer_norm1"},
    {"image.layers.*.mlp.up", "vision_model.encoder.layers.*.mlp.fc1"},
    {"image.layers.*.mlp.down", "vision_model.encoder.layers.*.mlp.fc2"},
    {"image.layers.*.mlp_norm", "vision_model.encoder.layers.*.layer_norm2"},
    {"image.final_norm", "vision_model.post_layernorm"},
    {"queries.rows", "query_tokens"},
    {"queries.first_norm", "qformer.layernorm"},
    {"queries.layers.*.attention.query", "qformer.encoder.layer.*.attention.attention.query"},
    {"queries.layers.*.attention.key", "qformer.encoder.layer.*.attention.attention.key"},
    {"queries.layers.*.attention.value", "qformer.encoder.layer.*.attention.attention.value"},
    {"queries.layers.*.attention.output", "qformer.encoder.layer.*.attention.output.dense"},
    {"queries.layers.*.attention_norm", "qformer.encoder.layer.*.attention.output.LayerNorm"},
    {"queries.layers.*.cross.query", "qformer.encoder.layer.*.crossattention.attention.query"},
    {"queries.layers.*.cross.key", "qformer.encoder.layer.*.crossattention.attention.key"},
    {"queries.layers.*.cross.value", "qformer.encoder.layer.*.crossattention.attention.value"},
    {"queries.layers.*.cross.output", "qformer.encoder.layer.*.crossattention.output.dense"},
    {"queries.layers.*.cross_norm", "qformer.encoder.layer.*.crossattention.output.LayerNorm"},
    {"queries.layers.*.mlp.up", "qformer.encoder.layer.*.intermediate_query.dense"},
    {"queries.layers.*.mlp.down", "qformer.encoder.layer.*.output_query.dense"},
    {"queries.layers.*.mlp_norm", "qformer.encoder.layer.*.output_query.LayerNorm"},
};

bool may_be_left_over(std::string_view name) {
  return name.find("language_model.") != std::string_view::npos ||
         name.find("language_projection.") != std::string_view::npos;
}

QFormerConfig config_of(SourceShapes& shapes, HfConfig& json) {
  QFormerConfig config;
  const std::string image = "vision_model.encoder.layers.", queries = "qformer.encoder.layer.";
  config.image.layers = shapes.layers(image + "*.layer_norm1.weight");
  config.image.width = shapes.size(image + "0.mlp.fc1.weight", 2, 1);
  config.image.mlp = shapes.size(image + "0.mlp.fc1.weight", 2, 0);
  // 16 heads of 88 in every release.
  json.complete(config.image, json.section("vision_config"), {16, 88, 1e-6, Activation::gelu}, {});
  constexpr std::string_view kPositions = "vision_model.embeddings.position_embedding";
  config.patches.patch = shapes.size("vision_model.embeddings.patch_embedding.weight", 4, 3);
  config.patches.grid = shapes.square(kPositions, shapes.size(kPositions, 3, 1) - 1);
  config.patches.class_axes = 2;
  config.patches.position_axes = 1;
  config.queries.layers = shapes.layers(queries + "*.output_query.LayerNorm.weight");
  config.queries.width = shapes.size(queries + "0.intermediate_query.dense.weight", 2, 1);
  config.queries.mlp = shapes.size(queries + "0.intermediate_query.dense.weight", 2, 0);
  const HfConfig::Section section = json.section("qformer_config");
  json.complete(config.queries, section, {12, 64, 1e-12, Activation::gelu}, {});
  config.query_count = shapes.size("query_tokens", 3, 1);
  config.cross_every = 1;
  while (config.cross_every < config.queries.layers &&
         !shapes.has(concat(queries, config.cross_every, ".crossattention.attention.query.weight"))) {
    ++config.cross_every;
  }
  return config;
}

}  // namespace

Result<std::optional<Recognised>> recognise_qformer(const TensorSource& source, const RecogniseOptions&) {
  const auto prefix = prefix_before(source, "qformer.layernorm.weight");
  if (!prefix) return std::optional<Recognised>();
  SourceShapes shapes(source, *prefix);
  HfConfig json(source, "");
  const QFormerConfig config = config_of(shapes, json);
  INK_TRY_STATUS(shapes.status());
  INK_TRY_STATUS(json.status());
  Recognised found;
  found.architecture = kQFormerArchitecture;
  found.config = config.json();
  found.tensors = qformer_tensors(config);
  name_sources(found.tensors, kRules, *prefix);
  INK_TRY(found.preprocess,
          preprocess_json(source, "", "blip-2", presets::blip2(config.patches.grid * config.patches.patch)));
  found.may_be_left_over = may_be_left_over;
  return std::optional(std::move(found));
}

}  // namespace ink
