#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/cli/command.h"

namespace ink {
namespace {

using test::Outcome;

// A sample over a background of one gray level, from 0 to 255 whatever the depth.
double composite(const Picture& picture, size_t pixel, size_t channel, double background) {
  const auto fraction = [&](size_t c) {
    return picture.depth == 16 ? picture.pixels16[pixel * 4 + c] / 65535.0
                               : picture.pixels[pixel * 4 + c] / 255.0;
  };
  return 255 * fraction(channel) * fraction(3) + background * (1 - fraction(3));
}

// A cut-out with a soft edge, and a garish colour under its zero alpha. The golden has the colours that the
// original network makes of the picture whose hidden pixels took the colour of their surroundings (filled by
// other code, tests/reference/realcugan16_goldens.py), and Pillow's bicubic alpha. What an eye sees of a
// transparent picture is a composite, so that is what must agree: on white and on black, where light and dark
// fringes show.
TEST(CliTransparency, CompositesAreThoseOfTheOriginal) {
  const char* weights = std::getenv("INKSTONE_TEST_WEIGHTS");
  if (weights == nullptr) GTEST_SKIP() << "INKSTONE_TEST_WEIGHTS is not set";
  const std::string goldens = std::string(INK_GOLDENS_DIR) + "/realcugan16/";
  const test::Workplace work;
  std::ifstream manifest(goldens + "manifest.txt");
  int compared = 0;
  for (std::string line; std::getline(manifest, line);) {
    std::istringstream words(line);
    std::string network, input, strength, tta, golden;
    words >> network >> input >> strength >> tta >> golden;
    if (input.find("cutout") == std::string::npos) continue;
    SCOPED_TRACE(golden);
    const Outcome outcome = work.run({"upscale", goldens + input, "-o", "out.png", "-m",
                                      std::string(weights) + "/realcugan-" + network + ".safetensors"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    std::filesystem::copy_file(goldens + golden, work.path("want.png"),
                               std::filesystem::copy_options::overwrite_existing);
    const Picture got = work.read_picture("out.png"), want = work.read_picture("want.png");
    ASSERT_EQ(got.channels, 4);
    ASSERT_EQ(std::tuple(got.w, got.h, got.depth), std::tuple(want.w, want.h, want.depth));
    double largest = 0;
    for (size_t i = 0; i < pixel_count(got) * 3; ++i) {
      for (const double background : {0.0, 255.0}) {
        largest = std::max(largest, std::abs(composite(got, i / 3, i % 3, background) -
                                             composite(want, i / 3, i % 3, background)));
      }
    }
    // Alpha is equal and a colour of 8 bits at most one level off; of 16 bits it is some levels, a hundredth
    // of one of 8.
    EXPECT_LE(largest, got.depth == 16 ? 0.02 : 2.0);
    ++compared;
  }
  EXPECT_EQ(compared, 4);
}

}  // namespace
}  // namespace ink
