#pragma once

#include <cmath>

namespace ink {

// gelu is x * Phi(x) with the normal distribution's Phi (the exact one, by erf); quick_gelu is x *
// sigmoid(1.702 x).
enum class Activation { none, relu, leaky_relu, sigmoid, tanh, silu, gelu, quick_gelu };

// What every kernel does with an accumulated value before it stores it:
//   residual after the activation:   dst = act(value) + residual
//   residual before the activation:  dst = act(value + residual)
// The bias is part of `value`; where there is no residual the flag means nothing.
struct Epilogue {
  Activation activation = Activation::none;
  float slope = 0;  // of leaky_relu for negative values
  bool residual_first = false;
};

constexpr const char* activation_name(Activation activation) {
  switch (activation) {
    case Activation::none: return "none";
    case Activation::relu: return "relu";
    case Activation::leaky_relu: return "leaky_relu";
    case Activation::sigmoid: return "sigmoid";
    case Activation::tanh: return "tanh";
    case Activation::silu: return "silu";
    case Activation::gelu: return "gelu";
    case Activation::quick_gelu: return "quick_gelu";
  }
  return "?";
}

// The definition of each activation in plain arithmetic. NaN gives NaN.
inline float activate(float x, Activation activation, float slope) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return x < 0 ? 0.0f : x;
    case Activation::leaky_relu: return x > 0 ? x : x * slope;
    case Activation::sigmoid: return 1.0f / (1.0f + std::exp(-x));
    case Activation::tanh: return std::tanh(x);
    case Activation::silu: return x / (1.0f + std::exp(-x));
    // erfc keeps its digits on the negative side, where 1 + erf would cancel.
    case Activation::gelu: return 0.5f * x * std::erfc(x * -0.70710678f);
    case Activation::quick_gelu: return x / (1.0f + std::exp(-1.702f * x));
  }
  return x;
}

// What is stored for a value; residual is 0 where there is none.
inline float finish(float value, float residual, const Epilogue& epilogue) {
  if (epilogue.residual_first) return activate(value + residual, epilogue.activation, epilogue.slope);
  return activate(value, epilogue.activation, epilogue.slope) + residual;
}

}  // namespace ink
