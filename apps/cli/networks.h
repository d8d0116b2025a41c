#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/cli/target_size.h"
#include "kernels/base/result.h"
#include "models/realcugan.h"

namespace ink::cli {

// The networks that a command line chose, which differ in their scale.
class Networks {
 public:
  // Prepared for `strength`, on `threads` threads. Errors: as load_any_model(), RealCugan::create().
  static Result<Networks> load(const std::vector<std::string>& paths, float strength, int threads);

  // The one of the least scale that reaches a size, or else of the greatest.
  RealCugan& reaching(PixelSize size, PixelSize picture) const;
  // Of all pictures, where there is one network.
  RealCugan& only() const { return *by_scale_.front(); }
  size_t count() const { return by_scale_.size(); }

  // Memory that they keep of their last pictures.
  uint64_t idle_bytes() const;
  void release_idle() const;

 private:
  std::vector<std::unique_ptr<RealCugan>> by_scale_;
};

}  // namespace ink::cli
