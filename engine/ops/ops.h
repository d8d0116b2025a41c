#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/op.h"
#include "kernels/binary/binary.h"
#include "kernels/conv/conv.h"
#include "kernels/deconv/deconv.h"
#include "kernels/pad/pad.h"
#include "kernels/pool/pool.h"
#include "kernels/resize/resize.h"
#include "kernels/sequence/sequence.h"

// The node kinds of the graph: attributes here, shape rule and lowering in one file a kind.

namespace ink {

// Weights and bias (oc), by name in the store; an empty bias name means none. The weights keep the layout of
// the release: oihw (oc, ic / groups, kh, kw) or hwio (kh, kw, ic / groups, oc), depthwise also (kh, kw, ic,
// oc / ic), nothing is transposed in memory. A matrix (oc, ic * kh * kw) or (kh * kw * ic, oc) will do, too.
struct Conv2dAttributes {
  std::string weight, bias;
  ConvParams params;
  WeightLayout layout = WeightLayout::oihw;
};
std::unique_ptr<Op> conv2d(Conv2dAttributes attributes);

// weights (ic, oc / groups, kh, kw). The output has (h - 1) * sh - pad_top - pad_bottom + kh rows.
struct Deconv2dAttributes {
  std::string weight, bias;
  DeconvParams params;
};
std::unique_ptr<Op> deconv2d(Deconv2dAttributes attributes);

// y = x * weights^T + bias over the channels; weights oihw: (out, in) or (out, in, 1, 1), hwio: (in, out) or
// (1, 1, in, out).
struct LinearAttributes {
  std::string weight, bias;
  int in = 1, out = 1;
  WeightLayout layout = WeightLayout::oihw;
  // Where not empty: out values that multiply the result before activation and residual (a layer scale);
  // folded into weights and bias.
  std::string scale = {};
  // Where `all` is not 0: only the outputs from `first` on, of a weight and a bias that have so many.
  int first = 0, all = 0;
};
std::unique_ptr<Op> linear(LinearAttributes attributes);
// Linear layers over one input side by side: their outputs' channels follow each other (a query, a key and a
// value projection become one product).
std::unique_ptr<Op> linear_joined(std::vector<LinearAttributes> parts);

// A dense layer over a whole map (n, h, w, c) -> (n, 1, 1, out): weights oihw (out, c * h * w), as torch has
// them behind a flattened (c, h, w), or hwio (h * w * c, out), as Keras has them behind a flattened (h, w,
// c).
struct DenseAttributes {
  std::string weight, bias;
  int h = 1, w = 1, c = 1, out = 1;
  WeightLayout layout = WeightLayout::oihw;
};
std::unique_ptr<Op> dense(DenseAttributes attributes);

// y = act((x - mean) / sqrt(variance + epsilon) * gamma + beta), each a vector of c values by name: (c), or
// with axes of size 1 before it. An empty gamma means ones, an empty beta zeros.
struct BatchNormAttributes {
  std::string gamma, beta, mean, variance;
  double epsilon = 1e-5;
  int c = 1;
};
std::unique_ptr<Op> batch_norm(BatchNormAttributes attributes);

struct ActivationAttributes {
  Activation activation = Activation::none;
  float slope = 0;  // of leaky_relu
};
std::unique_ptr<Op> activation(ActivationAttributes attributes);

std::unique_ptr<Op> softmax();  // over the channels

// (n, h, w, c) -> (n, 1, c, c): sum over pixels of x_i x_j, divided by their number.
std::unique_ptr<Op> gram();
// The largest channel of each pixel: (n, h, w, c) -> (n, 1, 1, h * w).
std::unique_ptr<Op> row_max();

std::unique_ptr<Op> scale(float factor);                // y = x * factor
std::unique_ptr<Op> scale(std::vector<float> factors);  // one a channel

// a op b; b has a's shape, or size 1 in h and w, or in c.
std::unique_ptr<Op> binary(BinaryOp kind);

std::unique_ptr<Op> pool(PoolShape shape);  // output sizes rounded down
std::unique_ptr<Op> global_average_pool();  // (n, h, w, c) -> (n, 1, 1, c)

struct Margins {
  int top = 0, left = 0, bottom = 0, right = 0;
};
std::unique_ptr<Op> pad(PadMode mode, Margins margins);
// Removes the margins; a view.
std::unique_ptr<Op> crop(Margins margins);

std::unique_ptr<Op> concat();                   // along the channels
std::unique_ptr<Op> pixel_shuffle(int factor);  // (n, h, w, c f^2) -> (n, h f, w f, c), torch's channel order
std::unique_ptr<Op> resize(ResizeMode mode, int factor);

// --- Sequences of tokens ---
// A map (n, 1, seq, c) holds n sequences of one length. A map (1, 1, tokens, c) may also hold sequences of
// any lengths one after another, without padding: then the ops marked `segments` take as their last input a
// map (1, 1, count + 1, 1) of i32, sequence s being the tokens [segments[s], segments[s + 1]).
// engine/sequences.h checks ids and segments before a run; an op that finds others then is our bug. A
// sequence has the same bits alone and among others.

// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta over the channels of each pixel.
struct LayerNormAttributes {
  std::string gamma, beta;
  double epsilon = 1e-5;
  int c = 1;
};
std::unique_ptr<Op> layer_norm(LayerNormAttributes attributes);

// y[t] = table[ids[t]] + positions[t - first token of the sequence]. Inputs: ids (n, 1, seq, 1) of i32 and,
// with `segments`, those. The table is read where the checkpoint lies, in its own type: only rows in use
// become resident.
struct EmbeddingAttributes {
  std::string table;      // (vocabulary, c)
  std::string positions;  // (most_positions, c), or empty
  int vocabulary = 1, most_positions = 0, c = 1;
  bool segments = false;
};
std::unique_ptr<Op> embedding(EmbeddingAttributes attributes);

// (n, h, w, c) -> (n, 1, rows, c): the row `first` (c values) in front, where its name is not empty, then the
// pixels row by row, plus row by row the positions: a stored tensor of rows * c values or, where not empty,
// position_values.
struct PatchSequenceAttributes {
  std::string first = {}, positions = {};
  std::vector<float> position_values = {};
  int c = 1;
};
std::unique_ptr<Op> patch_sequence(PatchSequenceAttributes attributes);

// The same rows for each image of the input, of which nothing else is read: (n, ...) -> (n, 1, rows, c).
// `name` holds rows * c values (queries that a model has learned).
std::unique_ptr<Op> learned_rows(std::string name, int rows, int c);

// dst_i = sum_j softmax_j(scale * q_i . k_j) v_j for each head and sequence; head h has the channels [h *
// head_dim, (h + 1) * head_dim) of q, k and v. Keys may be more or fewer than queries, save with `segments`.
struct AttentionAttributes {
  enum class Inputs {
    q_k_v,  // three maps
    q_kv,   // k and v side by side in one map
    qkv,    // all side by side in one map
  };
  int heads = 1, head_dim = 1;
  float scale = 1;
  bool causal = false;  // query i sees the keys j <= i + keys - queries
  Inputs inputs = Inputs::q_k_v;
  bool segments = false;
};
std::unique_ptr<Op> attention(AttentionAttributes attributes);

// One row a sequence: (n, 1, seq, c) -> (n, 1, 1, c), with segments (1, 1, count, c).
std::unique_ptr<Op> sequence_pool(SequencePool pool, bool segments = false);

// Inputs: (1, 1, tokens, c) and rows (1, 1, count, 1) of i32 -> (1, 1, count, c).
std::unique_ptr<Op> pick_rows();

}  // namespace ink
