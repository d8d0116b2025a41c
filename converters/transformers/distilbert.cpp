#include "converters/transformers/distilbert.h"

#include <algorithm>

#include "converters/sources/huggingface/folder_json.h"
#include "converters/transformers/hf_config.h"
#include "converters/transformers/names.h"
#include "models/distilbert.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr NameRule kTorch[] = {
    {"text.token_embedding", "embeddings.word_embeddings.weight"},
    {"text.position_embedding", "embeddings.position_embeddings.weight"},
    {"text.first_norm", "embeddings.LayerNorm"},
    {"text.layers.*.attention.query", "transformer.layer.*.attention.q_lin"},
    {"text.layers.*.attention.key", "transformer.layer.*.attention.k_lin"},
    {"text.layers.*.attention.value", "transformer.layer.*.attention.v_lin"},
    {"text.layers.*.attention.output", "transformer.layer.*.attention.out_lin"},
    {"text.layers.*.attention_norm", "transformer.layer.*.sa_layer_norm"},
    {"text.layers.*.mlp.up", "transformer.layer.*.ffn.lin1"},
    {"text.layers.*.mlp.down", "transformer.layer.*.ffn.lin2"},
    {"text.layers.*.mlp_norm", "transformer.layer.*.output_layer_norm"},
};

constexpr NameRule kTensorFlow[] = {
    {"text.token_embedding", "embeddings/word_embeddings/weight"},
    {"text.position_embedding", "embeddings/position_embeddings/embeddings"},
    {"text.first_norm.weight", "embeddings/LayerNorm/gamma"},
    {"text.first_norm.bias", "embeddings/LayerNorm/beta"},
    {"text.layers.*.attention.query.weight", "transformer/layer_._*/attention/q_lin/kernel"},
    {"text.layers.*.attention.query.bias", "transformer/layer_._*/attention/q_lin/bias"},
    {"text.layers.*.attention.key.weight", "transformer/layer_._*/attention/k_lin/kernel"},
    {"text.layers.*.attention.key.bias", "transformer/layer_._*/attention/k_lin/bias"},
    {"text.layers.*.attention.value.weight", "transformer/layer_._*/attention/v_lin/kernel"},
    {"text.layers.*.attention.value.bias", "transformer/layer_._*/attention/v_lin/bias"},
    {"text.layers.*.attention.output.weight", "transformer/layer_._*/attention/out_lin/kernel"},
    {"text.layers.*.attention.output.bias", "transformer/layer_._*/attention/out_lin/bias"},
    {"text.layers.*.attention_norm.weight", "transformer/layer_._*/sa_layer_norm/gamma"},
    {"text.layers.*.attention_norm.bias", "transformer/layer_._*/sa_layer_norm/beta"},
    {"text.layers.*.mlp.up.weight", "transformer/layer_._*/ffn/lin1/kernel"},
    {"text.layers.*.mlp.up.bias", "transformer/layer_._*/ffn/lin1/bias"},
    {"text.layers.*.mlp.down.weight", "transformer/layer_._*/ffn/lin2/kernel"},
    {"text.layers.*.mlp.down.bias", "transformer/layer_._*/ffn/lin2/bias"},
    {"text.layers.*.mlp_norm.weight", "transformer/layer_._*/output_layer_norm/gamma"},
    {"text.layers.*.mlp_norm.bias", "transformer/layer_._*/output_layer_norm/beta"},
};

// The norms' epsilon is in the original's code, in no file.
constexpr double kEpsilon = 1e-12;

// Of a masked language model, and counters.
bool may_be_left_over(std::string_view name) {
  return name.find("vocab_") != std::string_view::npos || name.ends_with("position_ids");
}

// That the vector is the mean of all rows.
Status check_pooling(const TensorSource& source, const std::string& name) {
  const std::string* text = find_text(source, name);
  if (text == nullptr) return model_error(source.origin(), ": there is no ", name);
  JsonFields fields(*text, concat(source.origin(), ": ", name));
  const bool mean = fields.has("pooling_mode") ? fields.text("pooling_mode") == "mean"
                                               : fields.flag_or("pooling_mode_mean_tokens", false);
  if (!mean) fields.refuse("pooling_mode", "the mean of all tokens");
  for (const char* other :
       {"cls_token", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"}) {
    const std::string key = concat("pooling_mode_", other);
    if (fields.flag_or(key, false)) fields.refuse(key, "false: only the mean of all tokens is known");
  }
  return fields.status();
}

// What a sentence-transformers folder does with the rows of the last layer.
struct Parts {
  std::string dense;  // the folder of its dense layer, "2_Dense/", or empty
  bool normalize = false;
};

Result<Parts> parts_of(const TensorSource& source) {
  Parts parts;
  const std::string* text = find_text(source, "modules.json");
  if (text == nullptr) return parts;
  const std::string name = concat(source.origin(), "/modules.json");
  INK_TRY(const std::vector<SentenceModule> modules, parse_sentence_modules(*text, name));
  // In this order; the transformer comes first, a dense layer and a norm may be missing.
  constexpr std::string_view kKinds[] = {"Transformer", "Pooling", "Dense", "Normalize"};
  const auto* next = std::begin(kKinds);
  for (const SentenceModule& module : modules) {
    const std::string_view kind = std::string_view(module.type).substr(module.type.rfind('.') + 1);
    const auto* found = std::find(next, std::end(kKinds), kind);
    if (found == std::end(kKinds)) {
      return model_error(name,
                         ": expected a transformer, pooling, a dense layer and a norm in this order, found ",
                         quote(module.type));
    }
    next = found + 1;
    if (kind == "Pooling") INK_TRY_STATUS(check_pooling(source, module.path + "/config.json"));
    if (kind == "Dense") parts.dense = module.path + "/";
    parts.normalize |= kind == "Normalize";
  }
  return parts;
}

Result<Activation> dense_activation(const TensorSource& source, const std::string& part) {
  const std::string name = part + "config.json";
  const std::string* text = find_text(source, name);
  if (text == nullptr) return Activation::tanh;
  JsonFields fields(*text, concat(source.origin(), ": ", name));
  const std::string function = fields.text_or("activation_function", "torch.nn.modules.activation.Tanh");
  const bool tanh = function.ends_with(".Tanh");
  if (!tanh && !function.ends_with(".Identity")) fields.refuse("activation_function", "Tanh or Identity");
  INK_TRY_STATUS(fields.status());
  return tanh ? Activation::tanh : Activation::none;
}

Recognised recognised(const DistilBertConfig& config, std::span<const NameRule> rules,
                      const std::string& prefix, const std::string& dense_weight,
                      const std::string& dense_bias) {
  Recognised found;
  found.architecture = kDistilBertArchitecture;
  found.config = config.json();
  found.tensors = distilbert_tensors(config);
  for (TensorSpec& tensor : found.tensors) {
    if (tensor.name == "text.dense.weight") tensor.source_name = dense_weight;
    if (tensor.name == "text.dense.bias") tensor.source_name = dense_bias;
  }
  name_sources(found.tensors, rules, prefix);
  found.may_be_left_over = may_be_left_over;
  return found;
}

Result<Recognised> recognise_torch(const TensorSource& source, const std::string& prefix) {
  INK_TRY(const Parts parts, parts_of(source));
  SourceShapes shapes(source, prefix);
  DistilBertConfig config;
  config.layers.layers = shapes.layers("transformer.layer.*.sa_layer_norm.weight");
  config.vocabulary = shapes.size("embeddings.word_embeddings.weight", 2, 0);
  config.positions = shapes.size("embeddings.position_embeddings.weight", 2, 0);
  config.layers.width = shapes.size("transformer.layer.0.ffn.lin1.weight", 2, 1);
  config.layers.mlp = shapes.size("transformer.layer.0.ffn.lin1.weight", 2, 0);
  const std::string folder = prefix.ends_with('/') ? prefix : "";
  HfConfig json(source, folder);
  json.complete(config.layers, {}, {12, 64, kEpsilon, Activation::gelu}, {"n_heads", "", "activation"});
  config.normalize = parts.normalize;
  const std::string& part = parts.dense;
  if (!part.empty()) {
    SourceShapes dense(source, part);
    config.dense = DistilBertConfig::Dense{};
    config.dense->size = dense.size("linear.weight", 2, 0);
    INK_TRY_STATUS(dense.status());
    INK_TRY(config.dense->activation, dense_activation(source, part));
  }
  INK_TRY_STATUS(shapes.status());
  INK_TRY_STATUS(json.status());
  return recognised(config, kTorch, prefix, part + "linear.weight", part + "linear.bias");
}

Result<Recognised> recognise_tensorflow(const TensorSource& source, const std::string& prefix) {
  SourceShapes shapes(source, prefix);
  DistilBertConfig config;
  config.in_out = true;
  config.layers.layers = shapes.layers("transformer/layer_._*/sa_layer_norm/gamma");
  config.vocabulary = shapes.size("embeddings/word_embeddings/weight", 2, 0);
  config.positions = shapes.size("embeddings/position_embeddings/embeddings", 2, 0);
  config.layers.width = shapes.size("transformer/layer_._0/ffn/lin1/kernel", 2, 0);
  config.layers.mlp = shapes.size("transformer/layer_._0/ffn/lin1/kernel", 2, 1);
  HfConfig json(source, "");
  json.complete(config.layers, {}, {12, 64, kEpsilon, Activation::gelu}, {"n_heads", "", "activation"});
  std::string dense;
  for (const SourceTensor& tensor : source.tensors()) {
    if (!tensor.name.starts_with(prefix) && tensor.name.ends_with("/kernel")) {
      dense = tensor.name.substr(0, tensor.name.size() - std::string_view("kernel").size());
    }
  }
  if (!dense.empty()) {
    SourceShapes head(source, dense);
    config.dense = DistilBertConfig::Dense{head.size("kernel", 2, 1), Activation::tanh};
    INK_TRY_STATUS(head.status());
  }
  INK_TRY_STATUS(shapes.status());
  INK_TRY_STATUS(json.status());
  return recognised(config, kTensorFlow, prefix, dense + "kernel", dense + "bias");
}

}  // namespace

Result<std::optional<Recognised>> recognise_distilbert(const TensorSource& source, const RecogniseOptions&) {
  if (const auto prefix = prefix_before(source, "transformer.layer.0.attention.q_lin.weight")) {
    INK_TRY(Recognised found, recognise_torch(source, *prefix));
    return std::optional(std::move(found));
  }
  if (const auto prefix = prefix_before(source, "transformer/layer_._0/attention/q_lin/kernel")) {
    INK_TRY(Recognised found, recognise_tensorflow(source, *prefix));
    return std::optional(std::move(found));
  }
  return std::optional<Recognised>();
}

}  // namespace ink
