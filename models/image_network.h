#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/architecture.h"
#include "models/blocks/net_builder.h"
#include "models/image/preprocess.h"

namespace ink {

// A network as its family describes it: all that can be computed, of which an ImageModel is built for a part.
struct ImageNetwork {
  NetBuilder net;
  ImagePreprocess preprocess;

  struct Output {
    std::string name;
    Value value;  // (n, 1, 1, size)
  };
  std::vector<Output> outputs;  // the default first

  std::vector<ModelOutput> model_outputs() const;
};

// The preprocessing that a store's metadata asks for, `preset` where they say nothing. Error (model): they
// are not of the form of ImagePreprocess.
Result<ImagePreprocess> preprocess_of(const WeightStore& store, const ImagePreprocess& preset);

// What preprocessing makes of any picture: the network's input. Error (model): it depends on the picture.
Result<PictureSize> input_size(const ImagePreprocess& preprocess, std::string_view origin);

// An ImageModel on a graph with one input (n, h, w, 3) and the outputs of `outputs`, in this order, each
// (n, 1, 1, size). Packs the store's weights. Sessions are kept for next calls, one for each that ran side by
// side. Error (model): a tensor is missing or misshapen.
Result<std::unique_ptr<ImageModel>> make_image_model(Graph graph, std::vector<ModelOutput> outputs,
                                                     ImagePreprocess preprocess, const WeightStore& store,
                                                     const BuildOptions& options);

// The same for what a family describes, cut down to the outputs that the options ask for.
Result<std::unique_ptr<ImageModel>> make_image_model(ImageNetwork network, const WeightStore& store,
                                                     const BuildOptions& options);

// The functions of an Architecture for a family that describes its networks.
template <Result<ImageNetwork> (*describe)(const WeightStore&)>
Result<std::vector<ModelOutput>> image_outputs_of(const WeightStore& store) {
  INK_TRY(const ImageNetwork network, describe(store));
  return network.model_outputs();
}

template <Result<ImageNetwork> (*describe)(const WeightStore&)>
Result<std::unique_ptr<ImageModel>> image_model_of(std::shared_ptr<const WeightStore> store,
                                                   const BuildOptions& options) {
  INK_TRY(ImageNetwork network, describe(*store));
  return make_image_model(std::move(network), *store, options);
}

}  // namespace ink
