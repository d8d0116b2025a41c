#include "models/architecture.h"

#include <algorithm>

#include "models/model.h"
#include "models/realcugan.h"
#include "models/resnet.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr Architecture kArchitectures[] = {
    {kResNetArchitecture, "ResNet", image_outputs_of<describe_resnet>, image_model_of<describe_resnet>,
     nullptr, nullptr},
    {kRealCuganArchitecture, "Real-CUGAN", nullptr, nullptr, nullptr, nullptr},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

Result<const Architecture*> architecture_of(const WeightStore& store) {
  const std::string_view name = store.metadata(kArchitectureKey);
  const auto found = std::ranges::find(kArchitectures, name, &Architecture::name);
  if (found != std::end(kArchitectures)) return &*found;
  std::string known;
  for (const Architecture& architecture : kArchitectures) {
    known += concat(known.empty() ? "" : ", ", architecture.name);
  }
  return model_error(store.origin(), ": ", kArchitectureKey, " is ", quote(name), ", supported: ", known);
}

}  // namespace ink
