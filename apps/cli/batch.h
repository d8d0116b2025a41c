#pragma once

#include <vector>

#include "apps/cli/common.h"
#include "apps/cli/networks.h"
#include "apps/cli/outputs.h"
#include "apps/cli/upscale_picture.h"
#include "apps/cli/upscale_request.h"
#include "kernels/base/result.h"

namespace ink::cli {

// Pictures one after the other through the network, small ones side by side, while the next ones are read and
// the last ones written.
// An error ends one of them, an interruption all; where writing fails for the disk, the rest is not tried.
// Gives the exit code. Errors: interrupted, and standard output cannot be written.
Result<int> upscale_batch(const std::vector<PictureJob>& jobs, const Networks& networks,
                          const UpscaleSettings& settings, UpscaleRequest::Existing existing,
                          const Common& common);

}  // namespace ink::cli
