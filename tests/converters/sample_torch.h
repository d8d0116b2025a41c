#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/source.h"
#include "tests/weights/sample_files.h"

namespace ink::test {

// A line of tests/goldens/torch/manifest.txt.
struct TorchTensor {
  std::string name, dtype, shape, sha256;
  bool operator==(const TorchTensor&) const = default;
};
struct TorchGolden {
  std::string file;
  std::vector<TorchTensor> tensors;  // by name
};

std::vector<TorchGolden> torch_goldens();
Bytes torch_golden(std::string_view file);
// All tensors of a source, by name; `problem` where one cannot be read.
std::vector<TorchTensor> read_all(const TensorSource& source, std::string& problem);

}  // namespace ink::test
