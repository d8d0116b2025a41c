#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "pictures/codec.h"
#include "tests/cli/command.h"

namespace ink {
namespace {

using test::Outcome;
using test::Workplace;
using Names = std::vector<std::string>;

class CliStreams : public ::testing::Test {
 protected:
  void SetUp() override {
    work_.write_model("m.safetensors");
    work_.write_picture("in.png", test::test_picture(13, 9, 3));
    ASSERT_EQ(upscale({"in.png", "-o", "want.png"}).code, 0);
    want_ = work_.read("want.png");
    around_.input = work_.read("in.png");
  }

  Outcome upscale(Names arguments, const test::Surroundings& around = {}) {
    arguments.insert(arguments.begin(), {"upscale", "-m", "m.safetensors"});
    return work_.run(arguments, around);
  }

  Workplace work_;
  std::string want_;
  test::Surroundings around_;  // with the picture on standard input
};

TEST_F(CliStreams, FromStandardInputToStandardOutput) {
  for (const Names& arguments :
       {Names{"-"}, {"-i", "-"}, {"-", "-o", "-"}, {"-i", "-", "-o", "-", "-f", "png"}}) {
    const Outcome outcome = upscale(arguments, around_);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(outcome.out == want_);
    EXPECT_EQ(outcome.err, "");
  }
  EXPECT_TRUE(upscale({"in.png", "-o", "-"}).out == want_);
  ASSERT_EQ(upscale({"-", "-o", "file.png"}, around_).code, 0);
  EXPECT_TRUE(work_.read("file.png") == want_);
}

TEST_F(CliStreams, TheFormatOfAStreamIsAskedFor) {
  for (const auto& [name, format] :
       {std::pair{"jpg", PictureFormat::jpeg}, {"webp", PictureFormat::webp}, {"png", PictureFormat::png}}) {
    const Outcome outcome = upscale({"-", "-f", name}, around_);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(format_of_file(std::as_bytes(std::span(outcome.out))), format);
  }
}

TEST_F(CliStreams, FifosAndDevices) {
  EXPECT_EQ(upscale({"in.png", "-o", "/dev/null"}).code, 0);
  ASSERT_EQ(mkfifo(work_.path("fifo").c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] {
    std::ifstream stream(work_.path("fifo"), std::ios::binary);
    got.assign(std::istreambuf_iterator<char>(stream), {});
  });
  // Until the reader has come there is nobody to write to.
  Outcome outcome;
  for (int attempt = 0; attempt < 200; ++attempt) {
    outcome = upscale({"in.png", "-o", "fifo"});
    if (outcome.code != 73) break;
  }
  reader.join();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(got == want_);
}

TEST_F(CliStreams, RefusalsNameTheStream) {
  const auto refused = [&](const Names& arguments, const test::Surroundings& around, int code,
                           const std::string& part) {
    const Outcome outcome = upscale(arguments, around);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_TRUE(outcome.says(part)) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  };
  test::Surroundings empty, cut = around_;
  cut.input.resize(cut.input.size() / 2);
  refused({"-"}, empty, 65, "standard input");
  refused({"-"}, cut, 65, "standard input");
  refused({"-", "--json"}, around_, 64, "--json and the picture cannot both go to standard output");
  refused({"-", "in.png"}, around_, 64, "standard input (-) cannot stand beside other inputs");
  refused({"-", "-o", "folder/"}, around_, 64, "standard input has no name");
  test::Surroundings full = around_;
  full.output = "/dev/full";
  refused({"-"}, full, 74, "standard output: cannot be written");
}

}  // namespace
}  // namespace ink
