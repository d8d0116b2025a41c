#include "apps/cli/upscale_request.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>

#include "apps/cli/memory.h"
#include "apps/cli/models_folder.h"
#include "apps/cli/text.h"
#include "models/realcugan.h"
#include "weights/catalog.h"

namespace ink::cli {
namespace {

constexpr int kLeastTile = 32;

bool is_family(const std::string& model) { return model == "se" || model == "pro" || model == "nose"; }

// One size, or as many as realcugan-ncnn-vulkan has devices: the first one counts.
Result<int> parse_tiles(const std::string& text) {
  std::optional<int> first;
  for (const std::string& tile : split(text, ',')) {
    INK_TRY(const int size, parse_int(tile, "-t", 0, 1 << 20));
    if (size != 0 && size < kLeastTile) {
      return Error{ErrorKind::usage,
                   "-t: expected 0 (automatic) or a tile size of at least 32, found " + tile};
    }
    if (!first) first = size;
  }
  return first.value_or(0);
}

Result<float> parse_strength(const std::string& text) {
  char* end = nullptr;
  const float value = std::strtof(text.c_str(), &end);
  if (!text.empty() && *end == '\0' && value >= kMinStrength && value <= kMaxStrength) return value;
  return Error{ErrorKind::usage, "--strength: expected a number from 0.75 to 1.3, found \"" + text + "\""};
}

void warn_of_ignored(const UpscaleFlags& flags, const Common& common) {
  if (!flags.sync_gap.empty()) {
    print_warning(common, "-c is ignored: every tile always sees the whole picture's means");
  }
  if (!flags.gpu.empty()) print_warning(common, "-g is ignored: inkstone computes on the CPU");
}

// The networks of a family with that denoising strength: the one that was asked for, or, for a target size
// alone, all of them.
Status choose_of_family(const UpscaleFlags& flags, const std::string& family, int scale, int noise,
                        UpscaleRequest& request) {
  if (flags.scale_option->count() > 0 || !request.settings.target.wanted()) {
    INK_TRY(const CatalogEntry* entry, find_catalog(family, scale, noise));
    INK_TRY(const std::string path, find_network(entry->name, flags.model_folder));
    request.model_paths = {path};
    request.scale = scale;
    return {};
  }
  for (const CatalogEntry& entry : catalog()) {
    if (entry.family != family || entry.noise != noise) continue;
    INK_TRY(std::string path, find_network(entry.name, flags.model_folder));
    request.model_paths.push_back(std::move(path));
  }
  if (request.model_paths.empty()) return find_catalog(family, scale, noise).status();
  return {};
}

// Which model file, and which scale that makes.
Status choose_model(const UpscaleFlags& flags, const Common& common, UpscaleRequest& request) {
  // Numbers that no network has are refused by the catalog, which lists what there is.
  INK_TRY(const int scale, parse_int(flags.scale, "-s", -1000, 1000));
  INK_TRY(const int noise, parse_int(flags.noise, "-n", -1000, 1000));
  std::string model = flags.model;
  while (model.size() > 1 && model.ends_with('/')) model.pop_back();
  const std::string family = model.starts_with("models-") ? model.substr(7) : model;
  if (is_family(family)) return choose_of_family(flags, family, scale, noise, request);
  std::error_code ignored;
  if (find_catalog(model) == nullptr && model.find_first_of("./") == std::string::npos &&
      !std::filesystem::exists(model, ignored)) {
    return Error{ErrorKind::usage, "-m " + model + ": expected se, pro, nose, or the path of a model file"};
  }
  if (flags.noise_option->count() > 0) {
    print_warning(common, "-n is ignored: a model file has a denoising strength of its own");
  }
  if (flags.scale_option->count() > 0) request.scale = scale;
  INK_TRY(const std::string path, find_model(model, flags.model_folder));
  request.model_paths = {path};
  return {};
}

Status check_existing(const UpscaleFlags& flags) {
  if (flags.skip_existing && flags.resume) {
    return Error{ErrorKind::usage, "--resume and --skip-existing: only one of them can hold"};
  }
  return {};
}

}  // namespace

Result<UpscaleRequest> make_upscale_request(const UpscaleFlags& flags, const Common& common) {
  UpscaleRequest request;
  request.inputs = flags.inputs;
  if (!flags.input.empty()) request.inputs.insert(request.inputs.begin(), flags.input);
  if (request.inputs.empty()) return Error{ErrorKind::usage, "no input picture was named"};
  request.output = flags.output;
  request.recursive = flags.recursive;
  INK_TRY_STATUS(check_existing(flags));
  using Existing = UpscaleRequest::Existing;
  request.existing = flags.resume          ? Existing::skip_complete
                     : flags.skip_existing ? Existing::skip
                                           : Existing::replace;
  INK_TRY(request.settings.target, parse_target_size(flags.width, flags.height, flags.resolution));
  const std::optional<PictureFormat> format = format_of_name("." + flags.format);
  if (!format) return Error{ErrorKind::usage, "-f " + flags.format + ": expected png, jpg or webp"};
  request.format = *format;
  INK_TRY(request.settings.region, parse_tiles(flags.tile));
  request.settings.spill_folder = flags.spill;
  INK_TRY(request.settings.strength, parse_strength(flags.strength));
  EncodeOptions& encode = request.settings.encode;
  INK_TRY(encode.png_level, parse_int(flags.png_level, "--png-level", 0, 9));
  INK_TRY(encode.quality, parse_int(flags.quality, "--quality", 1, 100));
  encode.lossless = flags.lossless;
  encode.strip = flags.strip;
  request.settings.memory_budget = default_memory_budget();
  if (!flags.max_memory.empty()) {
    Result<uint64_t> budget = parse_size(flags.max_memory);
    if (!budget.ok()) return Error{ErrorKind::usage, "--max-memory: " + budget.error().message};
    request.settings.memory_budget = *budget;
  }
  request.settings.tta = flags.tta;
  request.settings.threads = common.threads;
  warn_of_ignored(flags, common);
  INK_TRY_STATUS(choose_model(flags, common, request));
  return request;
}

}  // namespace ink::cli
