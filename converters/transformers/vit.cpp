#include "converters/transformers/vit.h"

#include "converters/transformers/hf_config.h"
#include "converters/transformers/names.h"
#include "converters/transformers/pictures.h"
#include "models/vit.h"

namespace ink {

namespace {

constexpr NameRule kVit[] = {
    {"image.patch_embedding", "embeddings.patch_embeddings.projection"},
    {"image.class_embedding", "embeddings.cls_token"},
    {"image.position_embedding", "embeddings.position_embeddings"},
    {"image.layers.*.attention.query", "encoder.layer.*.attention.attention.query"},
    {"image.layers.*.attention.key", "encoder.layer.*.attention.attention.key"},
    {"image.layers.*.attention.value", "encoder.layer.*.attention.attention.value"},
    {"image.layers.*.attention.output", "encoder.layer.*.attention.output.dense"},
    {"image.layers.*.attention_norm", "encoder.layer.*.layernorm_before"},
    {"image.layers.*.mlp.up", "encoder.layer.*.intermediate.dense"},
    {"image.layers.*.mlp.down", "encoder.layer.*.output.dense"},
    {"image.layers.*.mlp_norm", "encoder.layer.*.layernorm_after"},
    {"image.final_norm", "layernorm"},
};

constexpr NameRule kDinov2[] = {
    {"image.patch_embedding", "embeddings.patch_embeddings.projection"},
    {"image.class_embedding", "embeddings.cls_token"},
    {"image.position_embedding", "embeddings.position_embeddings"},
    {"image.layers.*.attention.query", "encoder.layer.*.attention.attention.query"},
    {"image.layers.*.attention.key", "encoder.layer.*.attention.attention.key"},
    {"image.layers.*.attention.value", "encoder.layer.*.attention.attention.value"},
    {"image.layers.*.attention.output", "encoder.layer.*.attention.output.dense"},
    {"image.layers.*.attention_norm", "encoder.layer.*.norm1"},
    {"image.layers.*.attention_scale", "encoder.layer.*.layer_scale1.lambda1"},
    {"image.layers.*.mlp.up", "encoder.layer.*.mlp.fc1"},
    {"image.layers.*.mlp.down", "encoder.layer.*.mlp.fc2"},
    {"image.layers.*.mlp_norm", "encoder.layer.*.norm2"},
    {"image.layers.*.mlp_scale", "encoder.layer.*.layer_scale2.lambda1"},
    {"image.final_norm", "layernorm"},
};

// What tells them apart, and what a family's class says where config.json does not.
struct Family {
  std::string_view architecture;
  std::string_view known_by;  // a tensor that the other does not have
  std::string_view norm, up;
  std::span<const NameRule> rules;
  HfConfig::Defaults defaults;
  std::string_view kind;  // model_type
};

constexpr Family kFamilies[] = {
    {kVitArchitecture,
     "encoder.layer.0.layernorm_before.weight",
     "encoder.layer.*.layernorm_before.weight",
     "encoder.layer.0.intermediate.dense.weight",
     kVit,
     {12, 64, 1e-12, Activation::gelu},
     "vit"},
    {kDinov2Architecture,
     "encoder.layer.0.layer_scale1.lambda1",
     "encoder.layer.*.norm1.weight",
     "encoder.layer.0.mlp.fc1.weight",
     kDinov2,
     {12, 64, 1e-6, Activation::gelu},
     "dinov2"},
};

bool may_be_left_over(std::string_view name) {
  return name.ends_with("mask_token") || name.starts_with("pooler.") ||
         name.find(".pooler.") != std::string_view::npos || name.starts_with("classifier.");
}

Result<Recognised> recognise_family(const TensorSource& source, const Family& family,
                                    const std::string& prefix) {
  SourceShapes shapes(source, prefix);
  VitConfig config;
  config.layers.layers = shapes.layers(family.norm);
  config.layers.width = shapes.size(family.up, 2, 1);
  config.layers.mlp = shapes.size(family.up, 2, 0);
  constexpr std::string_view kPositions = "embeddings.position_embeddings";
  config.patches.patch = shapes.size("embeddings.patch_embeddings.projection.weight", 4, 3);
  config.patches.grid = shapes.square(kPositions, shapes.size(kPositions, 3, 1) - 1);
  config.patches.class_axes = 2;
  config.patches.position_axes = 1;
  HfConfig json(source, "");
  json.complete(config.layers, {}, family.defaults, {});
  INK_TRY_STATUS(shapes.status());
  INK_TRY_STATUS(json.status());
  Recognised found;
  found.architecture = family.architecture;
  found.config = config.json();
  found.tensors = vit_tensors(config, family.architecture);
  name_sources(found.tensors, family.rules, prefix);
  const ImagePreprocess preset = family.architecture == kDinov2Architecture
                                     ? presets::dinov2()
                                     : presets::vit(config.patches.grid * config.patches.patch);
  INK_TRY(found.preprocess, preprocess_json(source, "", family.kind, preset));
  found.may_be_left_over = may_be_left_over;
  return found;
}

}  // namespace

Result<std::optional<Recognised>> recognise_vit(const TensorSource& source, const RecogniseOptions&) {
  for (const Family& family : kFamilies) {
    if (const auto prefix = prefix_before(source, family.known_by)) {
      INK_TRY(Recognised found, recognise_family(source, family, *prefix));
      return std::optional(std::move(found));
    }
  }
  return std::optional<Recognised>();
}

}  // namespace ink
