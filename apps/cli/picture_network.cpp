#include "apps/cli/picture_network.h"

#include <utility>

#include "apps/cli/models_folder.h"
#include "apps/cli/text.h"
#include "models/image_network.h"
#include "models/model.h"

namespace ink::cli {

Result<std::vector<ModelOutput>> LoadedModel::image_outputs() const {
  if (architecture->image_outputs == nullptr) return std::vector<ModelOutput>();
  return architecture->image_outputs(*store);
}

Result<std::vector<ModelOutput>> LoadedModel::text_outputs() const {
  if (architecture->text_outputs == nullptr) return std::vector<ModelOutput>();
  return architecture->text_outputs(*store);
}

Result<LoadedModel> load_model_for_use(const std::string& name_or_path, const std::string& model_folder,
                                       int threads) {
  LoadedModel loaded;
  INK_TRY(loaded.path, find_model(name_or_path, model_folder));
  INK_TRY(WeightStore store, load_any_model(loaded.path, load_to_prepare(threads)));
  if (store.metadata(kPrecisionKey) == precision_name(Precision::int8)) loaded.precision = Precision::int8;
  loaded.store = std::make_shared<const WeightStore>(std::move(store));
  INK_TRY(loaded.architecture, architecture_of(*loaded.store));
  return loaded;
}

Result<PictureNetwork> PictureNetwork::create(const LoadedModel& loaded, std::vector<std::string> outputs,
                                              const std::string& preset, int threads, bool once) {
  const Architecture& architecture = *loaded.architecture;
  if (architecture.image == nullptr) {
    return model_error(loaded.path, ": ", architecture.title, " makes no vectors of pictures",
                       architecture.text != nullptr ? ", but of texts" : "");
  }
  PictureNetwork network;
  INK_TRY(network.model, architecture.image(loaded.store, {.outputs = std::move(outputs),
                                                           .threads = threads,
                                                           .once = once,
                                                           .precision = loaded.precision}));
  network.preprocess = network.model->preprocess();
  INK_TRY(network.size, input_size(network.preprocess, loaded.path));
  if (preset.empty()) return network;
  Result<ImagePreprocess> other = preprocess_preset(preset, network.size.w);
  if (!other.ok()) return Error{other.error().kind, concat("--preprocess: ", other.error().message)};
  network.preprocess = std::move(*other);
  INK_TRY(const PictureSize size, input_size(network.preprocess, concat("--preprocess ", preset)));
  if (size == network.size) return network;
  return Error{ErrorKind::usage, concat("--preprocess ", preset, ": makes pictures of ", size.w, "x", size.h,
                                        ", and the model takes ", network.size.w, "x", network.size.h)};
}

std::string output_names(const std::vector<ModelOutput>& outputs) {
  std::vector<std::string> names;
  for (const ModelOutput& output : outputs) names.push_back(output.name);
  return join(names, ", ");
}

}  // namespace ink::cli
