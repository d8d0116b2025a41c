#include "converters/recognise.h"

#include <utility>

#include "converters/realcugan_layers.h"
#include "converters/resnet_layers.h"
#include "converters/transformers/clip.h"
#include "converters/transformers/distilbert.h"
#include "converters/transformers/qformer.h"
#include "converters/transformers/vit.h"
#include "models/resnet.h"
#include "weights/message.h"

namespace ink {

namespace {

// Real-CUGAN's comes last: what a source that nobody knows is most like is told by it.
constexpr Recogniser kRecognisers[] = {
    {kResNetArchitecture, recognise_resnet_model}, {"CLIP", recognise_clip},
    {"DistilBERT", recognise_distilbert},          {"ViT and DINOv2", recognise_vit},
    {"BLIP-2 Q-Former", recognise_qformer},        {kRealCuganArchitecture, recognise_realcugan_model},
};

}  // namespace

std::span<const Recogniser> recognisers() { return kRecognisers; }

Result<Recognised> recognise(const TensorSource& source, const RecogniseOptions& options) {
  for (const Recogniser& recogniser : recognisers()) {
    INK_TRY(std::optional<Recognised> found, recogniser.recognise(source, options));
    if (found) return std::move(*found);
  }
  return model_error(source.origin(), ": its tensors make no model that is known here");
}

}  // namespace ink
