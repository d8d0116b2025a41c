#include "models/architecture.h"

#include <algorithm>

#include "models/clip.h"
#include "models/deepdanbooru.h"
#include "models/distilbert.h"
#include "models/efficientnet.h"
#include "models/model.h"
#include "models/pix2score.h"
#include "models/qformer.h"
#include "models/realcugan.h"
#include "models/resnet.h"
#include "models/vgg.h"
#include "models/vit.h"
#include "weights/message.h"

namespace ink {

namespace {

template <Result<ImageNetwork> (*describe)(const WeightStore&)>
constexpr Architecture picture_architecture(std::string_view name, std::string_view title) {
  return {name, title, image_outputs_of<describe>, image_model_of<describe>, nullptr, nullptr};
}

constexpr Architecture kArchitectures[] = {
    picture_architecture<describe_deepdanbooru>(kDeepDanbooruArchitecture, "DeepDanbooru"),
    picture_architecture<describe_pix2score>(kPix2ScoreArchitecture, "pix2score"),
    picture_architecture<describe_resnet>(kResNetArchitecture, "ResNet"),
    picture_architecture<describe_vgg>(kVggArchitecture, "VGG"),
    picture_architecture<describe_efficientnet>(kEfficientNetArchitecture, "EfficientNet"),
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
