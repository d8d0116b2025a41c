#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "models/image/resample.h"
#include "pictures/codec.h"
#include "tests/cli/nearest_model.h"
#include "tests/pictures/golden.h"

namespace ink {
namespace {

using test::Golden;
using test::Outcome;
using Names = std::vector<std::string>;

// The alpha of the result; models/image/resample is what is compared with Pillow to the bit.
template <class Sample>
std::vector<Sample> bicubic_alpha(const Picture& picture, const std::vector<Sample>& samples) {
  std::vector<Sample> plane, big(pixel_count(picture) * 4);
  for (size_t i = 0; i < pixel_count(picture); ++i)
    plane.push_back(samples[(i + 1) * static_cast<size_t>(picture.channels) - 1]);
  resize_bicubic(plane.data(), picture.w, picture.h, 1, big.data(), picture.w * 2, picture.h * 2, 1);
  return big;
}

// What a network that repeats pixels makes of a picture, of its own depth; -1 where nothing is promised: the
// colour of what was wholly transparent.
std::vector<int> doubled(const Picture& picture) {
  const auto channels = static_cast<size_t>(picture.channels), w = static_cast<size_t>(picture.w);
  std::vector<int> out(pixel_count(picture) * 4 * channels);
  visit_samples(picture, [&](const auto& samples) {
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t pixel = i / channels, y = pixel / (2 * w) / 2, x = pixel % (2 * w) / 2;
      const size_t from = (y * w + x) * channels;
      const bool hidden = has_alpha(picture.channels) && samples[from + channels - 1] == 0;
      out[i] = hidden ? -1 : samples[from + i % channels];
    }
    if (!has_alpha(picture.channels)) return;
    const auto alpha = bicubic_alpha(picture, samples);
    for (size_t i = 0; i < alpha.size(); ++i) out[(i + 1) * channels - 1] = alpha[i];
  });
  return out;
}

int to_8(int value, int depth) { return depth == 16 ? static_cast<int>(std::lround(value / 257.0)) : value; }

class CliPictures : public ::testing::Test {
 protected:
  void SetUp() override {
    test::write_nearest_model(work_, "m.safetensors");
    // By content, not by name: the names here say nothing and clash nowhere.
    for (const std::string& golden : test::golden_names()) {
      std::string name = golden;
      std::ranges::replace(name, '.', '_');
      work_.write(name, test::golden_file(golden));
      goldens_.emplace_back(name, test::read_golden(golden));
    }
    ASSERT_GE(goldens_.size(), 100u);
  }

  Outcome upscale(const std::string& format, const Names& names, const Names& options = {}) {
    Names arguments = {"upscale", "-m", "m.safetensors", "-o", format, "-f", format, "-j", "1"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), names.begin(), names.end());
    if (names.size() == 1) arguments[4] += "/";
    return work_.run(arguments);
  }

  Names names(bool (*wanted)(const Golden&)) const {
    Names found;
    for (const auto& [name, golden] : goldens_) {
      if (wanted(golden)) found.push_back(name);
    }
    return found;
  }

  Picture decoded(const std::string& name) const {
    const std::string file = work_.read(name);
    Result<Picture> picture = decode_picture(std::as_bytes(std::span(file.data(), file.size())), name, {});
    EXPECT_TRUE(picture.ok()) << name;
    return picture.ok() ? std::move(*picture) : Picture{};
  }

  // Whether the colours are those of the golden: a command without lcms2 has other ones and says so.
  static bool colours_hold(const Golden& golden, const Outcome& outcome) {
    return golden.notice.find("sRGB") == std::string::npos || outcome.says(golden.notice);
  }

  static void expect_blocks(const Picture& got, const Golden& golden, const std::string& name) {
    EXPECT_EQ(got.metadata.icc, golden.picture.metadata.icc) << name;
    EXPECT_EQ(got.metadata.exif, golden.picture.metadata.exif) << name;
    EXPECT_EQ(got.metadata.xmp, golden.picture.metadata.xmp) << name;
    EXPECT_EQ(got.metadata.orientation, 1) << name;
  }

  test::Workplace work_;
  std::vector<std::pair<std::string, Golden>> goldens_;
};

// Every colour type, depth, interlacing, sampling, colour model and orientation of every container: the
// pixels as Pillow reads them, each four times, in the picture's own channels and depth.
TEST_F(CliPictures, KeepColourTypeDepthAndBlocksInPng) {
  const Outcome outcome = upscale("png", names([](const Golden&) { return true; }));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::set<std::pair<int, int>> kinds;
  for (const auto& [name, golden] : goldens_) {
    SCOPED_TRACE(name);
    const Picture got = decoded("png/" + name + ".png");
    const Picture& want = golden.picture;
    ASSERT_EQ(std::pair(got.w, got.h), std::pair(want.w * 2, want.h * 2));
    ASSERT_EQ(std::pair(got.channels, got.depth), std::pair(want.channels, want.depth));
    kinds.emplace(got.channels, got.depth);
    expect_blocks(got, golden, name);
    EXPECT_EQ(outcome.says(" " + name + ": "), !golden.notice.empty());
    if (!colours_hold(golden, outcome)) continue;
    const std::vector<int> expected = doubled(want);
    visit_samples(got, [&](const auto& samples) {
      ASSERT_EQ(samples.size(), expected.size());
      int wrong = 0;
      for (size_t i = 0; i < expected.size(); ++i)
        wrong += expected[i] >= 0 && std::abs(samples[i] - expected[i]) > golden.tolerance;
      EXPECT_EQ(wrong, 0);
    });
  }
  EXPECT_EQ(kinds.size(), 8u) << "gray and RGB, with and without alpha, of 8 and of 16 bits";
}

TEST_F(CliPictures, BecomeWebpOf8Bits) {
  const Outcome outcome = upscale("webp", names([](const Golden&) { return true; }), {"--lossless"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const auto& [name, golden] : goldens_) {
    SCOPED_TRACE(name);
    const Picture got = decoded("webp/" + name + ".webp");
    const Picture& want = golden.picture;
    const bool gray = is_gray(want.channels), of_gray_profile = gray && !want.metadata.icc.empty();
    ASSERT_EQ(std::pair(got.w, got.h), std::pair(want.w * 2, want.h * 2));
    ASSERT_EQ(std::pair(got.channels, got.depth), std::pair(gray ? want.channels + 2 : want.channels, 8));
    EXPECT_EQ(outcome.says(" " + name + ": its 16 bits a sample became 8"), want.depth == 16);
    if (of_gray_profile || !colours_hold(golden, outcome)) continue;
    expect_blocks(got, golden, name);
    const std::vector<int> expected = doubled(want);
    const auto own = static_cast<size_t>(want.channels), written = static_cast<size_t>(got.channels);
    int wrong = 0;
    for (size_t i = 0; i < got.pixels.size(); ++i) {
      const size_t pixel = i / written, c = i % written;
      const size_t from = !gray ? c : c == 3 ? 1 : 0;
      const int value = expected[pixel * own + from];
      wrong += value >= 0 && std::abs(got.pixels[i] - to_8(value, want.depth)) > golden.tolerance;
    }
    EXPECT_EQ(wrong, 0);
  }
}

TEST_F(CliPictures, BecomeJpegUnlessTheyHaveAlpha) {
  const Names opaque = names([](const Golden& golden) { return !has_alpha(golden.picture.channels); });
  const Names clear = names([](const Golden& golden) { return has_alpha(golden.picture.channels); });
  ASSERT_GE(opaque.size(), 40u);
  ASSERT_GE(clear.size(), 20u);
  const Outcome outcome = upscale("jpg", opaque);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const auto& [name, golden] : goldens_) {
    if (has_alpha(golden.picture.channels)) continue;
    SCOPED_TRACE(name);
    const Picture got = decoded("jpg/" + name + ".jpg");
    const Picture& want = golden.picture;
    ASSERT_EQ(std::pair(got.w, got.h), std::pair(want.w * 2, want.h * 2));
    ASSERT_EQ(std::pair(got.channels, got.depth), std::pair(want.channels, 8));
    EXPECT_EQ(outcome.says(" " + name + ": its 16 bits a sample became 8"), want.depth == 16);
    expect_blocks(got, golden, name);
    if (!colours_hold(golden, outcome)) continue;
    const std::vector<int> expected = doubled(want);
    double error = 0;
    for (size_t i = 0; i < expected.size(); ++i)
      error += std::abs(got.pixels[i] - to_8(expected[i], want.depth));
    // Quality 95: noise and hard edges cost most.
    EXPECT_LE(error / static_cast<double>(expected.size()), 4.0);
  }
  const Outcome refused = upscale("jpg", clear);
  EXPECT_EQ(refused.code, 1);
  for (const std::string& name : clear) {
    EXPECT_TRUE(refused.says("jpg/" + name + ".jpg: the picture has transparency")) << name;
    EXPECT_FALSE(work_.exists("jpg/" + name + ".jpg"));
  }
}

// All eight ways in all three containers, and into all three.
TEST_F(CliPictures, AreUprightWhateverTheOrientation) {
  int compared = 0;
  for (const std::string format : {"png", "jpg", "webp"}) {
    Names turned;
    for (const auto& [name, golden] : goldens_) {
      const bool jpeg = format == "jpg", alpha = has_alpha(golden.picture.channels);
      if (name.starts_with("orientation-") && !(jpeg && alpha)) turned.push_back(name);
    }
    ASSERT_EQ(upscale(format, turned).code, 0);
    for (const auto& [name, golden] : goldens_) {
      if (std::ranges::find(turned, name) == turned.end()) continue;
      const Picture got = decoded(format + "/" + name + "." + format);
      EXPECT_EQ(std::pair(got.w, got.h), std::pair(golden.picture.w * 2, golden.picture.h * 2)) << name;
      expect_blocks(got, golden, name);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 24 + 20 + 24);
}

// Profiles of the two colour models with every depth, with and without alpha, in every container that holds
// them: the bytes that came in go out.
TEST_F(CliPictures, KeepTheColourProfileByteForByte) {
  const auto icc = [](const char* golden) { return test::read_golden(golden).picture.metadata.icc; };
  const std::vector<std::byte> of_gray = icc("gray-profile.png"), of_rgb = icc("all-metadata.jpg");
  ASSERT_GT(of_rgb.size(), 65536u) << "more than one marker of JPEG holds";
  for (const int channels : {1, 2, 3, 4}) {
    for (const int depth : {8, 16}) {
      Picture picture = test::test_picture(9, 7, channels);
      picture.metadata.icc = is_gray(channels) ? of_gray : of_rgb;
      if (depth == 16) {
        for (const uint8_t value : picture.pixels)
          picture.pixels16.push_back(static_cast<uint16_t>(value * 255));
        picture.pixels = {};
        picture.depth = 16;
      }
      test::Bytes file;
      ASSERT_TRUE(encode_picture(picture, {}, "a", [&](std::span<const std::byte> bytes) -> Status {
                    file.insert(file.end(), bytes.begin(), bytes.end());
                    return {};
                  }).ok());
      work_.write("in", file);
      for (const std::string format : {"png", "jpg", "webp"}) {
        if ((format == "jpg" && has_alpha(channels)) || (format == "webp" && is_gray(channels))) continue;
        ASSERT_EQ(upscale(format, {"in"}).code, 0);
        EXPECT_EQ(decoded(format + "/in." + format).metadata.icc, picture.metadata.icc)
            << format << ", " << channels << " channels of " << depth << " bits";
        ASSERT_EQ(upscale(format, {"in"}, {"--strip"}).code, 0);
        EXPECT_TRUE(decoded(format + "/in." + format).metadata.icc.empty());
      }
    }
  }
}

TEST_F(CliPictures, SixteenBitsKeepTheirLevelsThroughTheCommand) {
  const Golden& ramp =
      std::ranges::find(goldens_, "ramp-16bit_png", &std::pair<std::string, Golden>::first)->second;
  const std::vector<uint16_t>& in = ramp.picture.pixels16;
  ASSERT_EQ(std::set<uint16_t>(in.begin(), in.end()).size(), 2048u);
  ASSERT_EQ(upscale("png", {"ramp-16bit_png"}).code, 0);
  const Picture out = decoded("png/ramp-16bit_png.png");
  EXPECT_EQ(std::set<uint16_t>(out.pixels16.begin(), out.pixels16.end()),
            std::set<uint16_t>(in.begin(), in.end()));
}

}  // namespace
}  // namespace ink
