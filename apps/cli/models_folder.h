#pragma once

#include <string>
#include <vector>

#include "converters/load_model.h"
#include "kernels/base/result.h"
#include "weights/store.h"

namespace ink::cli {

// Where model files are looked for, best first: `preferred` (--model-dir) where it is not empty, the folders
// of $INKSTONE_MODELS (separated by colons), $XDG_DATA_HOME/inkstone/models or
// ~/.local/share/inkstone/models, and share/inkstone/models beside the folder of this program.
std::vector<std::string> model_folders(const std::string& preferred);

// The file of a network of the catalog. Error (model): in none of the folders; says where it was looked for
// and which command gets it.
Result<std::string> find_network(std::string_view name, const std::string& preferred_folder);

// The same for what a user may write: a name of the catalog, or a path.
Result<std::string> find_model(const std::string& name_or_path, const std::string& preferred_folder);

// How a model is loaded that is about to be prepared, which looks at the weights that it uses.
LoadOptions load_to_prepare(int threads = 1);

// load_model(), with a missing file as an error of kind model like any other fault of a model.
Result<WeightStore> load_any_model(const std::string& path, const LoadOptions& options = load_to_prepare(),
                                   ConvertReport* report = nullptr);

}  // namespace ink::cli
