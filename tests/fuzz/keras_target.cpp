#include "tests/fuzz/keras_target.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace ink::fuzz {

void check_source(const TensorSource& source) {
  uint64_t sum = 0;
  for (size_t i = 0; i < source.tensors().size(); ++i) {
    const SourceTensor& tensor = source.tensors()[i];
    const auto data = source.read(i);
    if (!data.ok()) continue;
    uint64_t bytes = dtype_size(tensor.dtype);
    for (const int64_t dim : tensor.shape) bytes *= static_cast<uint64_t>(dim);
    if (bytes != data->bytes.size()) std::abort();
    for (const std::byte byte : data->bytes) sum += std::to_integer<uint64_t>(byte);
  }
  // So that the reading is not left out.
  if (sum == ~uint64_t{0}) std::abort();
}

std::vector<Input> keras_inputs(const std::vector<std::string>& names) {
  std::vector<Input> inputs;
  for (const std::string& name : names) {
    std::ifstream file(INK_GOLDENS_DIR "/keras/" + name, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

}  // namespace ink::fuzz
