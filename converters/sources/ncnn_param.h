#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"
#include "weights/limits.h"

namespace ink {

// The weights of one layer of an ncnn graph, in the layout of the .bin file.
struct NcnnWeights {
  enum class Kind { convolution, deconvolution, inner_product };
  std::string layer;
  int line = 0;  // of the .param file
  Kind kind = Kind::convolution;
  // The file has (oc, ic, kh, kw) for all three kinds; an inner product has kh = kw = 1.
  int64_t oc = 0, ic = 0, kh = 1, kw = 1;
  bool bias = false;  // oc values
};

// What a .param file says, every parameter checked.
struct NcnnGraph {
  std::string origin;
  std::vector<NcnnWeights> weights;  // in the order of the .bin file
  // One line a computing layer, in order, line k being ordinal k. What it reads stands behind "<-" as
  // ordinals. Split (a copy) and Crop (a view) compute nothing: they have no line, and a crop stands with the
  // ordinal that it cuts, as margins at top, left, bottom and right. Sums and products name their operands in
  // ascending order.
  //   Input
  //   Convolution 64 k3x3 s1 p0 leaky_relu 0.1 <- 0
  //   BinaryOp add <- 1[crop 4 4 4 4] 7
  std::vector<std::string> signature;
};

// Reads the text of a .param file: the magic number, the counts of layers and blobs, and one layer a line:
//   TYPE NAME INPUTS OUTPUTS input-blobs... output-blobs... KEY=VALUE...
// Error (model), with the line: anything that is not in the format, a layer type, key or value that this
// reader does not know, a blob that is missing, made twice or used before it is made, counts that do not fit
// the lines, channels that do not fit the weights.
Result<NcnnGraph> parse_ncnn_param(std::string_view text, const std::string& origin,
                                   const ModelLimits& limits = {});

}  // namespace ink
