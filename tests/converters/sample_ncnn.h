#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/weights/sample_files.h"

namespace ink::test {

struct NcnnSample {
  std::string param;
  Bytes bin;
};

// A small graph with every layer type that the reader knows, half and single precision, and its weights:
// element i of the k-th layer with weights is k + i / 64, its bias o is -k - o.
NcnnSample small_ncnn();

// A pair whose graph has this signature (converters/sources/ncnn_param.h) and reads 3 channels, laid out like
// the released files. All weights are half precision; element i of tensor k of the file is ncnn_value(k, i).
NcnnSample ncnn_of_signature(std::span<const std::string> signature);
// ((31 * tensor + element) % 61 - 30) / 64: exact in half precision, and no two tensors are alike.
float ncnn_value(size_t tensor, size_t element);

// `text` with the first `from` replaced; throws where there is none.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);

}  // namespace ink::test
