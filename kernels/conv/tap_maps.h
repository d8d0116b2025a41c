#pragma once

#include "kernels/conv/tap_conv.h"

namespace ink {

// What the two drivers of TapConv pass down.
struct TapConv::Maps {
  View<const float> src, residual;
  View<float> dst;
  Epilogue epilogue;
};

}  // namespace ink
