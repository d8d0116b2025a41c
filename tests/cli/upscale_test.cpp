#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "pictures/codec.h"
#include "tests/cli/command.h"

namespace ink {
namespace {

using test::kMemoryCounts;
using test::Outcome;
using test::Workplace;
using Names = std::vector<std::string>;

// Made-up weights: what the command does round the network does not depend on them.
class CliUpscale : public ::testing::Test {
 protected:
  void SetUp() override { work_.write_model("m.safetensors"); }

  Outcome upscale(Names arguments, const test::Surroundings& around = {}) {
    arguments.insert(arguments.begin(), {"upscale", "-m", "m.safetensors"});
    return work_.run(arguments, around);
  }

  Workplace work_;
};

TEST_F(CliUpscale, KeepsTheColourModeAndDoublesTheSize) {
  for (int channels = 1; channels <= 4; ++channels) {
    for (const auto& [w, h] : {std::pair{1, 1}, {2, 7}, {13, 9}}) {
      work_.write_picture("in.png", test::test_picture(w, h, channels));
      const Outcome outcome = upscale({"in.png", "-o", "out.png"});
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      EXPECT_EQ(outcome.err, "");
      EXPECT_EQ(outcome.out, "");
      const Picture out = work_.read_picture("out.png");
      EXPECT_EQ(out.w, 2 * w);
      EXPECT_EQ(out.h, 2 * h);
      EXPECT_EQ(out.channels, channels);
    }
  }
}

TEST_F(CliUpscale, GrayIsTheMeanOfWhatTheNetworkMakesOfIt) {
  const Picture gray = test::test_picture(11, 8, 1);
  Picture rgb{gray.w, gray.h, 3, {}};
  for (const uint8_t value : gray.pixels) rgb.pixels.insert(rgb.pixels.end(), 3, value);
  work_.write_picture("gray.png", gray);
  work_.write_picture("rgb.png", rgb);
  ASSERT_EQ(upscale({"gray.png", "rgb.png", "-o", "out"}).code, 0);
  const Picture as_gray = work_.read_picture("out/gray.png"), as_rgb = work_.read_picture("out/rgb.png");
  ASSERT_EQ(as_rgb.pixels.size(), as_gray.pixels.size() * 3);
  for (size_t i = 0; i < as_gray.pixels.size(); ++i) {
    const double mean = (as_rgb.pixels[i * 3] + as_rgb.pixels[i * 3 + 1] + as_rgb.pixels[i * 3 + 2]) / 3.0;
    ASSERT_NEAR(as_gray.pixels[i], mean, 0.5);
  }
}

TEST_F(CliUpscale, AlphaIsPillowsBicubic) {
  std::ifstream manifest(std::string(INK_GOLDENS_DIR) + "/bicubic/manifest.txt");
  std::string input, output;
  int scale = 0, compared = 0;
  while (manifest >> input >> scale >> output) {
    if (scale != 2) continue;
    const std::string folder =
        std::filesystem::relative(INK_GOLDENS_DIR "/bicubic/", work_.path("")).string() + "/";
    const Picture small = work_.read_picture(folder + input), want = work_.read_picture(folder + output);
    ASSERT_EQ(small.channels, 1);
    Picture rgba{small.w, small.h, 4, {}};
    for (const uint8_t alpha : small.pixels) rgba.pixels.insert(rgba.pixels.end(), {90, 120, 30, alpha});
    work_.write_picture("in.png", rgba);
    ASSERT_EQ(upscale({"in.png", "-o", "out.png"}).code, 0);
    const Picture out = work_.read_picture("out.png");
    ASSERT_EQ(out.pixels.size(), want.pixels.size() * 4);
    for (size_t i = 0; i < want.pixels.size(); ++i) ASSERT_EQ(out.pixels[i * 4 + 3], want.pixels[i]) << input;
    ++compared;
  }
  EXPECT_GE(compared, 4);
}

TEST_F(CliUpscale, ColourUnderZeroAlphaDoesNotBleed) {
  Picture clean = test::test_picture(20, 12, 4), dirty = clean;
  for (size_t i = 0; i < clean.pixels.size(); i += 4) {
    if (clean.pixels[i + 3] == 0) dirty.pixels[i] = dirty.pixels[i + 1] = 255;
  }
  ASSERT_NE(clean.pixels, dirty.pixels);
  work_.write_picture("clean.png", clean);
  work_.write_picture("dirty.png", dirty);
  ASSERT_EQ(upscale({"clean.png", "dirty.png", "-o", "out"}).code, 0);
  EXPECT_EQ(work_.read("out/clean.png"), work_.read("out/dirty.png"));
}

TEST_F(CliUpscale, ThreadsAndTilesChangeNoByte) {
  work_.write_picture("in.png", test::test_picture(37, 29, 4));
  ASSERT_EQ(upscale({"in.png", "-o", "one.png", "-j", "1"}).code, 0);
  const std::string one = work_.read("one.png");
  for (const Names& options :
       {Names{"-j", "2"}, {"-j", "3"}, {"-j", "7"}, {"-t", "32"}, {"-t", "0"}, {"-t", "64,64"}}) {
    Names arguments = {"in.png", "-o", "other.png"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    ASSERT_EQ(upscale(arguments).code, 0);
    EXPECT_EQ(work_.read("other.png"), one) << options[1];
  }
}

TEST_F(CliUpscale, AMemoryLimitIsKeptAndChangesNoByte) {
  work_.write_model("m.safetensors", true);
  work_.write_picture("in.png", test::test_picture(320, 240, 3));
  ASSERT_EQ(upscale({"in.png", "-o", "free.png", "-j", "1"}).code, 0);
  const std::string free = work_.read("free.png");
  const Outcome limited =
      upscale({"in.png", "-o", "limited.png", "--max-memory", "72M", "--json", "-j", "2"});
  ASSERT_EQ(limited.code, 0) << limited.err;
  EXPECT_TRUE(work_.read("limited.png") == free);
  if (kMemoryCounts) {
    EXPECT_LE(limited.peak_bytes, uint64_t{72} << 20);
  }
  for (const char* key : {"\"plan\":{\"region_columns\":", "\"halo_gflop\":", "\"recomputed_gflop\":",
                          "\"stored_bytes\":", "\"spilled_bytes\":0"}) {
    EXPECT_NE(limited.out.find(key), std::string::npos) << key << " in " << limited.out;
  }

  const Outcome none = upscale({"in.png", "-o", "none.png", "--max-memory", "40M"});
  EXPECT_EQ(none.code, 75);
  EXPECT_TRUE(none.says("needs at least ")) << none.err;
  EXPECT_FALSE(work_.exists("none.png"));
  // What it names does.
  const size_t at = none.err.find("needs at least ") + 15;
  const double least = std::strtod(none.err.c_str() + at, nullptr);
  const std::string enough = std::to_string(static_cast<int>(least)) + "M";
  const Outcome narrow = upscale({"in.png", "-o", "narrow.png", "--max-memory", enough});
  EXPECT_EQ(narrow.code, 0) << narrow.err;
  EXPECT_TRUE(work_.read("narrow.png") == free);
  if (kMemoryCounts) {
    EXPECT_LE(narrow.peak_bytes, static_cast<uint64_t>(least * 1048576.0));
  }
}

Picture widened(const Picture& picture) {
  Picture wide{picture.w, picture.h, picture.channels, {}, 16};
  for (const uint8_t value : picture.pixels) wide.pixels16.push_back(static_cast<uint16_t>(value * 257));
  return wide;
}

double least_mib(const Outcome& outcome) {
  EXPECT_EQ(outcome.code, 75) << outcome.err;
  const size_t at = outcome.err.find("needs at least ");
  EXPECT_NE(outcome.err.find(" MiB", at), std::string::npos) << outcome.err;
  return std::strtod(outcome.err.c_str() + at + 15, nullptr);
}

TEST_F(CliUpscale, TheLeastMemoryOf16BitsCountsThem) {
  const Picture picture = test::test_picture(1200, 1000, 4);
  work_.write_picture("8.png", picture);
  work_.write_picture("16.png", widened(picture));
  const double of_8 = least_mib(upscale({"8.png", "-o", "out.png", "--max-memory", "33M", "-j", "1"}));
  const double of_16 = least_mib(upscale({"16.png", "-o", "out.png", "--max-memory", "33M", "-j", "1"}));
  // The picture and the result, a byte more for each sample.
  EXPECT_NEAR(of_16 - of_8, 1200 * 1000 * (4 + 16) / 1048576.0, 3);
}

TEST_F(CliUpscale, TheLeastMemoryNamedFor16BitsIsEnough) {
  work_.write_picture("in.png", widened(test::test_picture(400, 300, 4)));
  ASSERT_EQ(upscale({"in.png", "-o", "free.png"}).code, 0);
  const double least = least_mib(upscale({"in.png", "-o", "out.png", "--max-memory", "33M", "-j", "1"}));
  const std::string enough = std::to_string(static_cast<int>(least)) + "M";
  const Outcome narrow = upscale({"in.png", "-o", "out.png", "--max-memory", enough, "-j", "1"});
  ASSERT_EQ(narrow.code, 0) << narrow.err;
  EXPECT_TRUE(work_.read("out.png") == work_.read("free.png"));
  if (kMemoryCounts) {
    EXPECT_LE(narrow.peak_bytes, static_cast<uint64_t>(least * 1048576.0));
  }
}

TEST_F(CliUpscale, WhatDoesNotFitGoesToTheSpillFolder) {
  work_.write_model("m.safetensors", true);
  work_.write_picture("in.png", test::test_picture(320, 240, 3));
  ASSERT_EQ(upscale({"in.png", "-o", "free.png"}).code, 0);
  const Outcome spilled =
      upscale({"in.png", "-o", "spilled.png", "--max-memory", "72M", "--spill", ".", "--json"});
  if (spilled.says("kept in memory")) GTEST_SKIP() << "temporary files are not on a disk here";
  ASSERT_EQ(spilled.code, 0) << spilled.err;
  EXPECT_TRUE(work_.read("spilled.png") == work_.read("free.png"));
  EXPECT_EQ(work_.files(), (Names{"free.png", "in.png", "m.safetensors", "spilled.png"}));
  EXPECT_EQ(upscale({"in.png", "-o", "x.png", "--max-memory", "72M", "--spill", "no/folder"}).code,
            spilled.out.find("\"spilled_bytes\":0,") == std::string::npos ? 73 : 0);
}

TEST_F(CliUpscale, ReadsAndWritesJpegAndWebp) {
  const Picture smooth = test::test_picture(24, 16, 3);
  work_.write_picture("in.png", smooth);
  ASSERT_EQ(upscale({"in.png", "-o", "out.png"}).code, 0);
  const Picture want = work_.read_picture("out.png");
  const auto decoded = [&](const std::string& name) {
    const std::string file = work_.read(name);
    Result<Picture> picture = decode_picture(std::as_bytes(std::span(file.data(), file.size())), name, {});
    EXPECT_TRUE(picture.ok()) << name;
    return picture.ok() ? std::move(*picture) : Picture{};
  };
  ASSERT_EQ(upscale({"in.png", "-o", "lossless.webp", "--lossless"}).code, 0);
  EXPECT_EQ(decoded("lossless.webp").pixels, want.pixels);
  for (const std::string name : {"small.jpg", "fine.jpg"}) {
    ASSERT_EQ(upscale({"in.png", "-o", name, "--quality", name == "small.jpg" ? "20" : "95"}).code, 0);
    const Picture got = decoded(name);
    ASSERT_EQ(got.pixels.size(), want.pixels.size());
  }
  EXPECT_LT(work_.read("small.jpg").size(), work_.read("fine.jpg").size());
  // A format by its content, whatever the name; and -f names it where -o names none.
  work_.write("photo", test::bytes_of(work_.read("fine.jpg")));
  ASSERT_EQ(upscale({"photo", "-o", "folder/", "-f", "webp"}).code, 0);
  EXPECT_EQ(decoded("folder/photo.webp").w, want.w * 2);
}

TEST_F(CliUpscale, RefusesWhatTheFormatCannotHoldBeforeTheWork) {
  work_.write_picture("clear.png", test::test_picture(12, 9, 4));
  const Outcome alpha = upscale({"clear.png", "-o", "clear.jpg"});
  EXPECT_EQ(alpha.code, 64);
  EXPECT_TRUE(alpha.says("clear.jpg")) << alpha.err;
  work_.write_picture("long.png", test::test_picture(9000, 1, 3));
  const Outcome large = upscale({"long.png", "-o", "long.webp"});
  EXPECT_EQ(large.code, 75);
  EXPECT_TRUE(large.says("16383")) << large.err;
  EXPECT_FALSE(work_.exists("clear.jpg") || work_.exists("long.webp"));
}

TEST_F(CliUpscale, NamesTheOutputBesideTheInput) {
  work_.write_picture("in/a.b.png", test::test_picture(3, 3, 3));
  work_.write_picture("in/plain", test::test_picture(3, 3, 3));
  ASSERT_EQ(upscale({"in/a.b.png", "in/plain"}).code, 0);
  EXPECT_EQ(work_.files(),
            (Names{"in", "in/a.b.png", "in/a.b_2x.png", "in/plain", "in/plain_2x.png", "m.safetensors"}));
}

TEST_F(CliUpscale, TheOutputMayBeAFolder) {
  work_.write_picture("a.png", test::test_picture(3, 3, 3));
  ASSERT_EQ(upscale({"a.png", "-o", "new/folder/"}).code, 0);
  EXPECT_TRUE(work_.exists("new/folder/a.png"));
  ASSERT_EQ(upscale({"-i", "a.png", "-o", "new"}).code, 0);
  EXPECT_TRUE(work_.exists("new/a.png"));
}

TEST_F(CliUpscale, TakesTheLettersOfRealcuganNcnnVulkan) {
  work_.write_picture("in.png", test::test_picture(4, 4, 3));
  const Outcome outcome = upscale({"-i", "in.png", "-o", "out.png", "-n-1", "-s", "2", "-t", "0,0", "-c", "3",
                                   "-g", "0,1", "-j", "1:2,2:2", "-x", "-f", "png", "-v"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("warning: -c is ignored")) << outcome.err;
  EXPECT_TRUE(outcome.says("warning: -g is ignored")) << outcome.err;
  EXPECT_TRUE(outcome.says(" 2 threads")) << outcome.err;
  EXPECT_TRUE(work_.exists("out.png"));
  EXPECT_EQ(upscale({"-i", "in.png", "-o", "out.png", "-c", "3", "-g", "-1", "-q"}).err, "");
}

TEST_F(CliUpscale, ABrokenPictureDoesNotStopTheOthers) {
  work_.write_picture("a.png", test::test_picture(5, 4, 3));
  work_.write("b.png", test::bytes_of("<html>not found</html>"));
  work_.write_picture("c.png", test::test_picture(4, 5, 1));
  const Outcome outcome = upscale({"a.png", "b.png", "missing.png", "c.png", "-o", "out", "--json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("b.png: expected a PNG, JPEG or WebP picture, found an HTML page")) << outcome.err;
  EXPECT_TRUE(outcome.says("2 of 4 pictures failed: b.png, missing.png")) << outcome.err;
  EXPECT_TRUE(work_.exists("out/a.png") && work_.exists("out/c.png"));
  EXPECT_FALSE(work_.exists("out/b.png"));
  EXPECT_NE(outcome.out.find(R"({"done":[{"file":"a.png","output":"out/a.png","w":10,"h":8,)"),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find(R"("exit_code":65})"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find(R"("exit_code":66})"), std::string::npos) << outcome.out;
}

// The first takes the longest, so that others end before it.
TEST_F(CliUpscale, ResultsAreListedInTheOrderOfTheInputs) {
  work_.write_picture("z.png", test::test_picture(120, 90, 3));
  Names files = {"z.png", "missing.png"};
  for (const char* name : {"b.png", "a.png", "d.png", "c.png", "f.png", "e.png"}) {
    work_.write_picture(name, test::test_picture(4, 3, 3));
    files.push_back(name);
  }
  files.push_back("absent.png");
  Names args = files;
  args.insert(args.end(), {"-o", "out", "--json", "-j", "4"});
  const Outcome outcome = upscale(args);
  EXPECT_TRUE(outcome.says("2 of 9 pictures failed: missing.png, absent.png")) << outcome.err;
  size_t last = 0;
  for (const std::string& name : files) {
    if (name == "missing.png" || name == "absent.png") continue;
    const size_t at = outcome.out.find("{\"file\":\"" + name + "\"");
    ASSERT_NE(at, std::string::npos) << outcome.out;
    EXPECT_GE(at, last) << name << " is out of order: " << outcome.out;
    last = at;
  }
}

TEST_F(CliUpscale, ReportsProgressAsLines) {
  work_.write_picture("a.png", test::test_picture(9, 9, 3));
  const std::string json = upscale({"a.png", "--progress", "json"}).err;
  EXPECT_EQ(json.rfind(R"({"event":"start","file":"a.png","done":0.000,"total":1,"eta_s":null})", 0), 0u)
      << json;
  EXPECT_NE(json.find(R"({"event":"done","file":"a.png","done":1.000,"total":1,"eta_s":0.000})"),
            std::string::npos);
  const std::string plain = upscale({"a.png", "--progress", "plain"}).err;
  EXPECT_NE(plain.find("a.png: 50 %\n"), std::string::npos) << plain;
  EXPECT_NE(plain.find("a.png: done\n"), std::string::npos) << plain;
  EXPECT_EQ(upscale({"a.png", "--progress", "json", "-q"}).err, "");
}

TEST_F(CliUpscale, ReplacesAnOlderOutput) {
  work_.write_picture("a.png", test::test_picture(5, 5, 3));
  work_.write("a_2x.png", test::bytes_of("old"));
  ASSERT_EQ(upscale({"a.png"}).code, 0);
  EXPECT_EQ(work_.read_picture("a_2x.png").w, 10);
  EXPECT_EQ(work_.files(), (Names{"a.png", "a_2x.png", "m.safetensors"}));
}

// Against pictures of the original code (tests/goldens/realcugan): the rest of them is compared in
// tests/models.
TEST_F(CliUpscale, TheReleasedWeightsGiveTheOriginalsPicture) {
  const char* weights = std::getenv("INKSTONE_TEST_WEIGHTS");
  if (weights == nullptr) GTEST_SKIP() << "INKSTONE_TEST_WEIGHTS is not set";
  const std::string goldens = std::string(INK_GOLDENS_DIR) + "/realcugan/";
  const std::pair<Names, std::string> kRuns[] = {
      {{}, "se-2x-conservative/"},
      {{"-m", "models-pro", "-s", "3", "-n", "3"}, "pro-3x-denoise3x/"},
      {{"-m", "nose", "-n", "0"}, "nose-2x-no-denoise/"},
      {{"-s", "4", "-n", "0"}, "se-4x-no-denoise/"},
  };
  for (const auto& [options, folder] : kRuns) {
    Names arguments = {"upscale", goldens + "gradient-40x24.png", "-o", "out.png", "--model-dir", weights};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Outcome outcome = work_.run(arguments);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    std::filesystem::copy_file(goldens + folder + "gradient-40x24.png", work_.path("want.png"),
                               std::filesystem::copy_options::overwrite_existing);
    const Picture got = work_.read_picture("out.png"), want = work_.read_picture("want.png");
    ASSERT_EQ(got.pixels.size(), want.pixels.size()) << folder;
    size_t different = 0;
    for (size_t i = 0; i < got.pixels.size(); ++i) {
      ASSERT_LE(std::abs(got.pixels[i] - want.pixels[i]), 1) << folder;
      different += got.pixels[i] != want.pixels[i];
    }
    EXPECT_LE(different, got.pixels.size() / 1000) << folder;
  }
}

}  // namespace
}  // namespace ink
