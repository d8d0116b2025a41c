#pragma once

#include <cstdint>

#include "kernels/base/function_ref.h"
#include "kernels/base/view.h"

namespace ink {

// Calls run(image, y, x, pixels) on runs of neighbouring pixels of a row that together cover `region` of each
// of `images` maps, on at most `threads` threads. `gapless` says that the pixels of a row follow each other
// in memory in every map concerned; where they do not, a run is one pixel. `channels` sizes the tasks only.
void for_each_run(int images, Rect region, int channels, bool gapless, int threads,
                  FunctionRef<void(int image, int y, int x, int64_t pixels)> run);

}  // namespace ink
