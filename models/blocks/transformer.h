#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/graph.h"
#include "kernels/base/epilogue.h"
#include "models/json_fields.h"
#include "models/model.h"

namespace ink {

// What distinguishes the sizes of one family.
struct TransformerConfig {
  int width = 0, layers = 0, heads = 0, mlp = 0;
  double epsilon = 1e-5;
  Activation activation = Activation::gelu;

  bool operator==(const TransformerConfig&) const = default;
};

// What distinguishes families, and the forms that their weights are released in.
struct TransformerForm {
  bool norm_first = true;    // x + f(norm(x)); false: norm(x + f(x))
  bool causal = false;       // a token sees those before it and itself
  bool layer_scale = false;  // x + scale * f(norm(x))
  bool joined_qkv = false;   // one weight of 3 * width rows, query over key over value
  bool in_out = false;       // linear weights are (in, out), as TensorFlow has them
  int cross_width = 0;       // channels of the other sequence that layers also look at; 0: none does
  int cross_every = 1;       // layers 0, cross_every, 2 * cross_every ... do
};

// The tensors of all layers, without source names:
//   PREFIX.layers.N.attention.{query,key,value,output}.{weight,bias}, or attention.qkv
//   PREFIX.layers.N.cross.{query,key,value,output}, cross_norm
//   PREFIX.layers.N.{attention_norm,mlp_norm}.{weight,bias}, mlp.{up,down}, {attention,mlp}_scale
// A norm stands before or behind what it is named for, as norm_first says.
void add_transformer_tensors(std::vector<TensorSpec>& table, const TransformerConfig& config,
                             const TransformerForm& form, const std::string& prefix);
void add_linear_tensors(std::vector<TensorSpec>& table, const std::string& name, int in, int out,
                        bool in_out = false);
void add_norm_tensors(std::vector<TensorSpec>& table, const std::string& name, int width);

// Where the sequences of a batch begin, and what else they look at.
struct TransformerContext {
  std::optional<Value> segments;  // (kernels/attention/attention.h); none: each image of x is a sequence
  std::optional<Value> other;     // (n, 1, tokens, cross_width)
};

// The layers over x (n, 1, tokens, width) or, with segments, (1, 1, tokens, width).
Value transformer_layers(GraphBuilder& graph, const TransformerConfig& config, const TransformerForm& form,
                         const std::string& prefix, Value x, const TransformerContext& context = {});
// The first row of each sequence behind the layers, (n, 1, 1, width): of the last layer no more is computed
// than that row needs, where norms come first. No segments.
Value first_row_of_layers(GraphBuilder& graph, const TransformerConfig& config, const TransformerForm& form,
                          const std::string& prefix, Value x);
// Tokens with their positions, the two inputs of a graph of texts: "ids" and "segments".
struct TextSequence {
  Value x;  // (1, 1, tokens, width)
  Value segments;
};
TextSequence add_text_embedding(GraphBuilder& graph, int vocabulary, int positions, int width);
void add_text_embedding_tensors(std::vector<TensorSpec>& table, int vocabulary, int positions, int width);
// The norm whose weight is NAME.weight.
Value add_layer_norm(GraphBuilder& graph, const std::string& name, Value x, double epsilon);

// "gelu", "quick_gelu": the names that transformers uses. Nothing for another.
std::optional<Activation> transformer_activation(std::string_view name);

// What inkstone.config says of one transformer.
JsonObject transformer_json(const TransformerConfig& config);
// The same read from the object `path`, checked as far as the tables above need it.
TransformerConfig transformer_from_json(JsonFields& json, const std::string& path);

}  // namespace ink
