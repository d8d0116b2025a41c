#include "converters/transformers/clip.h"

#include <algorithm>

#include "converters/transformers/hf_config.h"
#include "converters/transformers/names.h"
#include "converters/transformers/pictures.h"
#include "models/clip.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr NameRule kHuggingFace[] = {
    {"text.token_embedding", "text_model.embeddings.token_embedding.weight"},
    {"text.position_embedding", "text_model.embeddings.position_embedding.weight"},
    {"text.layers.*.attention.query", "text_model.encoder.layers.*.self_attn.q_proj"},
    {"text.layers.*.attention.key", "text_model.encoder.layers.*.self_attn.k_proj"},
    {"text.layers.*.attention.value", "text_model.encoder.layers.*.self_attn.v_proj"},
    {"text.layers.*.attention.output", "text_model.encoder.layers.*.self_attn.out_proj"},
    {"text.layers.*.attention_norm", "text_model.encoder.layers.*.layer_norm1"},
    {"text.layers.*.mlp.up", "text_model.encoder.layers.*.mlp.fc1"},
    {"text.layers.*.mlp.down", "text_model.encoder.layers.*.mlp.fc2"},
    {"text.layers.*.mlp_norm", "text_model.encoder.layers.*.layer_norm2"},
    {"text.final_norm", "text_model.final_layer_norm"},
    {"text.projection", "text_projection"},
    {"image.patch_embedding", "vision_model.embeddings.patch_embedding"},
    {"image.class_embedding", "vision_model.embeddings.class_embedding"},
    {"image.position_embedding", "vision_model.embeddings.position_embedding.weight"},
    {"image.first_norm", "vision_model.pre_layrnorm"},
    {"image.layers.*.attention.query", "vision_model.encoder.layers.*.self_attn.q_proj"},
    {"image.layers.*.attention.key", "vision_model.encoder.layers.*.self_attn.k_proj"},
    {"image.layers.*.attention.value", "vision_model.encoder.layers.*.self_attn.v_proj"},
    {"image.layers.*.attention.output", "vision_model.encoder.layers.*.self_attn.out_proj"},
    {"image.layers.*.attention_norm", "vision_model.encoder.layers.*.layer_norm1"},
    {"image.layers.*.mlp.up", "vision_model.encoder.layers.*.mlp.fc1"},
    {"image.layers.*.mlp.down", "vision_model.encoder.layers.*.mlp.fc2"},
    {"image.layers.*.mlp_norm", "vision_model.encoder.layers.*.layer_norm2"},
    {"image.final_norm", "vision_model.post_layernorm"},
    {"image.projection", "visual_projection"},
    {"logit_scale", "logit_scale"},
};

constexpr NameRule kOpenAi[] = {
    {"text.token_embedding", "token_embedding.weight"},
    {"text.position_embedding", "positional_embedding"},
    {"text.layers.*.attention.qkv.weight", "transformer.resblocks.*.attn.in_proj_weight"},
    {"text.layers.*.attention.qkv.bias", "transformer.resblocks.*.attn.in_proj_bias"},
    {"text.layers.*.attention.output", "transformer.resblocks.*.attn.out_proj"},
    {"text.layers.*.attention_norm", "transformer.resblocks.*.ln_1"},
    {"text.layers.*.mlp.up", "transformer.resblocks.*.mlp.c_fc"},
    {"text.layers.*.mlp.down", "transformer.resblocks.*.mlp.c_proj"},
    {"text.layers.*.mlp_norm", "transformer.resblocks.*.ln_2"},
    {"text.final_norm", "ln_final"},
    {"text.projection.weight", "text_projection"},
    {"image.patch_embedding", "visual.conv1"},
    {"image.class_embedding", "visual.class_embedding"},
    {"image.position_embedding", "visual.positional_embedding"},
    {"image.first_norm", "visual.ln_pre"},
    {"image.layers.*.attention.qkv.weight", "visual.transformer.resblocks.*.attn.in_proj_weight"},
    {"image.layers.*.attention.qkv.bias", "visual.transformer.resblocks.*.attn.in_proj_bias"},
    {"image.layers.*.attention.output", "visual.transformer.resblocks.*.attn.out_proj"},
    {"image.layers.*.attention_norm", "visual.transformer.resblocks.*.ln_1"},
    {"image.layers.*.mlp.up", "visual.transformer.resblocks.*.mlp.c_fc"},
    {"image.layers.*.mlp.down", "visual.transformer.resblocks.*.mlp.c_proj"},
    {"image.layers.*.mlp_norm", "visual.transformer.resblocks.*.ln_2"},
    {"image.final_norm", "visual.ln_post"},
    {"image.projection.weight", "visual.proj"},
    {"logit_scale", "logit_scale"},
};

// The names that tell the forms and towers apart.
constexpr std::string_view kHfText = "text_model.embeddings.token_embedding.weight";
constexpr std::string_view kHfImage = "vision_model.pre_layrnorm.weight";
constexpr std::string_view kOpenAiText = "transformer.resblocks.0.attn.in_proj_weight";
constexpr std::string_view kOpenAiImage = "visual.class_embedding";

constexpr HfConfig::Defaults kTextDefaults{8, 64, 1e-5, Activation::quick_gelu};
constexpr HfConfig::Defaults kImageDefaults{12, 64, 1e-5, Activation::quick_gelu};

// What is saved beside the weights and follows from them.
bool is_counter(std::string_view name) {
  return name.ends_with("embeddings.position_ids") || name.ends_with("input_resolution") ||
         name.ends_with("context_length") || name.ends_with("vocab_size");
}

TransformerConfig hf_layers(SourceShapes& shapes, const std::string& tower) {
  const std::string layer = tower + ".encoder.layers.";
  TransformerConfig config;
  config.layers = shapes.layers(layer + "*.layer_norm1.weight");
  config.width = shapes.size(layer + "0.mlp.fc1.weight", 2, 1);
  config.mlp = shapes.size(layer + "0.mlp.fc1.weight", 2, 0);
  return config;
}

TransformerConfig openai_layers(SourceShapes& shapes, const std::string& tower) {
  const std::string layer = tower + "resblocks.";
  TransformerConfig config;
  config.layers = shapes.layers(layer + "*.ln_1.weight");
  config.width = shapes.size(layer + "0.mlp.c_fc.weight", 2, 1);
  config.mlp = shapes.size(layer + "0.mlp.c_fc.weight", 2, 0);
  return config;
}

PatchConfig patches_of(SourceShapes& shapes, std::string_view weight, std::string_view positions) {
  PatchConfig config;
  config.bias = false;
  config.patch = shapes.size(weight, 4, 3);
  config.grid = shapes.square(positions, shapes.size(positions, 2, 0) - 1);
  return config;
}

ClipConfig huggingface_config(SourceShapes& shapes, HfConfig& json) {
  ClipConfig config;
  config.cleaning = "huggingface";
  if (shapes.has(kHfText)) {
    ClipConfig::Text text;
    text.layers = hf_layers(shapes, "text_model");
    text.vocabulary = shapes.size(kHfText, 2, 0);
    text.positions = shapes.size("text_model.embeddings.position_embedding.weight", 2, 0);
    config.projection = shapes.size("text_projection.weight", 2, 0);
    const HfConfig::Section section = json.section("text_config");
    json.complete(text.layers, section, kTextDefaults, {});
    // Files of before the end token was told apart from the padding say 2; it is the largest id then.
    constexpr int kOldEnd = 2, kClassEnd = 49407;
    const int end = json.integer(section, "eos_token_id", json.present() ? kClassEnd : kOldEnd);
    if (end != kOldEnd) text.end_token = end;
    if (end >= text.vocabulary) {
      json.refuse(section, "eos_token_id", concat("an id of the vocabulary, below ", text.vocabulary));
    }
    config.text = text;
  }
  if (shapes.has(kHfImage)) {
    ClipConfig::Image image;
    image.layers = hf_layers(shapes, "vision_model");
    image.patches = patches_of(shapes, "vision_model.embeddings.patch_embedding.weight",
                               "vision_model.embeddings.position_embedding.weight");
    config.projection = shapes.size("visual_projection.weight", 2, 0);
    json.complete(image.layers, json.section("vision_config"), kImageDefaults, {});
    config.image = image;
  }
  return config;
}

ClipConfig openai_config(SourceShapes& shapes) {
  constexpr int kHeadDim = 64;
  const auto complete = [](TransformerConfig layers) {
    layers.heads = std::max(layers.width / kHeadDim, 1);
    layers.activation = Activation::quick_gelu;
    return layers;
  };
  ClipConfig config;
  config.openai = true;
  config.cleaning = "openai";
  if (shapes.has(kOpenAiText)) {
    ClipConfig::Text text;
    text.layers = complete(openai_layers(shapes, "transformer."));
    text.vocabulary = shapes.size("token_embedding.weight", 2, 0);
    text.positions = shapes.size("positional_embedding", 2, 0);
    config.projection = shapes.size("text_projection", 2, 1);
    config.text = text;
  }
  if (shapes.has(kOpenAiImage)) {
    ClipConfig::Image image;
    image.layers = complete(openai_layers(shapes, "visual.transformer."));
    image.patches = patches_of(shapes, "visual.conv1.weight", "visual.positional_embedding");
    config.projection = shapes.size("visual.proj", 2, 1);
    config.image = image;
  }
  return config;
}

// Where one of the names stands, if one does.
std::optional<std::string> either_prefix(const TensorSource& source, std::string_view a, std::string_view b) {
  const std::optional<std::string> prefix = prefix_before(source, a);
  return prefix ? prefix : prefix_before(source, b);
}

}  // namespace

Result<std::optional<Recognised>> recognise_clip(const TensorSource& source, const RecogniseOptions&) {
  std::optional<std::string> prefix = either_prefix(source, kHfImage, kHfText);
  const bool openai = !prefix;
  // The visual tower's layers end in the names of the text's.
  if (openai) prefix = prefix_before(source, kOpenAiImage);
  if (!prefix) prefix = prefix_before(source, kOpenAiText);
  if (!prefix) return std::optional<Recognised>();
  SourceShapes shapes(source, *prefix);
  const std::string folder = prefix->ends_with('/') ? *prefix : "";
  HfConfig json(source, folder);
  ClipConfig config = openai ? openai_config(shapes) : huggingface_config(shapes, json);
  config.logit_scale = shapes.has("logit_scale");
  INK_TRY_STATUS(shapes.status());
  INK_TRY_STATUS(json.status());
  Recognised found;
  found.architecture = kClipArchitecture;
  found.config = config.json();
  found.tensors = clip_tensors(config);
  name_sources(found.tensors,
               openai ? std::span<const NameRule>(kOpenAi) : std::span<const NameRule>(kHuggingFace),
               *prefix);
  if (config.image) {
    const int side = config.image->patches.grid * config.image->patches.patch;
    INK_TRY(found.preprocess,
            preprocess_json(source, folder, "clip",
                            openai ? presets::openai_clip(side) : presets::huggingface_clip(side)));
  }
  found.may_be_left_over = is_counter;
  return std::optional(std::move(found));
}

}  // namespace ink
