#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <cmath>
#include <filesystem>

#include "tests/cli/command.h"
#include "tests/cli/released_vectors.h"

namespace ink {
namespace {

using namespace test;

const std::string kResNet = kGoldens + "/cnn/resnet18.pt";

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    dot += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
  return dot / std::sqrt(aa * bb);
}

std::vector<std::vector<double>> embed(const Workplace& work, const std::string& model,
                                       std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"embed", "-m", model};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Outcome outcome = work.run(with_pictures(std::move(arguments)));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return read_lines(outcome.out);
}

void expect_all_near(const std::vector<std::vector<double>>& a, const std::vector<std::vector<double>>& b,
                     double least) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_GE(cosine(a[i], b[i]), least) << i;
}

TEST(CliPrecision, VectorsStayNearAndF32IsTheDefault) {
  const Workplace work;
  const auto f32 = embed(work, kResNet);
  ASSERT_EQ(f32.size(), 4u);
  EXPECT_EQ(embed(work, kResNet, {"--precision", "f32"}), f32);
  const auto bf16 = embed(work, kResNet, {"--precision", "bf16"});
  EXPECT_NE(bf16, f32);
  expect_all_near(bf16, f32, 0.9999);
  expect_all_near(embed(work, kResNet, {"--precision", "int8"}), f32, 0.999);
}

TEST(CliPrecision, ConvertsToBytesAndSaysHowNearThatIs) {
  const Workplace work;
  ASSERT_EQ(work.run({"convert", kResNet, "-o", "f32.safetensors"}).code, 0);
  const Outcome converted = work.run(
      with_pictures({"convert", kResNet, "-o", "int8.safetensors", "--int8", "--json", "--compare"}));
  ASSERT_EQ(converted.code, 0) << converted.err;
  rapidjson::Document document;
  document.Parse(converted.out.c_str());
  ASSERT_TRUE(document.IsObject() && document.HasMember("int8")) << converted.out;
  for (const auto& output : document["int8"].GetArray()) {
    EXPECT_EQ(output["inputs"].GetInt(), 4);
    EXPECT_FALSE(output["made_up"].GetBool());
    EXPECT_GE(output["cosine_least"].GetDouble(), 0.999);
    EXPECT_GE(output["cosine_mean"].GetDouble(), output["cosine_least"].GetDouble());
  }
  EXPECT_EQ(document["int8"].Size(), 2u);

  const auto bytes = [&](const char* name) { return std::filesystem::file_size(work.path(name)); };
  // The header is as large as this network's weights.
  EXPECT_LT(bytes("int8.safetensors"), bytes("f32.safetensors"));
  EXPECT_NE(work.run({"info", "int8.safetensors"}).out.find(" I8 ["), std::string::npos);
  // The same integers as those made from the floats; their scales may differ by a rounding.
  const auto from_floats = embed(work, "f32.safetensors", {"--precision", "int8"});
  const auto f32 = embed(work, kResNet);
  const auto own = embed(work, "int8.safetensors");
  EXPECT_EQ(embed(work, "int8.safetensors", {"--precision", "int8"}), own);
  expect_all_near(own, from_floats, 0.999999);
  expect_all_near(embed(work, "int8.safetensors", {"--precision", "f32"}), f32, 0.999);
  EXPECT_NE(embed(work, "int8.safetensors", {"--precision", "f32"}), own);

  const Outcome made_up = work.run({"convert", kResNet, "-o", "again.safetensors", "--int8"});
  EXPECT_EQ(made_up.code, 0) << made_up.err;
  EXPECT_NE(made_up.out.find("of 8 made-up inputs"), std::string::npos) << made_up.out;
  EXPECT_EQ(work.read("again.safetensors"), work.read("int8.safetensors"));
}

TEST(CliPrecision, RefusesWhatItCannotDo) {
  const Workplace work;
  work.write_model("upscaler.safetensors");
  const auto refused = [&](const std::vector<std::string>& arguments, const char* why) {
    const Outcome outcome = work.run(arguments);
    EXPECT_EQ(outcome.code, 64) << why;
    EXPECT_TRUE(outcome.says(why)) << outcome.err;
  };
  refused(with_pictures({"embed", "-m", kResNet, "--precision", "fp8"}), "expected f32, bf16 or int8");
  refused({"bench", "model", "upscaler.safetensors", "--precision", "bf16"}, "runs in f32 alone");
  refused({"info", "upscaler.safetensors", "--plan", "1x64x64x3", "--precision", "int8"},
          "runs in f32 alone");
  refused({"convert", "upscaler.safetensors", "-o", "o.safetensors", "--int8"}, "runs in f32 alone");
  refused(with_pictures({"convert", kResNet, "-o", "o.safetensors", "--compare"}), "go with --int8");
  refused({"convert", kResNet, "-o", "o.safetensors", "--int8", "--compare-texts", "t.txt"},
          "takes no texts");
  EXPECT_FALSE(work.exists("o.safetensors"));
}

}  // namespace
}  // namespace ink
