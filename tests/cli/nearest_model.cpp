#include "tests/cli/nearest_model.h"

#include <gtest/gtest.h>

#include <span>
#include <vector>

#include "models/realcugan.h"
#include "weights/safetensors.h"

namespace ink::test {
namespace {

// Sets the weights of one layer, (outer, inner, k, k), to 1 where channel c meets itself at the given taps.
void pass_through(std::vector<float>& weights, const std::vector<int64_t>& shape, int64_t first_tap,
                  int64_t taps) {
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t y = first_tap; y < first_tap + taps; ++y) {
      for (int64_t x = first_tap; x < first_tap + taps; ++x) {
        weights[static_cast<size_t>(((c * shape[1] + c) * shape[2] + y) * shape[3] + x)] = 1;
      }
    }
  }
}

}  // namespace

// Samples are not negative, so the leaky ReLU between the layers leaves them alone. The transposed
// convolution of stride 2 spreads each pixel with the middle 2 x 2 of its 4 x 4 taps. All other weights are
// zero, the second U-Net's among them, which adds nothing then.
void write_nearest_model(const Workplace& work, const std::string& name) {
  const RealCuganConfig config{2, false, false};
  WeightStore store;
  for (const TensorSpec& spec : realcugan_tensors(config)) {
    std::vector<float> values(static_cast<size_t>(*element_count(spec.shape)));
    for (const char* layer : {"conv1.conv.0", "conv1.conv.2", "conv3"}) {
      if (spec.name == std::string("unet1.") + layer + ".weight") pass_through(values, spec.shape, 1, 1);
    }
    if (spec.name == "unet1.conv_bottom.weight") pass_through(values, spec.shape, 1, 2);
    ASSERT_TRUE(store.add(spec.name, DType::f32, spec.shape, std::as_bytes(std::span(values))).ok());
  }
  store.set_metadata(std::string(kArchitectureKey), std::string(kRealCuganArchitecture));
  store.set_metadata(std::string(kConfigKey), config.json());
  store.set_metadata(std::string(kLicenseKey), "none");
  ASSERT_TRUE(write_safetensors(store, work.path(name)).ok());
}

}  // namespace ink::test
