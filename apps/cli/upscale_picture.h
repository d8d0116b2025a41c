#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/cli/outputs.h"
#include "kernels/base/result.h"
#include "models/realcugan.h"
#include "pictures/codec.h"
#include "pictures/picture.h"

namespace ink::cli {

struct UpscaleSettings {
  float strength = 1.0f;
  bool tta = false;
  int threads = 1;
  EncodeOptions encode;                 // but for format and threads
  uint64_t memory_budget = UINT64_MAX;  // of the whole process
  uint64_t memory_base = 0;             // what it holds between pictures
  int region = 0;                       // -t, 0: automatic
  std::string spill_folder;
  PictureLimits limits;
  std::function<void(double)> progress;
};

struct Upscaled {
  int w = 0, h = 0;                  // of the result
  std::string plan_json;             // how the network went about it
  std::vector<std::string> notices;  // what was changed or left out, each a sentence about the file
};

// One picture from file to file, of the same colour mode: gray passes the network as RGB and comes back as
// the mean of the three; alpha is enlarged by itself, bicubically. Gives the size of the result. Whatever the
// error, nothing is left behind under the output's name. Errors: those of reading, decoding, the network and
// writing; limit where the picture would take more memory than the budget, with how much that is;
// interrupted.
Result<Upscaled> upscale_picture(const PictureJob& job, RealCugan& network, const UpscaleSettings& settings);

}  // namespace ink::cli
