#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/base/result.h"
#include "models/architecture.h"
#include "models/image/preprocess.h"
#include "weights/store.h"

namespace ink::cli {

// A model as a command line names it, with what can be done with it.
struct LoadedModel {
  std::string path;
  std::shared_ptr<const WeightStore> store;
  const Architecture* architecture = nullptr;
  Precision precision = Precision::f32;  // to run in; at first what the file says

  // The outputs for pictures or for texts, the default first; empty where it takes none.
  Result<std::vector<ModelOutput>> image_outputs() const;
  Result<std::vector<ModelOutput>> text_outputs() const;
};

// name_or_path: a file, a folder, or a name of the catalog. Errors: as load_any_model().
Result<LoadedModel> load_model_for_use(const std::string& name_or_path, const std::string& model_folder,
                                       int threads = 1);

// A model of pictures, ready to run, with the way from a picture to it.
struct PictureNetwork {
  std::unique_ptr<ImageModel> model;
  ImagePreprocess preprocess;
  PictureSize size;  // of its input

  // outputs: as BuildOptions; preset: whose preprocessing replaces the model's own where it is not empty.
  // Errors: model (it takes no pictures, and what it does instead); usage (no such preset); those of
  // Architecture::image. once: as BuildOptions.
  static Result<PictureNetwork> create(const LoadedModel& loaded, std::vector<std::string> outputs,
                                       const std::string& preset, int threads, bool once = false);
};

// "features, tags".
std::string output_names(const std::vector<ModelOutput>& outputs);

}  // namespace ink::cli
