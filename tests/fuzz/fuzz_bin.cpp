#include <algorithm>
#include <array>
#include <cstdlib>

#include "converters/sources/ncnn.h"
#include "tests/converters/sample_ncnn.h"
#include "tests/fuzz/fuzz.h"
#include "weights/store.h"

using ink::fuzz::Input;
using ink::fuzz::Random;

namespace {

// Where the layers of the sample begin, each with the flag of its storage: 36 weights and 4 biases in half
// precision, 8 and 2 in single, 8 in half, 128 and 8 in half.
constexpr std::array<size_t, 4> kLayers = {0, 92, 136, 156};

const ink::NcnnGraph& graph() {
  static const ink::NcnnGraph sample = *ink::parse_ncnn_param(ink::test::small_ncnn().param, "param");
  return sample;
}

}  // namespace

int fuzz_one(const uint8_t* data, size_t size) {
  const auto source = ink::open_ncnn(graph(), ink::fuzz::bytes_of(data, size), nullptr, "fuzz");
  if (source.ok()) {
    for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
      const auto bytes = (*source)->read(i);
      const auto count = ink::element_count((*source)->tensors()[i].shape);
      const size_t expected = static_cast<size_t>(*count) * ink::dtype_size((*source)->tensors()[i].dtype);
      if (!bytes.ok() || bytes->bytes.size() != expected) std::abort();
    }
    return 1;
  }
  // Past the header: refused for another than the first layer.
  return source.error().message.find("'c1'") == std::string::npos ? 1 : 0;
}

std::vector<Input> fuzz_seeds() {
  Input input;
  for (const std::byte byte : ink::test::small_ncnn().bin) input.push_back(std::to_integer<uint8_t>(byte));
  return {input};
}

void fuzz_mutate(Input& input, Random& random) {
  static constexpr std::array<uint32_t, 6> kFlags = {0, 0x01306b47, 0x000d4b38, 0x0002c056, 1, 0xffffffff};
  const size_t layer = random.pick(std::span<const size_t>(kLayers));
  switch (random.below(6)) {
    case 0:
      if (layer + 4 <= input.size()) {
        const uint32_t flag = random.pick(std::span<const uint32_t>(kFlags));
        for (size_t i = 0; i < 4; ++i) input[layer + i] = static_cast<uint8_t>(flag >> (8 * i));
      }
      break;
    case 1: ink::fuzz::mutate_bytes(input, random, layer, layer + 4); break;
    case 2: input.resize(input.size() - std::min(input.size(), random.below(64))); break;
    case 3: input.resize(input.size() + random.below(300)); break;
    default: ink::fuzz::mutate_bytes(input, random, layer, input.size()); break;
  }
}
