#include "converters/recognise.h"

#include <algorithm>
#include <string>
#include <utility>

#include "converters/deepdanbooru_layers.h"
#include "converters/efficientnet_layers.h"
#include "converters/pix2score_layers.h"
#include "converters/realcugan_layers.h"
#include "converters/resnet_layers.h"
#include "converters/transformers/clip.h"
#include "converters/transformers/distilbert.h"
#include "converters/transformers/qformer.h"
#include "converters/transformers/vit.h"
#include "converters/vgg_layers.h"
#include "weights/message.h"

namespace ink {

namespace {

// Real-CUGAN's comes last: what a source that nobody knows is most like is told by it.
constexpr Recogniser kRecognisers[] = {
    {"DeepDanbooru", recognise_deepdanbooru_model},
    {"pix2score", recognise_pix2score_model},
    {"ResNet", recognise_resnet_model},
    {"VGG", recognise_vgg_model},
    {"EfficientNet", recognise_efficientnet_model},
    {"CLIP", recognise_clip},
    {"DistilBERT", recognise_distilbert},
    {"ViT and DINOv2", recognise_vit},
    {"BLIP-2 Q-Former", recognise_qformer},
    {"Real-CUGAN", recognise_realcugan_model},
};

// Paths of Keras tell a layer's class and number; without what it is called they fit no table.
bool lacks_layer_names(const TensorSource& source) {
  const bool named = std::ranges::any_of(source.texts(), [](const SourceText& text) {
    return text.name == "layer_names" || text.name == "config.json";
  });
  return !named && std::ranges::any_of(source.tensors(), [](const SourceTensor& tensor) {
    return tensor.name.find("/vars/") != std::string::npos;
  });
}

}  // namespace

std::span<const Recogniser> recognisers() { return kRecognisers; }

Result<Recognised> recognise(const TensorSource& source, const RecogniseOptions& options) {
  for (const Recogniser& recogniser : recognisers()) {
    Result<std::optional<Recognised>> found = recogniser.recognise(source, options);
    if (!found.ok() && lacks_layer_names(source)) {
      return Error{found.error().kind,
                   concat(found.error().message,
                          "; the names of its layers, which tell most models, are not in the file: a .keras "
                          "of the model has them")};
    }
    if (!found.ok()) return found.error();
    if (*found) return std::move(**found);
  }
  return model_error(source.origin(), ": its tensors make no model that is known here");
}

}  // namespace ink
