#pragma once

#include <string>
#include <vector>

#include "engine/graph.h"
#include "engine/ops/ops.h"
#include "models/model.h"

namespace ink {

// How a framework names and lays out the tensors of a layer: torch "conv1.weight" (oc, ic, kh, kw), Keras
// "conv1/kernel" (kh, kw, ic, oc).
enum class TensorStyle { torch, keras };

// Where a convolution's or a pool's window begins and ends beyond the map.
struct Padding {
  Margins margins;

  static Padding none() { return {}; }
  static Padding even(int p) { return {{p, p, p, p}}; }
  // TensorFlow's 'same', which depends on the size of the map: the odd one goes to the bottom and the right.
  static Padding same(const Shape& src, int kernel, int stride);
};

struct ConvSpec {
  int oc = 1, kernel = 1, stride = 1;
  Padding padding = {};
  int groups = 1;
  bool bias = false;
};

// Writes the graph of a network and, in the same breath, the table of the tensors that it needs: what a
// converter looks for is what the graph reads.
class NetBuilder {
 public:
  NetBuilder(TensorStyle style, double batch_norm_epsilon) : style_(style), epsilon_(batch_norm_epsilon) {}

  GraphBuilder graph;
  std::vector<TensorSpec> tensors;

  TensorStyle style() const { return style_; }
  const Shape& shape(Value x) const { return graph.shape(x); }

  // (n, h, w, 3), n pictures.
  Value pictures(int h, int w);
  Value conv(const std::string& name, Value x, const ConvSpec& spec);
  Value batch_norm(const std::string& name, Value x);
  // (x - mean) / sqrt(variance): Keras' Normalization.
  Value standardize(const std::string& name, Value x);
  Value activate(const std::string& name, Value x, Activation kind);
  Value relu(const std::string& name, Value x) { return activate(name, x, Activation::relu); }
  Value add(const std::string& name, Value a, Value b);
  Value multiply(const std::string& name, Value x, Value gate);
  Value max_pool(const std::string& name, Value x, int kernel, int stride, const Padding& padding);
  Value pad(const std::string& name, Value x, const Padding& padding);  // with zeros
  Value mean(const std::string& name, Value x);                         // (n, h, w, c) -> (n, 1, 1, c)
  Value linear(const std::string& name, Value x, int out);              // with a bias
  // A 1x1 convolution of a map of one pixel.
  Value pointwise(const std::string& name, Value x, int oc, bool bias);
  // A linear layer over a whole flattened map, in the order that the framework flattens it.
  Value dense(const std::string& name, Value x, int out);
  Value softmax(const std::string& name, Value x);

 private:
  WeightLayout layout() const {
    return style_ == TensorStyle::torch ? WeightLayout::oihw : WeightLayout::hwio;
  }
  std::string tensor(const std::string& name, const char* torch, const char* keras,
                     std::vector<int64_t> shape);

  TensorStyle style_;
  double epsilon_;
};

}  // namespace ink
