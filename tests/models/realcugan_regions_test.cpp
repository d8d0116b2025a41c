#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "models/realcugan.h"
#include "tests/harness/weights_dir.h"
#include "tests/models/released.h"

namespace ink {
namespace {

std::vector<uint8_t> random_picture(int w, int h, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> pixels(static_cast<size_t>(w) * static_cast<size_t>(h) * 3);
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w * 3; ++x) {
      const int wave = (x / 3 * 5 + y * 3 + x % 3 * 40) % 200;
      pixels[static_cast<size_t>(y) * static_cast<size_t>(w) * 3 + static_cast<size_t>(x)] =
          static_cast<uint8_t>(wave + static_cast<int>(random() % 56));
    }
  }
  return pixels;
}

// Sizes, regions, limits, threads and networks at random against the whole picture on one thread. Ordinary
// runs take small pictures; INKSTONE_TEST_REGIONS=200 takes 200 combinations with sides up to 1500.
TEST(RealCuganRegions, AnyRegionsInAnyMemoryGiveTheWholePicturesBytes) {
  if (!test::weights_dir()) GTEST_SKIP() << "INKSTONE_TEST_WEIGHTS is not set: no released networks here";
  if (active_isa() == Isa::reference) GTEST_SKIP() << "slow, and the same for every instruction set";
  const char* wanted = std::getenv("INKSTONE_TEST_REGIONS");
  const int combinations = wanted == nullptr ? 18 : std::atoi(wanted);
  const int most = wanted == nullptr ? 150 : 1500;
  constexpr const char* kNetworks[] = {"se-2x-no-denoise",   "se-4x-conservative", "pro-3x-denoise3x",
                                       "nose-2x-no-denoise", "se-3x-conservative", "pro-2x-conservative"};
  std::map<std::string, std::unique_ptr<RealCugan>> models;
  int recomputing = 0;
  for (int i = 0; i < combinations; ++i) {
    std::mt19937_64 random(static_cast<uint64_t>(i));
    const auto between = [&](int low, int high) {
      return low + static_cast<int>(random() % static_cast<uint64_t>(high - low + 1));
    };
    const std::string network = kNetworks[i % 6];
    auto& model = models[network];
    if (model == nullptr) model = test::load_released(network);
    // One side may be long: a large area would only take long.
    int w = between(1, most), h = between(1, std::min(most, 1 + 160 * most / w));
    if (between(0, 1) == 0) std::swap(w, h);
    const std::vector<uint8_t> src = random_picture(w, h, random());
    const size_t result = src.size() * static_cast<size_t>(model->config().scale * model->config().scale);

    UpscaleOptions whole;
    whole.region = 1 << 20;
    std::vector<uint8_t> want(result), got(result);
    ASSERT_TRUE(model->upscale(src.data(), w, h, want.data(), whole).ok());

    UpscaleOptions options;
    options.threads = between(1, 6);
    const auto free = model->plan(w, h, options);
    ASSERT_TRUE(free.ok());
    if (between(0, 2) == 0) options.region = between(32, 200);
    if (between(0, 3) > 0) {
      const Result<uint64_t> least = model->least_memory(w, h, options);
      ASSERT_TRUE(least.ok());
      const uint64_t spare = (*free)->memory_bytes() - std::min((*free)->memory_bytes(), *least);
      options.memory_limit = *least + spare * static_cast<uint64_t>(between(0, 50)) / 100;
    }
    const auto plan = model->plan(w, h, options);
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    EXPECT_LE((*plan)->memory_bytes(), options.memory_limit);
    recomputing += (*plan)->recomputed_flops + (*plan)->halo_flops > 0;
    ASSERT_TRUE(model->upscale(src.data(), w, h, got.data(), options).ok());
    ASSERT_TRUE(got == want) << network << ", " << w << "x" << h << ", " << options.threads << " threads, -t "
                             << options.region << ", in " << options.memory_limit << " bytes";
  }
  EXPECT_GE(recomputing * 2, combinations);
}

}  // namespace
}  // namespace ink
