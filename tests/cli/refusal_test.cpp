#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/cli/command.h"

namespace ink {
namespace {

namespace fs = std::filesystem;
using test::Bytes;
using test::Outcome;
using test::Workplace;
using test::operator+;
using Names = std::vector<std::string>;

// Every failure: its exit code, one sentence, and nothing left behind.
class CliRefusal : public ::testing::Test {
 protected:
  void SetUp() override {
    work_.write_model("m.safetensors");
    work_.write_picture("a.png", test::test_picture(12, 10, 3));
  }

  void expect_failure(Names arguments, int code, const std::string& part,
                      const test::Surroundings& around = {}) {
    const Names before = work_.files();
    if (arguments[0] != "models") arguments.insert(arguments.begin(), {"upscale", "-m", "m.safetensors"});
    const Outcome outcome = work_.run(arguments, around);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_TRUE(outcome.says(part)) << outcome.err;
    EXPECT_EQ(outcome.err.rfind("inkstone: error: ", 0), 0u) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_EQ(work_.files(), before);
  }

  void expect_broken(const Bytes& bytes, const std::string& part, int code = 65) {
    work_.write("broken.png", bytes);
    expect_failure({"broken.png", "-o", "out.png"}, code, part);
  }

  Workplace work_;
};

TEST_F(CliRefusal, BrokenPictures) {
  test::RawPng raw{8, 8, 8, 2, false, std::vector<int>(8 * 8 * 3, 77), {}, {}};
  const Bytes whole = test::build_png(raw), end = test::png_chunk("IEND", {});
  expect_broken({}, "empty");
  expect_broken(test::bytes_of("<!DOCTYPE html><html>"), "an HTML page");
  expect_broken(test::bytes_of("\xff\xd8\xff\xe0"), "broken JPEG");
  expect_broken(test::bytes_of("GIF89a"), "expected a PNG, JPEG or WebP picture, found a GIF picture");
  expect_broken(test::bytes_of("version https://git-lfs.github.com/spec/v1"), "a Git-LFS pointer");
  expect_broken(Bytes(whole.begin(), whole.end() - 20), "incomplete download");
  Bytes flipped = whole;
  flipped[50] ^= std::byte{4};
  expect_broken(flipped, "checksum");
  const Bytes bomb = test::deflated(Bytes(32u << 20));
  expect_broken(test::png_signature() + test::png_header(4, 4, 8, 0) + test::png_chunk("IDAT", bomb) + end,
                "broken PNG");
  expect_broken(test::png_signature() + test::png_header(20000, 6000, 8, 6) + end, "cannot hold");
}

TEST_F(CliRefusal, PicturesBeyondTheLimits) {
  const Bytes head = test::png_signature() + test::png_header(1'000'000, 1'000'000, 8, 2);
  expect_broken(head + test::png_chunk("IEND", {}), "1000000 x 1000000", 75);
  expect_failure({"a.png", "--max-memory", "2M"}, 75, "--max-memory raises that");
}

TEST_F(CliRefusal, InputsThatAreNotThere) {
  expect_failure({"missing.png"}, 66, "missing.png");
  fs::create_directory(work_.path("folder.png"));
  expect_failure({"folder.png"}, 66, "folder");
}

TEST_F(CliRefusal, OutputsThatCannotBe) {
  expect_failure({"a.png", "-o", "none/out.png"}, 73, "none/out.png");
  expect_failure({"a.png", "-o", "a.png/"}, 73, "a.png");
  expect_failure({"a.png", "-o", "m.safetensors/x.png"}, 73, "m.safetensors/x.png");
  ASSERT_EQ(mkfifo(work_.path("pipe.png").c_str(), 0600), 0);
  expect_failure({"a.png", "-o", "pipe.png"}, 73, "a FIFO that nobody reads");
}

TEST_F(CliRefusal, AFolderThatMayNotBeWritten) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  fs::create_directory(work_.path("locked"));
  fs::permissions(work_.path("locked"), fs::perms::owner_read | fs::perms::owner_exec);
  expect_failure({"a.png", "-o", "locked/out.png"}, 73, "locked/out.png");
}

TEST_F(CliRefusal, OutputsThatWouldReplaceAnInput) {
  expect_failure({"a.png", "-o", "a.png"}, 64, "replace the input");
  expect_failure(
      {"a.png", "-o", "./../" + fs::path(work_.path("")).parent_path().filename().string() + "/a.png"}, 64,
      "replace the input");
  expect_failure({"a.png", "-o", "."}, 64, "replace the input");
  fs::create_symlink("a.png", work_.path("link.png"));
  expect_failure({"a.png", "-o", "link.png"}, 64, "input");
  fs::create_hard_link(work_.path("a.png"), work_.path("hard.png"));
  expect_failure({"a.png", "-o", "hard.png"}, 64, "input");
  work_.write_picture("b.png", test::test_picture(2, 2, 3));
  work_.write_picture("b_2x.png", test::test_picture(2, 2, 3));
  expect_failure({"b.png", "b_2x.png"}, 64, "b_2x.png");
}

TEST_F(CliRefusal, TwoInputsWithOneOutput) {
  work_.write_picture("in/a.png", test::test_picture(2, 2, 3));
  work_.write_picture("in/a.jpg", test::test_picture(2, 2, 3));
  expect_failure({"a.png", "in/a.png", "-o", "out"}, 64, "both become out/a.png");
  expect_failure({"in/a.png", "in/a.jpg"}, 64, "both become in/a_2x.png");
  expect_failure({"a.png", "./a.png"}, 64, "both become");
  expect_failure({"a.png", "in/a.png", "-o", "out.jpg/"}, 64, "both become");
}

TEST_F(CliRefusal, OutputsOfAnotherFormat) {
  expect_failure({"a.png", "-o", "out.gif"}, 64, "must end in .png, .jpg or .webp");
  expect_failure({"a.png", "-o", "out"}, 64, "must end in .png, .jpg or .webp");
}

TEST_F(CliRefusal, TheDiskIsFull) {
  work_.write_picture("noise.png", test::test_picture(60, 60, 3));
  test::Surroundings around;
  around.largest_file = 1000;
  expect_failure({"noise.png", "-o", "out.png", "--png-level", "0"}, 74, "out.png", around);
}

TEST_F(CliRefusal, StandardOutputTakesNothing) {
  test::Surroundings around;
  around.output = "/dev/full";
  const Outcome outcome = work_.run({"limits"}, around);
  EXPECT_EQ(outcome.code, 74);
  EXPECT_TRUE(outcome.says("standard output")) << outcome.err;
}

TEST_F(CliRefusal, AnInterruptionLeavesNoFile) {
  work_.write_picture("big.png", test::test_picture(500, 400, 3));
  const Names before = work_.files();
  test::Surroundings around;
  around.interrupt_after = "\"progress\"";
  const Outcome outcome = work_.run({"upscale", "-m", "m.safetensors", "a.png", "big.png", "a_2x.png.not",
                                     "-o", "out", "--progress", "json", "-j", "1"},
                                    around);
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_TRUE(outcome.says("interrupted")) << outcome.err;
  EXPECT_FALSE(work_.exists("out/big.png"));
  for (const std::string& name : work_.files()) EXPECT_EQ(name.find("tmp"), std::string::npos) << name;
}

TEST_F(CliRefusal, MissingWeightsSayWhereAndHow) {
  test::Surroundings around;
  around.environment["INKSTONE_MODELS"] = work_.path("first") + ":" + work_.path("second");
  const Outcome outcome =
      work_.run({"upscale", "a.png", "-m", "pro", "-n", "3", "--model-dir", "given"}, around);
  EXPECT_EQ(outcome.code, 78);
  for (const std::string& part :
       {std::string("realcugan-pro-2x-denoise3x"), std::string("given"), work_.path("first"),
        work_.path("second"), work_.path(".local/share/inkstone/models"),
        std::string("share/inkstone/models"),
        std::string("inkstone models pull realcugan-pro-2x-denoise3x")}) {
    EXPECT_TRUE(outcome.says(part)) << part << " in " << outcome.err;
  }
}

TEST_F(CliRefusal, BrokenModels) {
  const auto refused = [&](const std::string& model, const std::string& part) {
    const Outcome outcome = work_.run({"upscale", "a.png", "-m", model});
    EXPECT_EQ(outcome.code, 78) << outcome.err;
    EXPECT_TRUE(outcome.says(part)) << outcome.err;
    EXPECT_EQ(work_.run({"info", model}).code, 78);
    EXPECT_EQ(work_.run({"convert", model, "-o", "c.safetensors"}).code, 78);
    EXPECT_FALSE(work_.exists("c.safetensors"));
  };
  refused("missing.safetensors", "missing.safetensors");
  refused("./a.png", "a.png");
  work_.write("empty.bin", {});
  refused("empty.bin", "empty");
  work_.write("page.safetensors", test::bytes_of("<html></html>"));
  refused("page.safetensors", "HTML");
  const std::string model = work_.read("m.safetensors");
  work_.write("cut.safetensors", test::bytes_of(std::string_view(model).substr(0, model.size() / 2)));
  refused("cut.safetensors", "cut.safetensors");
}

TEST_F(CliRefusal, AModelFileOfAnotherScale) {
  expect_failure({"a.png", "-s", "3"}, 64, "enlarges by 2");
  const Outcome outcome = work_.run({"upscale", "-m", "m.safetensors", "a.png", "-s", "2", "-n", "3"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(outcome.says("warning: -n is ignored")) << outcome.err;
}

}  // namespace
}  // namespace ink
