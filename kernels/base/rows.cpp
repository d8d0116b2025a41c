#include "kernels/base/rows.h"

#include <algorithm>

#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"

namespace ink {

void for_each_run(int images, Rect region, int channels, bool gapless, int threads,
                  FunctionRef<void(int, int, int, int64_t)> run) {
  // Some 64 KiB a task: far above the cost of handing one out, small enough to share a small map among
  // threads.
  constexpr int64_t kFloatsPerTask = 16384;
  const int64_t pixels_per_task = std::max<int64_t>(1, kFloatsPerTask / std::max(channels, 1));
  const int width = region.w();
  if (width <= 0 || region.h() <= 0) return;
  const int columns = static_cast<int>(std::min<int64_t>(pixels_per_task, width));
  const int64_t chunks = divide_up(width, columns);
  const int64_t rows_per_task = std::max<int64_t>(1, pixels_per_task / width);
  const int64_t bands = divide_up(region.h(), rows_per_task);
  parallel_for(images * bands * chunks, threads, [&](int64_t task, int) {
    const int x0 = region.x0 + static_cast<int>(task % chunks) * columns;
    const int x1 = std::min(region.x1, x0 + columns);
    const int64_t band = task / chunks;
    const int image = static_cast<int>(band / bands);
    const int y0 = region.y0 + static_cast<int>(band % bands * rows_per_task);
    const int y1 = static_cast<int>(std::min<int64_t>(region.y1, y0 + rows_per_task));
    for (int y = y0; y < y1; ++y) {
      if (gapless) {
        run(image, y, x0, x1 - x0);
      } else {
        for (int x = x0; x < x1; ++x) run(image, y, x, 1);
      }
    }
  });
}

}  // namespace ink
