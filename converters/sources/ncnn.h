#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "converters/sources/ncnn_param.h"
#include "converters/sources/source.h"
#include "kernels/base/result.h"

namespace ink {

// A pair of ncnn files: the graph as text (.param), the weights behind each other (.bin).
//
// A layer's weights are `<layer>.weight` and, with a bias, `<layer>.bias`, f16 or f32 as released (biases are
// always f32), in torch's shapes: Convolution [oc, ic, kh, kw]; Deconvolution [ic, oc, kh, kw], transposed
// here, because the file has the output channel first; InnerProduct, in Real-CUGAN a 1x1 convolution of a 1x1
// map, [oc, ic, 1, 1].

// Borrows from `bin`, which `owner` keeps alive. Error (model): the layers' weights do not fill the file
// exactly, or are stored in another way than f16 and f32.
Result<std::unique_ptr<TensorSource>> open_ncnn(const NcnnGraph& graph, std::span<const std::byte> bin,
                                                std::shared_ptr<const void> owner,
                                                const std::string& bin_origin);

// A pair of files in memory.
struct NcnnFiles {
  std::string param_origin, bin_origin;
  std::span<const std::byte> param, bin;
  std::shared_ptr<const void> bin_owner;  // what is opened borrows from bin
};

// The same from the text of the graph. Its origin is the .bin. Error (model): also what is wrong with the
// text.
Result<std::unique_ptr<TensorSource>> open_ncnn_pair(const NcnnFiles& files, const ModelLimits& limits = {});

}  // namespace ink
