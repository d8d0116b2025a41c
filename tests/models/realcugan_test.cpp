#include "models/realcugan.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "tests/harness/weights_dir.h"
#include "tests/models/released.h"

namespace ink {
namespace {

using Case = test::ReleasedCase;

Picture read_png(const std::string& name) { return test::golden_picture("realcugan/" + name, 8); }

std::vector<uint8_t> upscale(RealCugan& model, const Picture& src, const UpscaleOptions& options) {
  const size_t scale = static_cast<size_t>(model.config().scale);
  std::vector<uint8_t> dst(src.pixels.size() * scale * scale);
  const Status status = model.upscale(src.pixels.data(), src.w, src.h, dst.data(), options);
  EXPECT_TRUE(status.ok()) << status.error().message;
  return dst;
}

// Bytes that differ, of all; fails on a difference above one level.
struct Agreement {
  int64_t samples = 0, different = 0;

  void compare(const std::vector<uint8_t>& found, const std::vector<uint8_t>& wanted,
               const std::string& name) {
    ASSERT_EQ(found.size(), wanted.size()) << name;
    int largest = 0;
    for (size_t i = 0; i < found.size(); ++i) {
      const int difference = std::abs(found[i] - wanted[i]);
      largest = std::max(largest, difference);
      different += difference != 0;
    }
    samples += static_cast<int64_t>(found.size());
    EXPECT_LE(largest, 1) << name;
  }
  double identical() const { return 1 - static_cast<double>(different) / static_cast<double>(samples); }
};

class RealCuganGoldens : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::weights_dir()) GTEST_SKIP() << "INKSTONE_TEST_WEIGHTS is not set: no released networks here";
  }
};

// The reference kernels are slow on purpose: there, one picture a network is enough.
bool skip_in_reference(const Case& c) {
  return active_isa() == Isa::reference && (c.picture != "noise-32x32.png" || c.tta || c.strength != 1);
}

TEST_F(RealCuganGoldens, EveryNetworkMatchesTheOriginal) {
  std::map<std::string, Agreement> agreements;
  std::map<std::string, std::unique_ptr<RealCugan>> models;
  const std::vector<Case> cases = test::released_cases("realcugan");
  ASSERT_GE(cases.size(), 18u * 6u);
  for (const Case& c : cases) {
    if (skip_in_reference(c)) continue;
    auto& model = models[c.network];
    if (model == nullptr) model = test::load_released(c.network);
    UpscaleOptions options;
    options.strength = c.strength;
    options.tta = c.tta;
    options.threads = 4;
    agreements[c.network].compare(upscale(*model, read_png(c.picture), options), read_png(c.golden).pixels,
                                  c.golden);
  }
  EXPECT_EQ(agreements.size(), 18u);
  for (const auto& [network, agreement] : agreements) {
    EXPECT_GE(agreement.identical(), 0.999)
        << network << ": " << agreement.different << " of " << agreement.samples << " samples differ";
  }
}

TEST_F(RealCuganGoldens, InstructionSetsAgree) {
  if (active_isa() != supported_isas().back()) GTEST_SKIP() << "compares all of them in one run";
  const Picture src = read_png("noise-32x32.png");
  UpscaleOptions options;
  options.threads = 4;
  for (const char* network :
       {"se-2x-no-denoise", "pro-3x-denoise3x", "se-4x-conservative", "nose-2x-no-denoise"}) {
    const std::vector<uint8_t> wanted = upscale(*test::load_released(network), src, options);
    for (const Isa isa : supported_isas()) {
      const auto model = test::load_released(network, isa);
      Agreement agreement;
      agreement.compare(upscale(*model, src, options), wanted, std::string(network) + " on " + isa_name(isa));
      EXPECT_GE(agreement.identical(), 0.999) << network << " on " << isa_name(isa);
    }
  }
}

TEST_F(RealCuganGoldens, TheNumberOfThreadsDoesNotShow) {
  if (active_isa() == Isa::reference) GTEST_SKIP() << "the drivers are the same for every instruction set";
  const Picture src = read_png("lineart-61x45.png");
  for (const char* network :
       {"se-2x-no-denoise", "pro-3x-denoise3x", "se-4x-conservative", "nose-2x-no-denoise"}) {
    const auto model = test::load_released(network);
    UpscaleOptions options;
    const std::vector<uint8_t> wanted = upscale(*model, src, options);
    for (const int threads : {2, 3, 4, 7, 16}) {
      options.threads = threads;
      EXPECT_TRUE(upscale(*model, src, options) == wanted) << network << " on " << threads << " threads";
    }
  }
}

TEST_F(RealCuganGoldens, AHundredSizesPackTheWeightsOnce) {
  if (active_isa() == Isa::reference) GTEST_SKIP() << "slow, and the same for every instruction set";
  const auto model = test::load_released("se-2x-no-denoise");
  const int before = prepared_model_count();
  UpscaleOptions options;
  options.threads = 4;
  for (int i = 0; i < 100; ++i) {
    Picture src{1 + i % 13, 1 + i / 13, 3, {}};
    src.pixels.assign(static_cast<size_t>(src.w * src.h * 3), static_cast<uint8_t>(i));
    upscale(*model, src, options);
  }
  EXPECT_EQ(prepared_model_count(), before);
}

TEST_F(RealCuganGoldens, AStrengthOutOfRangeIsRefused) {
  const auto model = test::load_released("se-2x-no-denoise");
  const std::vector<uint8_t> src(3, 0);
  std::vector<uint8_t> dst(12);
  for (const float strength : {0.0f, 0.74f, 1.31f, std::numeric_limits<float>::quiet_NaN()}) {
    UpscaleOptions options;
    options.strength = strength;
    const Status status = model->upscale(src.data(), 1, 1, dst.data(), options);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().kind, ErrorKind::usage);
  }
}

TEST_F(RealCuganGoldens, AProgressThatSaysNoStopsTheWork) {
  const auto model = test::load_released("se-2x-no-denoise");
  const std::vector<uint8_t> src(3, 0);
  std::vector<uint8_t> dst(12, 7);
  UpscaleOptions options;
  double last = 0;
  int calls = 0;
  options.progress = [&](double done) {
    EXPECT_GE(done, last);
    last = done;
    return ++calls < 5;
  };
  const Status status = model->upscale(src.data(), 1, 1, dst.data(), options);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::interrupted);
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(dst, std::vector<uint8_t>(12, 7));
}

}  // namespace
}  // namespace ink
