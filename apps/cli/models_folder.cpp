#include "apps/cli/models_folder.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "apps/cli/text.h"
#include "weights/catalog.h"

namespace ink::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::vector<std::string> model_folders(const std::string& preferred) {
  std::vector<std::string> folders;
  if (!preferred.empty()) folders.push_back(preferred);
  for (const std::string& folder : split(environment("INKSTONE_MODELS"), ':')) {
    if (!folder.empty()) folders.push_back(folder);
  }
  const std::string data = environment("XDG_DATA_HOME"), home = environment("HOME");
  if (!data.empty()) {
    folders.push_back(data + "/inkstone/models");
  } else if (!home.empty()) {
    folders.push_back(home + "/.local/share/inkstone/models");
  }
  std::error_code problem;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", problem);
  if (!problem) folders.push_back((program.parent_path().parent_path() / "share/inkstone/models").string());
  return folders;
}

Result<std::string> find_network(std::string_view name, const std::string& preferred_folder) {
  Result<std::string> found = find_model_file(name, model_folders(preferred_folder));
  if (found.ok()) return found;
  return Error{ErrorKind::model,
               found.error().message + "; \"inkstone models pull " + std::string(name) + "\" gets it"};
}

Result<std::string> find_model(const std::string& name_or_path, const std::string& preferred_folder) {
  if (find_catalog(name_or_path) != nullptr) return find_network(name_or_path, preferred_folder);
  return name_or_path;
}

LoadOptions load_to_prepare(int threads) {
  LoadOptions options;
  options.threads = threads;
  options.check_finite = false;
  return options;
}

Result<WeightStore> load_any_model(const std::string& path, const LoadOptions& options,
                                   ConvertReport* report) {
  Result<WeightStore> store = load_model(path, options, report);
  if (!store.ok() && store.error().kind == ErrorKind::no_input)
    return Error{ErrorKind::model, store.error().message};
  return store;
}

}  // namespace ink::cli
