#include "tests/models/made_up_model.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "weights/safetensors.h"
#include "weights/store.h"

namespace ink::test {

Status write_made_up_model(const std::string& path, const RealCuganConfig& config) {
  WeightStore store;
  uint32_t state = 1;
  for (const TensorSpec& spec : realcugan_tensors(config)) {
    const auto count = static_cast<size_t>(*element_count(spec.shape));
    const size_t fan_in = spec.shape.size() == 4 ? count / static_cast<size_t>(spec.shape[0]) : 100;
    std::vector<float> values(count);
    for (float& value : values) {
      state = state * 1664525u + 1013904223u;
      // Uniform, of a variance that keeps values about as large from layer to layer.
      const float uniform = static_cast<float>(state >> 8) / static_cast<float>(1 << 23) - 1;
      value = uniform * std::sqrt(3.0f / static_cast<float>(fan_in));
    }
    INK_TRY_STATUS(store.add(spec.name, DType::f32, spec.shape, std::as_bytes(std::span(values))));
  }
  store.set_metadata(std::string(kArchitectureKey), std::string(kRealCuganArchitecture));
  store.set_metadata(std::string(kConfigKey), config.json());
  store.set_metadata(std::string(kLicenseKey), "none");
  return write_safetensors(store, path);
}

}  // namespace ink::test
