#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "tests/cli/command.h"

namespace ink {
namespace {

using test::Outcome;
using test::Workplace;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(CliTools, InfoShowsWhatAModelHolds) {
  const Workplace work;
  work.write_model("m.safetensors");
  const Outcome text = work.run({"info", "m.safetensors"});
  EXPECT_EQ(text.code, 0) << text.err;
  for (const char* part : {"safetensors file", "realcugan", R"("scale":2)", "inkstone.license",
                           "unet1.conv1.conv.0.weight", "F32 [32, 3, 3, 3]"}) {
    EXPECT_TRUE(holds(text.out, part)) << part << " in " << text.out;
  }
  const Outcome json = work.run({"info", "m.safetensors", "--json"});
  EXPECT_TRUE(holds(json.out, R"({"name":"unet1.conv1.conv.0.weight","dtype":"F32","shape":[32, 3, 3, 3]})"))
      << json.out;
}

TEST(CliTools, InfoShowsThePlan) {
  const Workplace work;
  work.write_model("m.safetensors");
  const Outcome outcome = work.run({"info", "m.safetensors", "--plan", "1x64x48x3"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "unet1.conv1.conv.0") && holds(outcome.out, "1x62x46x32")) << outcome.out;
  EXPECT_EQ(work.run({"info", "m.safetensors", "--plan", "64x64"}).code, 64);
}

TEST(CliTools, InfoShowsTheMachineAndObeysTheForcedInstructionSet) {
  const Workplace work;
  test::Surroundings around;
  around.environment["INKSTONE_ISA"] = "reference";
  const Outcome outcome = work.run({"info", "--cpu"}, around);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "gemm_reference*") && holds(outcome.out, "threads")) << outcome.out;
  EXPECT_TRUE(holds(work.run({"info", "--cpu", "--json"}, around).out, R"("chosen":"reference")"));
}

TEST(CliTools, LimitsAreVisible) {
  const Workplace work;
  const Outcome outcome = work.run({"limits"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(holds(outcome.out, "picture.side") && holds(outcome.out, "32768")) << outcome.out;
  EXPECT_TRUE(holds(work.run({"limits", "--json"}).out, R"("picture.pixels":134217728)"));
}

TEST(CliTools, ConvertWritesAModelThatGivesTheSamePicture) {
  const Workplace work;
  work.write_model("m.safetensors");
  const Outcome outcome = work.run({"convert", "m.safetensors", "-o", "copy.safetensors"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(work.read("copy.safetensors"), work.read("m.safetensors"));
  EXPECT_EQ(work.run({"convert", "m.safetensors", "-o", "m.safetensors"}).code, 64);
  EXPECT_EQ(work.run({"convert", "m.safetensors", "-o", "none/x.safetensors"}).code, 73);
  EXPECT_EQ(work.run({"convert", "m.safetensors", "-o", "x.safetensors", "--arch", "nobody"}).code, 64);
}

TEST(CliTools, BenchModelMeasures) {
  const Workplace work;
  work.write_model("m.safetensors");
  const Outcome outcome =
      work.run({"bench", "model", "m.safetensors", "--size", "44x40", "-r", "3", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, R"("shape":"1x40x44x3")") && holds(outcome.out, R"("gflops":)"))
      << outcome.out;
  EXPECT_FALSE(holds(outcome.out, "layers")) << outcome.out;
  const Outcome layers =
      work.run({"bench", "model", "m.safetensors", "--size", "44x40", "-r", "1", "--layers"});
  EXPECT_EQ(layers.code, 0) << layers.err;
  EXPECT_TRUE(layers.out.starts_with("stage  node ") && holds(layers.out, "    1  unet2.conv_bottom "))
      << layers.out;
  const Outcome json =
      work.run({"bench", "model", "m.safetensors", "--size", "44x40", "-r", "1", "--layers", "--json"});
  EXPECT_TRUE(json.out.starts_with("{") && holds(json.out, R"("layers":[{"stage":1,"node":"unet)"))
      << json.out;
}

TEST(CliTools, BenchWorkerRunsOnRequest) {
  const Workplace work;
  work.write_model("m.safetensors");
  const std::vector<float> input(44 * 40 * 3, 0.25f);
  const auto* bytes = reinterpret_cast<const std::byte*>(input.data());
  work.write("in.f32", {bytes, bytes + input.size() * sizeof(float)});
  const std::vector<std::string> command = {"bench",   "worker",    "-m",       "m.safetensors",
                                            "-j",      "2",         "--input",  "in.f32",
                                            "--shape", "1x40x44x3", "--output", "out.f32"};
  test::Surroundings around;
  around.input = "run\nrun\nsave\nquit\nrun\n";
  const Outcome outcome = work.run(command, around);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.rfind("ready\nms ", 0), 0u) << outcome.out;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 4);
  EXPECT_TRUE(holds(outcome.out, "\nsaved\n")) << outcome.out;

  // 36 less a side, twice as large; from a flat picture one that repeats itself every 4 pixels, as the
  // network's grid does.
  const std::string saved = work.read("out.f32");
  ASSERT_EQ(saved.size(), static_cast<size_t>(8 * 16 * 3) * sizeof(float));
  std::vector<float> output(saved.size() / sizeof(float));
  std::memcpy(output.data(), saved.data(), saved.size());
  for (size_t i = 0; i < output.size(); ++i) {
    ASSERT_TRUE(std::isfinite(output[i]));
    if (i % 48 >= 12) {
      ASSERT_NEAR(output[i], output[i - 12], 1e-5);
    }
  }

  around.input = "walk\n";
  EXPECT_EQ(work.run(command, around).code, 64);
  work.write("in.f32", test::bytes_of("short"));
  EXPECT_EQ(work.run(command, around).code, 65);
}

}  // namespace
}  // namespace ink
