#include "pictures/colour.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/pictures/golden.h"

namespace ink {
namespace {

using test::Bytes;

bool no_library() { return colour_library_version().empty(); }

Bytes profile_in(const std::string& golden) { return test::read_golden(golden).picture.metadata.icc; }

TEST(Colour, AProfileSaysWhatItIsFor) {
  EXPECT_EQ(profile_model(profile_in("gray-profile.png")), ColourModel::gray);
  EXPECT_EQ(profile_model(profile_in("all-metadata.png")), ColourModel::rgb);
  Bytes profile = profile_in("all-metadata.png");
  profile[16] = std::byte{'L'};
  EXPECT_EQ(profile_model(profile), ColourModel::other);
  profile[36] = std::byte{'A'};
  EXPECT_FALSE(profile_model(profile).has_value());
  EXPECT_FALSE(profile_model({}).has_value());
  EXPECT_FALSE(profile_model(ByteSpan(profile_in("gray-profile.png")).first(127)).has_value());
}

TEST(Colour, GrayLevelsFollowTheProfile) {
  if (no_library()) GTEST_SKIP() << "this build has no lcms2";
  for (const std::string name : {"gray-profile.png", "all-metadata.png"}) {
    const auto narrow = gray_levels_in_srgb(profile_in(name), 8),
               wide = gray_levels_in_srgb(profile_in(name), 16);
    ASSERT_TRUE(narrow && wide) << name;
    EXPECT_EQ(narrow->front(), 0);
    EXPECT_EQ(narrow->back(), 255);
    EXPECT_EQ(wide->back(), 65535);
    for (size_t i = 0; i < 256; ++i) EXPECT_NEAR((*wide)[i * 257] / 257.0, (*narrow)[i], 0.51) << i;
    // The gammas are 1.5 and 2, less than sRGB's: the middle is brighter there.
    EXPECT_GT((*narrow)[128], 128) << name;
  }
}

TEST(Colour, ABrokenProfileIsNoConversion) {
  Bytes profile = profile_in("all-metadata.png");
  for (size_t i = 132; i < profile.size(); ++i) profile[i] = std::byte{0xff};
  EXPECT_FALSE(gray_levels_in_srgb(profile, 8).has_value());
}

TEST(Colour, PlainCmykIsTheProductOfTheLights) {
  std::vector<std::string> notices;
  const CmykRows rows({}, notices);
  EXPECT_EQ(notices.size(), 1u);
  const std::array<uint8_t, 16> inks{255, 255, 255, 255, 255, 255, 255, 0,
                                     0,   128, 255, 255, 100, 50,  200, 128};
  std::array<uint8_t, 12> rgb{};
  rows.to_rgb(inks.data(), rgb.data(), 4);
  EXPECT_EQ(rgb, (std::array<uint8_t, 12>{255, 255, 255, 0, 0, 0, 0, 128, 255, 50, 25, 100}));
}

}  // namespace
}  // namespace ink
