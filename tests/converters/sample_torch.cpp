#include "tests/converters/sample_torch.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "kernels/base/dtype.h"
#include "weights/sha256.h"

namespace ink::test {

namespace {

const std::string kFolder = std::string(INK_GOLDENS_DIR) + "/torch/";

}  // namespace

std::vector<TorchGolden> torch_goldens() {
  std::ifstream manifest(kFolder + "manifest.txt");
  std::vector<TorchGolden> goldens;
  for (std::string line; std::getline(manifest, line);) {
    std::istringstream words(line);
    std::string file;
    TorchTensor tensor;
    words >> file;
    if (goldens.empty() || goldens.back().file != file) goldens.push_back({file, {}});
    if (words >> tensor.name >> tensor.dtype >> tensor.shape >> tensor.sha256) {
      goldens.back().tensors.push_back(tensor);
    }
  }
  for (TorchGolden& golden : goldens) std::ranges::sort(golden.tensors, {}, &TorchTensor::name);
  return goldens;
}

Bytes torch_golden(std::string_view file) { return read_file(kFolder + std::string(file)); }

std::vector<TorchTensor> read_all(const TensorSource& source, std::string& problem) {
  std::vector<TorchTensor> tensors;
  for (size_t i = 0; i < source.tensors().size(); ++i) {
    const SourceTensor& tensor = source.tensors()[i];
    std::string shape;
    for (const int64_t size : tensor.shape) {
      if (!shape.empty()) shape += 'x';
      shape += std::to_string(size);
    }
    const auto bytes = source.read(i);
    if (!bytes.ok()) {
      problem = bytes.error().message;
      continue;
    }
    tensors.push_back(
        {tensor.name, dtype_name(tensor.dtype), shape.empty() ? "-" : shape, sha256_hex(bytes->bytes)});
  }
  std::ranges::sort(tensors, {}, &TorchTensor::name);
  return tensors;
}

}  // namespace ink::test
