#pragma once

#include <random>
#include <vector>

#include "tests/engine/twin_graph.h"

namespace ink::test {

// Grows a graph of all kinds of nodes on maps of a few hundred pixels, with branches, views, values that
// several nodes read and nodes that nobody reads. The same seed gives the same graph.
class RandomGraph {
 public:
  // wide: maps of many columns and few channels, which regions cut into strips, and many global means.
  RandomGraph(uint64_t seed, int nodes, bool wide = false)
      : wide_(wide), most_pixels_(wide ? 6000 : 1200), twin_(seed), random_(seed) {
    const Shape first = wide ? Shape{1 + below(2), 8 + below(30), 40 + below(80), 1 + below(8)}
                             : Shape{1 + below(2), 8 + below(12), 8 + below(20), 1 + below(20)};
    // All sizes are known while the graph is built, or none: maps of the two kinds do not go together.
    const bool known = chance(50);
    values_.push_back(twin_.input(first, known));
    if (chance(30)) values_.push_back(twin_.input({first.n, first.h, first.w, 1 + below(20)}, known));
    for (int i = 0; i < nodes; ++i) values_.push_back(grow(pick()));
    choose_outputs();
  }

  TwinGraph& twin() { return twin_; }

 private:
  static constexpr int kMostChannels = 48;

  int below(int limit) { return static_cast<int>(random_() % static_cast<uint64_t>(limit)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  bool chance(int percent) { return below(100) < percent; }

  // Often one of the last, so that graphs grow deep.
  Value pick() {
    const int count = static_cast<int>(values_.size());
    const int back = chance(70) ? below(std::min(count, 3)) : below(count);
    return values_[static_cast<size_t>(count - 1 - back)];
  }

  Value grow(Value x) {
    const Shape s = twin_.shape(x);
    const bool small = s.h * s.w * 4 <= most_pixels_;
    // What needs its whole input has no smallest region to plan with: not in wide graphs.
    switch (below(wide_ ? 17 : 18)) {
      case 0: return conv(x);
      case 1: return same_conv(x, between(1, 40));
      case 2: return small ? deconv(x) : conv(x);
      case 3: return twin_.linear(x, between(1, 40), layout());
      case 4: return chance(60) ? twin_.batch_norm(x) : twin_.layer_norm(x);
      case 5: return twin_.activation(x, activation_kind());
      case 6:
        if (wide_) return broadcast(x);
        return twin_.scale(x, static_cast<float>(between(-20, 20)) / 16);
      case 7:
      case 8: return addition(x);
      case 9: return broadcast(x);
      case 10: return pool(x);
      case 11: return crop(x);
      case 12: return pad(x);
      case 13: return concat(x);
      case 14: return small ? twin_.pixel_shuffle(same_conv(x, 4 * between(1, 6)), 2) : crop(x);
      case 15:
        return small ? twin_.resize(x, chance(50) ? ResizeMode::nearest : ResizeMode::bilinear, 2) : crop(x);
      case 16:
        if (wide_ || chance(30)) return mobile_block(x);
        return chance(50) ? twin_.softmax(x) : depthwise(x);
      default: return whole(x);
    }
  }

  Activation activation_kind() {
    constexpr Activation kKinds[] = {Activation::relu,      Activation::leaky_relu, Activation::sigmoid,
                                     Activation::tanh,      Activation::silu,       Activation::gelu,
                                     Activation::quick_gelu};
    return kKinds[below(7)];
  }

  WeightLayout layout() { return wide_ || chance(50) ? WeightLayout::oihw : WeightLayout::hwio; }

  Value conv(Value x) {
    const Shape s = twin_.shape(x);
    ConvParams p{.oc = between(1, 40)};
    const auto axis = [&](int size, int& kernel, int& stride, int& dilation, int& before, int& behind) {
      kernel = between(1, 5), stride = between(1, 2), dilation = between(1, 2);
      before = below(kernel), behind = below(kernel);
      if ((kernel - 1) * dilation >= size + before + behind) kernel = 1;
    };
    axis(s.h, p.kh, p.sh, p.dh, p.pad_top, p.pad_bottom);
    axis(s.w, p.kw, p.sw, p.dw, p.pad_left, p.pad_right);
    if (chance(30)) {  // depthwise, or as many groups as halve the channels
      p.groups = s.c % 2 == 0 && chance(50) ? 2 : s.c;
      p.oc = p.groups * between(1, 2);
    }
    return twin_.conv(x, p, chance(80), layout());
  }

  Value depthwise(Value x) {
    const int kernel = chance(50) ? 3 : 5, c = twin_.channels(x), stride = between(1, 2);
    return twin_.conv(x,
                      {.oc = c,
                       .kh = kernel,
                       .kw = kernel,
                       .sh = stride,
                       .sw = stride,
                       .pad_top = kernel / 2,
                       .pad_left = kernel / 2,
                       .pad_bottom = kernel / 2,
                       .pad_right = kernel / 2,
                       .groups = c},
                      chance(50), layout());
  }

  // Widened, depthwise, scaled by the channel, narrowed: what becomes two convolutions around a mean.
  Value mobile_block(Value x) {
    const Value wide = twin_.activation(twin_.conv(x, {.oc = between(2, 40)}), activation_kind());
    const Value y = twin_.activation(depthwise(wide), activation_kind());
    return twin_.conv(twin_.binary(BinaryOp::mul, y, twin_.global_mean(y)), {.oc = between(1, 20)});
  }

  // What reads all of its input for each of its outputs.
  Value whole(Value x) {
    const Shape s = twin_.shape(x);
    if (s.h * s.w <= 500 && s.h * s.w * s.c <= 4000 && chance(50))
      return twin_.dense(x, between(1, 40), layout());
    return twin_.row_max(twin_.gram(x));
  }

  // 3x3 with the size of its input: what Winograd's method takes where there are channels enough.
  Value same_conv(Value x, int oc) {
    return twin_.conv(
        x, {.oc = oc, .kh = 3, .kw = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1});
  }

  Value deconv(Value x) {
    constexpr int kWindows[][3] = {{2, 2, 0}, {4, 2, 1}, {3, 1, 1}, {3, 2, 0}, {1, 2, 0}};
    const auto& [kernel, stride, pad] = kWindows[below(5)];
    return twin_.deconv(x, {.oc = between(1, 20),
                            .kh = kernel,
                            .kw = kernel,
                            .sh = stride,
                            .sw = stride,
                            .pad_top = pad,
                            .pad_left = pad,
                            .pad_bottom = pad,
                            .pad_right = pad});
  }

  // With a value of the same shape where there is one, or a convolution of x.
  Value addition(Value x) {
    const BinaryOp op = chance(75) ? BinaryOp::add : wide_ || chance(50) ? BinaryOp::mul : BinaryOp::max;
    std::vector<Value> same;
    for (const Value value : values_) {
      const Shape &a = twin_.shape(value), &b = twin_.shape(x);
      if (a.n == b.n && a.h == b.h && a.w == b.w && a.c == b.c) same.push_back(value);
    }
    Value other = same[static_cast<size_t>(below(static_cast<int>(same.size())))];
    if (chance(50)) {
      other = same_conv(x, twin_.channels(x));
      if (chance(50)) other = twin_.activation(other, activation_kind());
    }
    return chance(50) ? twin_.binary(op, x, other) : twin_.binary(op, other, x);
  }

  // With a value a channel, or a value a pixel.
  Value broadcast(Value x) {
    const BinaryOp op = chance(50) ? BinaryOp::add : BinaryOp::mul;
    if (chance(30)) return twin_.binary(op, x, same_conv(x, 1));
    Value gate = twin_.linear(twin_.global_mean(x), twin_.channels(x));
    if (chance(50)) gate = twin_.activation(gate, Activation::sigmoid);
    return twin_.binary(op, x, gate);
  }

  Value pool(Value x) {
    const Shape s = twin_.shape(x);
    PoolShape p{
        .kind = chance(50) ? PoolKind::max : PoolKind::average, .kh = between(1, 3), .kw = between(1, 3)};
    p.kh = std::min(p.kh, s.h), p.kw = std::min(p.kw, s.w);
    p.sh = between(1, 2), p.sw = between(1, 2);
    p.top = below(p.kh), p.left = below(p.kw);
    p.count_include_pad = chance(50);
    return twin_.pool(x, p);
  }

  Value crop(Value x) {
    const Shape s = twin_.shape(x);
    const int h = (s.h - 1) / 2, w = (s.w - 1) / 2;
    return twin_.crop(x, {below(h + 1), below(w + 1), below(h + 1), below(w + 1)});
  }

  Value pad(Value x) {
    constexpr PadMode kModes[] = {PadMode::zero, PadMode::reflect, PadMode::edge};
    const Shape s = twin_.shape(x);
    const int most = s.h * s.w > most_pixels_ ? 0 : 3;
    return twin_.pad(x, kModes[below(3)],
                     {below(most + 1), below(most + 1), below(most + 1), below(most + 1)});
  }

  Value concat(Value x) {
    std::vector<Value> parts = {x};
    int channels = twin_.channels(x);
    for (const Value value : values_) {
      const Shape &a = twin_.shape(value), &b = twin_.shape(x);
      if (a.n != b.n || a.h != b.h || a.w != b.w || channels + a.c > kMostChannels || chance(50)) continue;
      parts.push_back(value);
      channels += a.c;
    }
    return twin_.concat(parts);
  }

  // The last value, and some others.
  void choose_outputs() {
    Value last = values_.back();
    if (!twin_.can_be_output(last)) last = twin_.scale(last, 2);
    twin_.output(last);
    std::vector<int> taken = {last.id};
    for (int i = 0; i < 2; ++i) {
      const Value value = pick();
      if (!twin_.can_be_output(value) || std::ranges::find(taken, value.id) != taken.end() || chance(50))
        continue;
      twin_.output(value);
      taken.push_back(value.id);
    }
  }

  bool wide_;
  int most_pixels_;
  TwinGraph twin_;
  std::mt19937_64 random_;
  std::vector<Value> values_;
};

}  // namespace ink::test
