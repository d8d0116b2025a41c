#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "tests/cli/command.h"

namespace ink {
namespace {

using test::Outcome;
using test::Workplace;
using Names = std::vector<std::string>;

class CliTargetSize : public ::testing::Test {
 protected:
  void SetUp() override {
    work_.write_model("m.safetensors");
    for (int channels = 1; channels <= 4; ++channels) {
      work_.write_picture(std::to_string(channels) + ".png", test::test_picture(40, 30, channels));
    }
  }

  Outcome upscale(Names arguments) {
    arguments.insert(arguments.begin(), {"upscale", "-m", "m.safetensors"});
    return work_.run(arguments);
  }
  void expect_size(const Names& options, int w, int h) {
    for (const char* input : {"1.png", "2.png", "3.png", "4.png"}) {
      Names arguments = {input, "-o", "out.png"};
      arguments.insert(arguments.end(), options.begin(), options.end());
      const Outcome outcome = upscale(arguments);
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      const Picture out = work_.read_picture("out.png");
      EXPECT_EQ(out.w, w) << options[0];
      EXPECT_EQ(out.h, h) << options[0];
      EXPECT_EQ(out.channels, input[0] - '0');
    }
  }

  Workplace work_;
};

TEST_F(CliTargetSize, ResultsHaveIt) {
  expect_size({"--width", "60"}, 60, 45);
  expect_size({"--height", "61"}, 81, 61);  // 81.33
  expect_size({"--width", "100", "--height", "10"}, 100, 10);
  expect_size({"--resolution", "7x200"}, 7, 200);
  expect_size({"--width", "1"}, 1, 1);
}

TEST_F(CliTargetSize, TheSizeOfTheNetworkChangesNothing) {
  ASSERT_EQ(upscale({"4.png", "-o", "plain.png"}).code, 0);
  ASSERT_EQ(upscale({"4.png", "-o", "asked.png", "--resolution", "80x60"}).code, 0);
  EXPECT_TRUE(work_.read("plain.png") == work_.read("asked.png"));
}

// A filter that keeps the mean: a picture made smaller has the colours of the one it was made from.
TEST_F(CliTargetSize, IsAFilterAndNoCrop) {
  ASSERT_EQ(upscale({"3.png", "-o", "large.png"}).code, 0);
  ASSERT_EQ(upscale({"3.png", "-o", "small.png", "--width", "20"}).code, 0);
  const auto means = [](const Picture& picture) {
    std::vector<double> sums(3);
    for (size_t i = 0; i < picture.pixels.size(); ++i) sums[i % 3] += picture.pixels[i];
    for (double& sum : sums) sum /= static_cast<double>(pixel_count(picture));
    return sums;
  };
  const auto large = means(work_.read_picture("large.png")), small = means(work_.read_picture("small.png"));
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(large[c], small[c], 2);
}

TEST_F(CliTargetSize, TheDefaultNameSaysIt) {
  ASSERT_EQ(upscale({"3.png", "--width", "50"}).code, 0);
  ASSERT_EQ(upscale({"3.png", "--height", "50"}).code, 0);
  ASSERT_EQ(upscale({"3.png", "--resolution", "50x40"}).code, 0);
  for (const char* name : {"3_50x.png", "3_x50.png", "3_50x40.png"}) EXPECT_TRUE(work_.exists(name)) << name;
}

TEST_F(CliTargetSize, TheLeastNetworkThatReachesItIsChosen) {
  std::filesystem::create_directory(work_.path("models"));
  for (const char* scale : {"2x", "3x", "4x"}) {
    const std::string name = std::string("realcugan-se-") + scale + "-no-denoise.safetensors";
    work_.write_model("models/" + name, false);
  }
  // All of them are 2x inside: it is their loading that this is about.
  const Outcome all = work_.run(
      {"upscale", "3.png", "-o", "a.png", "-n", "0", "--model-dir", "models", "--width", "70", "-v"});
  EXPECT_EQ(all.code, 0) << all.err;
  for (const char* scale : {"se-2x", "se-3x", "se-4x"}) EXPECT_TRUE(all.says(scale)) << all.err;
  const Outcome one = work_.run({"upscale", "3.png", "-o", "a.png", "-n", "0", "-s", "2", "--model-dir",
                                 "models", "--width", "70", "-v"});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_FALSE(one.says("se-3x")) << one.err;
}

TEST_F(CliTargetSize, NonsenseIsRefused) {
  const auto refused = [&](Names options, const std::string& part) {
    options.insert(options.begin(), "3.png");
    const Outcome outcome = upscale(options);
    EXPECT_EQ(outcome.code, 64) << outcome.err;
    EXPECT_TRUE(outcome.says(part)) << outcome.err;
  };
  refused({"--width", "0"}, "--width");
  refused({"--height", "-3"}, "--height");
  refused({"--width", "many"}, "--width");
  refused({"--resolution", "1920"}, "expected WxH");
  refused({"--resolution", "1920x1080x3"}, "expected WxH");
  refused({"--resolution", "0x5"}, "--resolution");
  refused({"--resolution", "10x10", "--width", "5"}, "cannot stand beside it");
}

}  // namespace
}  // namespace ink
