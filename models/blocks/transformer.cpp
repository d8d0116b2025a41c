#include "models/blocks/transformer.h"

#include <array>
#include <cmath>

#include "engine/ops/ops.h"
#include "weights/message.h"

namespace ink {
namespace {

constexpr int kMostWidth = 1 << 16, kMostLayers = 1024;
constexpr const char *kTokenTable = "text.token_embedding", *kPositionTable = "text.position_embedding";

bool looks_across(const TransformerForm& form, int layer) {
  return form.cross_width > 0 && layer % form.cross_every == 0;
}

// The nodes of one layer.
class Layer {
 public:
  Layer(GraphBuilder& graph, const TransformerConfig& config, const TransformerForm& form, std::string name)
      : graph_(graph), config_(config), form_(form), name_(std::move(name)) {}

  Value attend(Value x, const TransformerContext& context) {
    const auto mix = [&](Value y) {
      const int width = config_.width;
      const Value qkv = graph_.add(name_ + ".attention.qkv", linear_joined(projections(0, 3)), {y});
      std::vector<Value> inputs{qkv};
      if (context.segments) inputs.push_back(*context.segments);
      AttentionAttributes attributes = heads();
      attributes.causal = form_.causal;
      attributes.inputs = AttentionAttributes::Inputs::qkv;
      attributes.segments = context.segments.has_value();
      const Value mixed = graph_.add(name_ + ".attention", attention(attributes), inputs);
      return linear_node("attention.output", mixed, width, width, ".attention_scale");
    };
    return residual(x, "attention", mix);
  }

  // The first row of what attend() gives, for norms that come first.
  Value attend_from_first(Value x) {
    const int width = config_.width;
    const auto first = [&](const char* of, Value y) {
      return graph_.add(name_ + of, sequence_pool(SequencePool::first), {y});
    };
    const Value y = add_layer_norm(graph_, name_ + ".attention_norm", x, config_.epsilon);
    const Value q = graph_.add(name_ + ".attention.query", linear_joined(projections(0, 1)),
                               {first(".attention_norm.first", y)});
    const Value kv = graph_.add(name_ + ".attention.key_value", linear_joined(projections(1, 2)), {y});
    AttentionAttributes attributes = heads();
    attributes.inputs = AttentionAttributes::Inputs::q_kv;
    const Value mixed = graph_.add(name_ + ".attention", attention(attributes), {q, kv});
    const Value output = linear_node("attention.output", mixed, width, width, ".attention_scale");
    return graph_.add(name_ + ".attention_sum", binary(BinaryOp::add), {output, first(".first", x)});
  }

  Value look_across(Value x, Value other) {
    const auto mix = [&](Value y) {
      const Value q = linear_node("cross.query", y, config_.width, config_.width);
      const Value kv = graph_.add(name_ + ".cross.key_value",
                                  linear_joined({weight_of("cross.key", form_.cross_width, config_.width),
                                                 weight_of("cross.value", form_.cross_width, config_.width)}),
                                  {other});
      AttentionAttributes attributes = heads();
      attributes.inputs = AttentionAttributes::Inputs::q_kv;
      const Value mixed = graph_.add(name_ + ".cross", attention(attributes), {q, kv});
      return linear_node("cross.output", mixed, config_.width, config_.width);
    };
    return residual(x, "cross", mix);
  }

  Value think(Value x) {
    const auto mix = [&](Value y) {
      const Value up = linear_node("mlp.up", y, config_.width, config_.mlp);
      const Value bent =
          graph_.add(name_ + ".mlp.activation", activation({.activation = config_.activation}), {up});
      return linear_node("mlp.down", bent, config_.mlp, config_.width, ".mlp_scale");
    };
    return residual(x, "mlp", mix);
  }

 private:
  // x + f(norm(x)), or norm(x + f(x)).
  template <class Mix>
  Value residual(Value x, const std::string& part, Mix mix) {
    const std::string norm = concat(name_, ".", part, "_norm"), sum = concat(name_, ".", part, "_sum");
    const Value y = mix(form_.norm_first ? add_layer_norm(graph_, norm, x, config_.epsilon) : x);
    const Value added = graph_.add(sum, binary(BinaryOp::add), {y, x});
    return form_.norm_first ? added : add_layer_norm(graph_, norm, added, config_.epsilon);
  }

  LinearAttributes weight_of(const std::string& part, int in, int out) const {
    return {.weight = name_ + "." + part + ".weight",
            .bias = name_ + "." + part + ".bias",
            .in = in,
            .out = out,
            .layout = form_.in_out ? WeightLayout::hwio : WeightLayout::oihw};
  }
  // The layers of query, key and value, `count` of them from `first` on; they may be parts of one weight.
  std::vector<LinearAttributes> projections(int first, int count) const {
    const int width = config_.width;
    if (form_.joined_qkv) {
      LinearAttributes rows = weight_of("attention.qkv", width, count * width);
      rows.first = first * width;
      rows.all = 3 * width;
      return {rows};
    }
    constexpr std::array kNames = {"attention.query", "attention.key", "attention.value"};
    std::vector<LinearAttributes> parts;
    for (int i = first; i < first + count; ++i) {
      parts.push_back(weight_of(kNames[static_cast<size_t>(i)], width, width));
    }
    return parts;
  }
  Value linear_node(const std::string& part, Value x, int in, int out, const char* scale = nullptr) {
    LinearAttributes attributes = weight_of(part, in, out);
    if (scale != nullptr && form_.layer_scale) attributes.scale = name_ + scale;
    return graph_.add(name_ + "." + part, linear(std::move(attributes)), {x});
  }
  AttentionAttributes heads() const {
    const int head_dim = config_.width / config_.heads;
    return {.heads = config_.heads,
            .head_dim = head_dim,
            .scale = static_cast<float>(1 / std::sqrt(static_cast<double>(head_dim)))};
  }

  GraphBuilder& graph_;
  const TransformerConfig& config_;
  const TransformerForm& form_;
  std::string name_;
};

}  // namespace

void add_linear_tensors(std::vector<TensorSpec>& table, const std::string& name, int in, int out,
                        bool in_out) {
  const int64_t rows = in_out ? in : out, columns = in_out ? out : in;
  table.push_back({name + ".weight", {rows, columns}, {}});
  table.push_back({name + ".bias", {out}, {}});
}

void add_norm_tensors(std::vector<TensorSpec>& table, const std::string& name, int width) {
  table.push_back({name + ".weight", {width}, {}});
  table.push_back({name + ".bias", {width}, {}});
}

void add_transformer_tensors(std::vector<TensorSpec>& table, const TransformerConfig& config,
                             const TransformerForm& form, const std::string& prefix) {
  const int width = config.width;
  for (int i = 0; i < config.layers; ++i) {
    const std::string name = concat(prefix, ".layers.", i, ".");
    const auto add = [&](std::string_view part, int in, int out) {
      add_linear_tensors(table, concat(name, part), in, out, form.in_out);
    };
    if (form.joined_qkv) {
      add("attention.qkv", width, 3 * width);
    } else {
      for (const char* part : {"attention.query", "attention.key", "attention.value"})
        add(part, width, width);
    }
    add("attention.output", width, width);
    add_norm_tensors(table, name + "attention_norm", width);
    if (looks_across(form, i)) {
      add("cross.query", width, width);
      for (const char* part : {"cross.key", "cross.value"}) add(part, form.cross_width, width);
      add("cross.output", width, width);
      add_norm_tensors(table, name + "cross_norm", width);
    }
    add("mlp.up", width, config.mlp);
    add("mlp.down", config.mlp, width);
    add_norm_tensors(table, name + "mlp_norm", width);
    if (form.layer_scale) {
      for (const char* part : {"attention_scale", "mlp_scale"}) table.push_back({name + part, {width}, {}});
    }
  }
}

TextSequence add_text_embedding(GraphBuilder& graph, int vocabulary, int positions, int width) {
  const Value ids = graph.input("ids", {1, 1, Shape::kUnknown, 1}, DType::i32);
  const Value segments = graph.input("segments", {1, 1, Shape::kUnknown, 1}, DType::i32);
  const Value x = graph.add("text.embedding",
                            embedding({.table = kTokenTable,
                                       .positions = kPositionTable,
                                       .vocabulary = vocabulary,
                                       .most_positions = positions,
                                       .c = width,
                                       .segments = true}),
                            {ids, segments});
  return {x, segments};
}

void add_text_embedding_tensors(std::vector<TensorSpec>& table, int vocabulary, int positions, int width) {
  table.push_back({kTokenTable, {vocabulary, width}, {}});
  table.push_back({kPositionTable, {positions, width}, {}});
}

Value transformer_layers(GraphBuilder& graph, const TransformerConfig& config, const TransformerForm& form,
                         const std::string& prefix, Value x, const TransformerContext& context) {
  for (int i = 0; i < config.layers; ++i) {
    Layer layer(graph, config, form, concat(prefix, ".layers.", i));
    x = layer.attend(x, context);
    if (looks_across(form, i)) x = layer.look_across(x, *context.other);
    x = layer.think(x);
  }
  return x;
}

Value first_row_of_layers(GraphBuilder& graph, const TransformerConfig& config, const TransformerForm& form,
                          const std::string& prefix, Value x) {
  if (!form.norm_first || form.causal) {
    x = transformer_layers(graph, config, form, prefix, x);
    return graph.add(prefix + ".first", sequence_pool(SequencePool::first), {x});
  }
  TransformerConfig all_but_last = config;
  --all_but_last.layers;
  x = transformer_layers(graph, all_but_last, form, prefix, x);
  Layer last(graph, config, form, concat(prefix, ".layers.", all_but_last.layers));
  return last.think(last.attend_from_first(x));
}

Value add_layer_norm(GraphBuilder& graph, const std::string& name, Value x, double epsilon) {
  return graph.add(name, layer_norm({name + ".weight", name + ".bias", epsilon, graph.shape(x).c}), {x});
}

std::optional<Activation> transformer_activation(std::string_view name) {
  for (const Activation activation : {Activation::gelu, Activation::quick_gelu}) {
    if (name == activation_name(activation)) return activation;
  }
  return std::nullopt;
}

JsonObject transformer_json(const TransformerConfig& config) {
  return JsonObject()
      .integer("width", config.width)
      .integer("layers", config.layers)
      .integer("heads", config.heads)
      .integer("mlp", config.mlp)
      .number("epsilon", config.epsilon)
      .text("activation", activation_name(config.activation));
}

TransformerConfig transformer_from_json(JsonFields& json, const std::string& path) {
  TransformerConfig config;
  config.width = json.integer(path + ".width", 1, kMostWidth);
  config.layers = json.integer(path + ".layers", 1, kMostLayers);
  config.heads = json.integer(path + ".heads", 1, config.width);
  if (config.width % config.heads != 0) {
    json.refuse(path + ".heads", concat("a divisor of the width, ", config.width));
    config.heads = 1;
  }
  config.mlp = json.integer(path + ".mlp", 1, kMostWidth);
  config.epsilon = json.number(path + ".epsilon", 0, 1);
  const std::optional<Activation> activation = transformer_activation(json.text(path + ".activation"));
  if (!activation) json.refuse(path + ".activation", "gelu or quick_gelu");
  config.activation = activation.value_or(Activation::gelu);
  return config;
}

}  // namespace ink
