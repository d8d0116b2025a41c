#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/cli/footprint.h"
#include "apps/cli/networks.h"
#include "apps/cli/outputs.h"
#include "apps/cli/target_size.h"
#include "kernels/base/result.h"
#include "models/realcugan.h"
#include "pictures/codec.h"
#include "pictures/picture.h"
#include "weights/file.h"

namespace ink::cli {

struct UpscaleSettings {
  float strength = 1.0f;
  bool tta = false;
  int threads = 1;
  TargetSize target;
  EncodeOptions encode;                 // but for format and threads
  uint64_t memory_budget = UINT64_MAX;  // of the whole process
  uint64_t memory_base = 0;             // what it holds between pictures
  int region = 0;                       // -t, 0: automatic
  std::string spill_folder;
  PictureLimits limits;
};

// A picture on its way from file to file, of the same colour mode and depth all the way: gray passes the
// network as RGB and comes back as the mean of the three; alpha is enlarged by itself, bicubically. It takes
// four steps, each of which may run on another thread. Whatever the error, nothing is left behind under the
// output's name. The job outlives it.
class UpscaleWork {
 public:
  // Reads the file, but not yet its pixels, and refuses what could not end well. `beside` bytes of the budget
  // are for other pictures that are read (a half) and written (the other); where the rest does not do,
  // alone() says that this one needs all. Errors: those of reading; bad_input; usage and limit of the
  // output's format; limit where the picture would take more memory than the budget, with how much that is.
  static Result<UpscaleWork> open(const PictureJob& job, const Networks& networks,
                                  const UpscaleSettings& settings, uint64_t beside);
  // Errors: bad_input.
  Status decode();
  // `progress` gets the share done and says whether to go on. Errors: those of RealCugan::upscale().
  Status upscale(const std::function<bool(double)>& progress);
  // `threads`: to encode with. Errors: those of writing; interrupted.
  Status write(int threads);

  const PictureJob& job() const { return *job_; }
  bool alone() const { return alone_; }
  // Whether it is so small that as many pictures as there are threads had better be computed side by side,
  // each on one: the memory does for that too.
  bool small() const { return small_; }
  // What the steps before and after the network take, at most.
  uint64_t reading_bytes() const { return taken_.reading; }
  uint64_t writing_bytes() const { return taken_.writing; }

  PixelSize size() const { return size_; }                     // of the result
  const std::string& plan_json() const { return plan_json_; }  // how the network went about it
  // What was changed or left out, each a sentence about the file.
  const std::vector<std::string>& notices() const { return notices_; }

 private:
  UpscaleWork(const PictureJob& job, const Networks& networks, const UpscaleSettings& settings,
              uint64_t beside)
      : job_(&job), networks_(&networks), settings_(&settings), beside_(beside) {}
  // What the budget leaves once the process itself has its share.
  uint64_t room() const;
  Status share_memory(const PictureShape& shape);
  void try_small(const PictureShape& shape);
  EncodeOptions encode_options(int threads) const;

  const PictureJob* job_;
  const Networks* networks_;
  const UpscaleSettings* settings_;
  uint64_t beside_;
  RealCugan* network_ = nullptr;
  FileBytes file_;
  Picture picture_;  // as decoded, then the result
  PixelSize size_;
  UpscaleOptions options_;
  bool alone_ = false, small_ = false;
  Footprint taken_;
  std::string plan_json_;
  std::vector<std::string> notices_;
};

// Whether the result of a picture is there and whole: a picture of the right size, not older than its source.
bool is_complete(const PictureJob& job, const Networks& networks, const UpscaleSettings& settings);

}  // namespace ink::cli
