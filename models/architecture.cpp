#include "models/architecture.h"

#include <algorithm>

#include "models/clip.h"
#include "models/distilbert.h"
#include "models/model.h"
#include "models/qformer.h"
#include "models/realcugan.h"
#include "models/resnet.h"
#include "models/vit.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr Architecture kArchitectures[] = {
    {kResNetArchitecture, "ResNet", image_outputs_of<describe_resnet>, image_model_of<describe_resnet>,
     nullptr, nullptr},
    {kRealCuganArchitecture, "Real-CUGAN", nullptr, nullptr, nullptr, nullptr},
    {kClipArchitecture, "CLIP", clip_image_outputs, build_clip_image, clip_text_outputs, build_clip_text},
    {kDistilBertArchitecture, "DistilBERT", nullptr, nullptr, distilbert_outputs, build_distilbert},
    {kVitArchitecture, "ViT", vit_outputs, build_vit, nullptr, nullptr},
    {kDinov2Architecture, "DINOv2", vit_outputs, build_vit, nullptr, nullptr},
    {kQFormerArchitecture, "BLIP-2 Q-Former", qformer_outputs, build_qformer, nullptr, nullptr},
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
