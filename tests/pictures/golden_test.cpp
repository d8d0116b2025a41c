#include "tests/pictures/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>
#include <tuple>

#include "pictures/codec.h"
#include "pictures/colour.h"

namespace ink {
namespace {

using test::Bytes;

auto shape_of(const auto& any) { return std::tuple(any.w, any.h, any.channels, any.depth); }

// Which samples differ, as a number to expect 0 of.
int differing(const Picture& got, const Picture& want, int tolerance) {
  int count = 0;
  const auto compare = [&](const auto& a, const auto& b) {
    if (a.size() != b.size()) count = -1;
    for (size_t i = 0; count >= 0 && i < a.size(); ++i) count += std::abs(a[i] - b[i]) > tolerance;
  };
  compare(got.pixels, want.pixels);
  compare(got.pixels16, want.pixels16);
  return count;
}

bool needs_colour_library(const std::string& notice) { return notice.find("sRGB") != std::string::npos; }

class Goldens : public testing::TestWithParam<std::string> {};

TEST_P(Goldens, AreReadAsPillowReadsThem) {
  const Bytes file = test::golden_file(GetParam());
  const test::Golden want = test::read_golden(GetParam());
  const auto shape = picture_shape(file, "a", {});
  ASSERT_TRUE(shape.ok()) << shape.error().message;
  EXPECT_EQ(shape_of(*shape), shape_of(want.picture));
  const auto got = decode_picture(file, "a", {});
  ASSERT_TRUE(got.ok()) << got.error().message;
  ASSERT_EQ(shape_of(*got), shape_of(want.picture));
  EXPECT_EQ(got->notices.size(), want.notice.empty() ? 0u : 1u);
  EXPECT_EQ(got->metadata.icc, want.picture.metadata.icc);
  EXPECT_EQ(got->metadata.exif, want.picture.metadata.exif);
  EXPECT_EQ(got->metadata.xmp, want.picture.metadata.xmp);
  if (needs_colour_library(want.notice) && colour_library_version().empty()) return;
  EXPECT_EQ(differing(*got, want.picture, want.tolerance), 0);
  for (const std::string& notice : got->notices) EXPECT_NE(notice.find(want.notice), notice.npos) << notice;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Pictures, Goldens, testing::ValuesIn(test::golden_names()), test_name);

TEST(Golden, EveryKindIsThere) {
  const std::vector<std::string> names = test::golden_names();
  const std::set<std::string> all(names.begin(), names.end());
  for (const std::string type : {"0-1", "0-2", "0-4", "0-8", "0-16", "2-8", "2-16", "3-1", "3-2", "3-4",
                                 "3-8", "4-8", "4-16", "6-8", "6-16"}) {
    const std::string stem = "type" + type + "bit";
    EXPECT_TRUE(all.contains(stem + ".png")) << type;
    EXPECT_TRUE(all.contains(stem + "-adam7.png")) << type;
    EXPECT_EQ(all.contains(stem + "-trns.png"), type[0] < '4') << type;
  }
  for (const std::string ending : {".png", ".jpg", ".webp"}) {
    for (char c = '1'; c <= '8'; ++c) EXPECT_TRUE(all.contains(std::string("orientation-") + c + ending));
  }
  for (const std::string name : {"gray.jpg", "420-progressive.jpg", "cmyk-profile.jpg", "ycck.jpg",
                                 "lossy-alpha.webp", "lossless.webp"}) {
    EXPECT_TRUE(all.contains(name)) << name;
  }
}

TEST(Golden, AnOrientationIsToldAndUndone) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const std::string ending : {".png", ".jpg", ".webp"}) {
      const Bytes file = test::golden_file("orientation-" + std::to_string(orientation) + ending);
      const auto picture = decode_picture(file, "a", {});
      ASSERT_TRUE(picture.ok());
      EXPECT_EQ(picture->metadata.orientation, orientation);
    }
  }
}

TEST(Golden, SixteenBitsKeepMoreThan256Levels) {
  const auto picture = decode_picture(test::golden_file("ramp-16bit.png"), "a", {});
  ASSERT_TRUE(picture.ok());
  EXPECT_EQ(std::set<uint16_t>(picture->pixels16.begin(), picture->pixels16.end()).size(), 2048u);
}

}  // namespace
}  // namespace ink
