#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace ink {
namespace {

using test::Outcome;
using test::Workplace;

class CliUsage : public ::testing::Test {
 protected:
  void expect_usage(const std::vector<std::string>& arguments, const std::string& part) {
    const Outcome outcome = work_.run(arguments);
    EXPECT_EQ(outcome.code, 64) << outcome.err;
    EXPECT_TRUE(outcome.says("inkstone: error: ")) << outcome.err;
    EXPECT_TRUE(outcome.says(part)) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }

  Workplace work_;
};

TEST_F(CliUsage, HelpAndVersionSucceedOnStandardOutput) {
  const std::vector<std::vector<std::string>> kCommands = {{"--help"},
                                                           {"-h"},
                                                           {"upscale", "--help"},
                                                           {"models", "--help"},
                                                           {"models", "pull", "-h"},
                                                           {"convert", "--help"},
                                                           {"info", "--help"},
                                                           {"limits", "--help"},
                                                           {"bench", "--help"},
                                                           {"bench", "worker", "-h"}};
  for (const auto& command : kCommands) {
    const Outcome outcome = work_.run(command);
    EXPECT_EQ(outcome.code, 0) << command[0];
    EXPECT_NE(outcome.out.find("Usage: inkstone"), std::string::npos) << outcome.out;
    EXPECT_EQ(outcome.err, "");
  }
  const Outcome version = work_.run({"--version"});
  EXPECT_EQ(version.code, 0);
  for (const char* part : {"inkstone 0.", "instruction set: ", "libpng 1.", "zlib 1."}) {
    EXPECT_NE(version.out.find(part), std::string::npos) << part;
  }
}

TEST_F(CliUsage, WhatIsNotUnderstoodIsRefused) {
  expect_usage({}, "subcommand");
  expect_usage({"enlarge"}, "enlarge");
  expect_usage({"upscale"}, "no input");
  expect_usage({"upscale", "a.png", "--frobnicate"}, "--frobnicate");
  expect_usage({"upscale", "a.png", "-s"}, "-s");
  expect_usage({"upscale", "a.png", "-s", "two"}, "two");
  expect_usage({"upscale", "a.png", "-j", "0"}, "-j");
  expect_usage({"upscale", "a.png", "-j", "1:2"}, "-j");
  expect_usage({"upscale", "a.png", "-j", "4x"}, "-j");
  expect_usage({"upscale", "a.png", "--progress", "loud"}, "--progress");
  expect_usage({"upscale", "a.png", "-t", "20"}, "at least 32");
  expect_usage({"upscale", "a.png", "-t", "-1"}, "-t");
  expect_usage({"upscale", "a.png", "--strength", "0.5"}, "0.75 to 1.3");
  expect_usage({"upscale", "a.png", "--strength", "nan"}, "0.75 to 1.3");
  expect_usage({"upscale", "a.png", "--strength", ""}, "0.75 to 1.3");
  expect_usage({"upscale", "a.png", "--max-memory", "lots"}, "--max-memory");
  expect_usage({"upscale", "a.png", "--max-memory", "-5M"}, "--max-memory");
  expect_usage({"upscale", "a.png", "--png-level", "10"}, "--png-level");
  expect_usage({"upscale", "a.png", "-f", "gif"}, "expected png, jpg or webp");
  expect_usage({"upscale", "a.png", "--quality", "0"}, "--quality");
  expect_usage({"upscale", "a.png", "--quality", "high"}, "--quality");
  expect_usage({"upscale", "a.png", "-m", "quux"}, "se, pro, nose");
  expect_usage({"models", "frob"}, "frob");
  expect_usage({"models", "pull", "frob"}, "frob");
  expect_usage({"models", "path", "frob"}, "frob");
  expect_usage({"info"}, "name a model");
  expect_usage({"convert", "a.bin"}, "--output");
  expect_usage({"bench", "model", "x.safetensors", "--size", "12"}, "WxH");
  expect_usage({"bench", "model", "x.safetensors", "-j", "1,0"}, "-j");
  expect_usage({"bench", "model", "x.safetensors", "-b", "1,,2"}, "-b");
  expect_usage({"bench", "model", "x.safetensors", "-b", "1,2", "--layers"}, "--layers");
}

TEST_F(CliUsage, ANetworkThatWasNeverReleasedIsAnsweredWithThoseThatWere) {
  const std::vector<std::vector<std::string>> kWrong = {{"-s", "1"},
                                                        {"-s", "5"},
                                                        {"-n", "4"},
                                                        {"-n", "-2"},
                                                        {"-s", "3", "-n", "1"},
                                                        {"-m", "pro", "-s", "4"},
                                                        {"-m", "nose"},
                                                        {"-m", "models-nose", "-n", "3"},
                                                        {"-m", "pro", "-n", "2"}};
  for (std::vector<std::string> options : kWrong) {
    options.insert(options.begin(), {"upscale", "a.png"});
    const Outcome outcome = work_.run(options);
    EXPECT_EQ(outcome.code, 64) << outcome.err;
    for (const char* part : {"-m se -s 2 -n -1, 0, 1, 2, 3", "-m se -s 4 -n -1, 0, 3",
                             "-m pro -s 3 -n -1, 0, 3", "-m nose -s 2 -n 0"}) {
      EXPECT_TRUE(outcome.says(part)) << outcome.err;
    }
  }
}

TEST_F(CliUsage, AnUnusableInstructionSetIsRefused) {
  test::Surroundings around;
  around.environment["INKSTONE_ISA"] = "altivec";
  const Outcome outcome = work_.run({"limits"}, around);
  EXPECT_EQ(outcome.code, 64);
  EXPECT_TRUE(outcome.says("INKSTONE_ISA is \"altivec\"")) << outcome.err;
  EXPECT_EQ(work_.run({"--version"}, around).code, 0);
}

TEST_F(CliUsage, MessagesCannotSteerTheTerminal) {
  work_.write_model("m.safetensors");
  const Outcome outcome = work_.run({"upscale", "a\n\x1b[31m\xff.png", "-m", "m.safetensors"});
  EXPECT_EQ(outcome.code, 66);
  EXPECT_TRUE(outcome.says("a\\x0a\\x1b[31m\\xff.png")) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
}

}  // namespace
}  // namespace ink
