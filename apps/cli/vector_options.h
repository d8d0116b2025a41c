#pragma once

#include <string>
#include <vector>

#include "apps/cli/batches.h"
#include "apps/cli/common.h"
#include "apps/cli/picture_network.h"
#include "kernels/base/result.h"

namespace CLI {
class App;
}

namespace ink::cli {

// What the commands share that make something of pictures.
struct PictureFlags {
  std::vector<std::string> inputs;
  std::string input;
  bool recursive = false;
  std::string preprocess;

  // The files, in the order in which they are named; none where none are. Errors: as expand_inputs().
  Result<std::vector<std::string>> files() const;
};
void add_picture_options(CLI::App& app, PictureFlags& flags);

// The same for all that run a model over many inputs.
struct ModelFlags {
  std::string model, model_folder;
  std::string batch, max_memory;
  std::string precision;

  // The model named, with the precision to run it in. Errors: usage; those of load_model_for_use().
  Result<LoadedModel> load(int threads) const;

  // batch: where -b does not say. Error: usage.
  Result<BatchSettings> settings(const Common& common, int batch) const;
};
void add_model_options(CLI::App& app, ModelFlags& flags);

void add_precision_option(CLI::App& app, std::string& precision);
// Makes a model run in the precision named; empty: as it is. Error (usage): no such one, or the model runs in
// f32 alone.
Status set_precision(LoadedModel& loaded, const std::string& name);

// What messages call the files.
std::vector<std::string> input_names(const std::vector<std::string>& files);

}  // namespace ink::cli
