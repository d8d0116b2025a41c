#include "apps/cli/networks.h"

#include <algorithm>

#include "apps/cli/models_folder.h"
#include "kernels/base/check.h"
#include "kernels/base/isa.h"

namespace ink::cli {

Result<Networks> Networks::load(const std::vector<std::string>& paths, float strength, int threads) {
  INK_CHECK(!paths.empty());
  Networks networks;
  for (const std::string& path : paths) {
    INK_TRY(WeightStore store, load_any_model(path));
    INK_TRY(std::unique_ptr<RealCugan> network, RealCugan::create(std::move(store), active_isa(), threads));
    INK_TRY_STATUS(network->network(strength).status());
    networks.by_scale_.push_back(std::move(network));
  }
  std::sort(networks.by_scale_.begin(), networks.by_scale_.end(),
            [](const auto& a, const auto& b) { return a->config().scale < b->config().scale; });
  return networks;
}

RealCugan& Networks::reaching(PixelSize size, PixelSize picture) const {
  for (const auto& network : by_scale_) {
    const int64_t scale = network->config().scale;
    if (picture.w * scale >= size.w && picture.h * scale >= size.h) return *network;
  }
  return *by_scale_.back();
}

uint64_t Networks::idle_bytes() const {
  uint64_t bytes = 0;
  for (const auto& network : by_scale_) bytes += network->idle_bytes();
  return bytes;
}

void Networks::release_idle() const {
  for (const auto& network : by_scale_) network->release_idle();
}

}  // namespace ink::cli
