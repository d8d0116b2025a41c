#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/cli/common.h"
#include "apps/cli/upscale_picture.h"
#include "kernels/base/result.h"
#include "pictures/picture.h"

namespace CLI {
class Option;
}

namespace ink::cli {

// The words of an upscale command line. Letters and defaults are those of realcugan-ncnn-vulkan.
struct UpscaleFlags {
  std::vector<std::string> inputs;
  std::string input, output;
  std::string model = "se", model_folder;
  std::string scale = "2", noise = "-1", strength = "1", tile = "0", format = "png", max_memory, spill,
              png_level = "6", quality = "95", width, height, resolution;
  std::string sync_gap, gpu;
  bool tta = false, lossless = false, strip = false, recursive = false, skip_existing = false, resume = false;
  CLI::Option *scale_option = nullptr, *noise_option = nullptr;
};

// What they mean.
struct UpscaleRequest {
  std::vector<std::string> inputs;
  std::string output;
  bool recursive = false;
  // Networks to choose from by what a picture needs; without a target size there is one.
  std::vector<std::string> model_paths;
  std::optional<int> scale;  // of the network, where it was asked for or follows from its name
  PictureFormat format = PictureFormat::png;
  enum class Existing { replace, skip, skip_complete } existing = Existing::replace;
  UpscaleSettings settings;
};

// Errors: usage, model (a network that is in none of the folders for models).
Result<UpscaleRequest> make_upscale_request(const UpscaleFlags& flags, const Common& common);

}  // namespace ink::cli
