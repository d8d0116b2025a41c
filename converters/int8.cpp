#include "converters/int8.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "kernels/reduced/reduced_tile.h"
#include "models/model.h"
#include "weights/message.h"

namespace ink {
namespace {

struct Bytes {
  std::vector<int8_t> values;
  std::vector<float> scales;
};

// Calls use(channel, i) for every element i, which belongs to the channel i / inner % channels.
template <class Use>
void each_element(size_t count, size_t channels, size_t inner, Use use) {
  for (size_t i = 0, channel = 0; i < count; channel = channel + 1 == channels ? 0 : channel + 1) {
    for (const size_t end = i + inner; i < end; ++i) use(channel, i);
  }
}

Bytes quantise(std::span<const float> values, size_t channels, size_t inner) {
  Bytes bytes{std::vector<int8_t>(values.size()), std::vector<float>(channels)};
  std::vector<float> factors(channels);
  each_element(values.size(), channels, inner, [&](size_t channel, size_t i) {
    bytes.scales[channel] = std::max(bytes.scales[channel], std::abs(values[i]));
  });
  for (size_t c = 0; c < channels; ++c) {
    factors[c] = bytes.scales[c] >= kReducedLeast ? 127.0f / bytes.scales[c] : 0.0f;
    bytes.scales[c] = factors[c] == 0 ? 0.0f : bytes.scales[c] / 127.0f;
  }
  each_element(values.size(), channels, inner, [&](size_t channel, size_t i) {
    bytes.values[i] = static_cast<int8_t>(std::nearbyint(values[i] * factors[channel]));
  });
  return bytes;
}

}  // namespace

Result<WeightStore> to_int8(const std::shared_ptr<const WeightStore>& store,
                            std::span<const ReducedWeight> weights) {
  std::map<std::string, WeightLayout, std::less<>> chosen;
  for (const ReducedWeight& weight : weights) chosen.emplace(weight.name, weight.layout);
  WeightStore result;
  result.set_origin(store->origin());
  for (const auto& [key, value] : store->metadata()) result.set_metadata(key, value);
  result.set_metadata(std::string(kPrecisionKey), precision_name(Precision::int8));
  for (const StoredTensor& tensor : store->tensors()) {
    const auto found = chosen.find(tensor.name);
    if (found == chosen.end() || tensor.dtype == DType::i8 || tensor.shape.empty() || tensor.bytes.empty()) {
      INK_TRY_STATUS(result.add_borrowed(tensor, store));
      continue;
    }
    INK_TRY(const TensorFloats floats, store->borrow_floats(tensor.name, tensor.shape));
    const bool first = found->second == WeightLayout::oihw;
    const auto channels = static_cast<size_t>(first ? tensor.shape.front() : tensor.shape.back());
    const Bytes bytes =
        quantise({floats.data(), floats.size()}, channels, first ? floats.size() / channels : 1);
    std::vector<int64_t> shape(tensor.shape.size(), 1);
    (first ? shape.front() : shape.back()) = static_cast<int64_t>(channels);
    INK_TRY_STATUS(result.add(tensor.name, DType::i8, tensor.shape, std::as_bytes(std::span(bytes.values))));
    INK_TRY_STATUS(result.add(concat(tensor.name, kScaleSuffix), DType::f32, std::move(shape),
                              std::as_bytes(std::span(bytes.scales))));
  }
  return result;
}

}  // namespace ink
