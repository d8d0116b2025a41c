#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include "tests/cli/command.h"
#include "tests/cli/released_vectors.h"

namespace ink {
namespace {

using namespace test;

const std::string kClip = kGoldens + "/commands/clip";

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// As the command prints them.
std::string ids_golden() {
  std::ifstream file(kGoldens + "/commands/clip_ids.txt");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(CliReleasedClip, ClipsPicturesAndTexts) {
  const Workplace work;
  const Vectors golden = read_vectors("clip.txt");
  ASSERT_EQ(golden.size(), 10u);
  const std::string texts = kGoldens + "/commands/clip_texts.json";
  const Outcome converted = work.run({"convert", kClip, "-o", "clip.safetensors"});
  ASSERT_EQ(converted.code, 0) << converted.err;
  EXPECT_TRUE(holds(converted.out, "with tokenizer/")) << converted.out;
  for (const std::string& model : {kClip, std::string("clip.safetensors")}) {
    const Outcome outcome = work.run(with_pictures({"embed", "-m", model, "--text-file", texts}));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const auto lines = read_lines(outcome.out);
    ASSERT_EQ(lines.size(), 9u);
    for (size_t i = 0; i < 4; ++i) expect_near(lines[i], golden.at(kPictures[i]), kPictures[i]);
    for (size_t i = 0; i < 5; ++i) {
      const std::string name = "text" + std::to_string(i);
      expect_near(lines[4 + i], golden.at(name), name);
    }
    const Outcome ids = work.run({"tokenize", "-m", model, "--text-file", texts});
    EXPECT_EQ(ids.code, 0) << ids.err;
    EXPECT_EQ(ids.out, ids_golden());
  }
}

TEST(CliReleasedClip, ClipsProbabilities) {
  const Workplace work;
  const Vectors golden = read_vectors("clip.txt");
  const Outcome outcome = work.run({"embed", "-m", kClip, kGoldens + "/pictures/420.jpg", "--text", "red",
                                    "--text", "a red dress, green EYES", "--similarity", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  rapidjson::Document document;
  document.Parse(outcome.out.c_str());
  ASSERT_TRUE(document.IsObject()) << outcome.out;
  const auto cosine = [&](const std::string& a, const std::string& b) {
    const std::vector<double>&u = golden.at(a), &v = golden.at(b);
    double uv = 0, uu = 0, vv = 0;
    for (size_t i = 0; i < u.size(); ++i) {
      uv += u[i] * v[i];
      uu += u[i] * u[i];
      vv += v[i] * v[i];
    }
    return uv / std::sqrt(uu * vv);
  };
  const double scale = golden.at("logit_scale")[0];
  const double first = scale * cosine("420.jpg", "text0"), second = scale * cosine("420.jpg", "text1");
  EXPECT_NEAR(document["logits"][0][0].GetDouble(), first, 1e-4);
  EXPECT_NEAR(document["logits"][0][1].GetDouble(), second, 1e-4);
  EXPECT_NEAR(document["probabilities"][0][0].GetDouble(), 1 / (1 + std::exp(second - first)), 1e-5);
}

TEST(CliReleasedClip, InfoSaysWhatClipDoes) {
  const Workplace work;
  const Outcome info = work.run({"info", kClip});
  EXPECT_EQ(info.code, 0) << info.err;
  for (const char* part : {"of pictures\n  input                     32x32 pixels\n",
                           "of texts\n  input                     up to 16 tokens\n",
                           "  tokenizer                 clip, huggingface, 525 tokens\n"}) {
    EXPECT_TRUE(holds(info.out, part)) << part << " in " << info.out;
  }
  EXPECT_EQ(work.run({"info", kClip, "--plan", "2"}).code, 0);
  EXPECT_EQ(work.run({"info", kClip, "--plan", "3x9"}).code, 0);
  EXPECT_EQ(work.run({"info", kClip, "--plan", "3x17"}).code, 64);
  const Outcome bench = work.run({"bench", "model", kClip, "-b", "3", "--tokens", "9", "-r", "2", "--json"});
  EXPECT_EQ(bench.code, 0) << bench.err;
  EXPECT_TRUE(holds(bench.out, R"("shape":"3x9")")) << bench.out;
}

TEST(CliReleasedClip, BenchMeasuresLayersOfBothTowers) {
  const Workplace work;
  const auto layers = [&](const std::vector<std::string>& flags, double& gflop) {
    std::vector<std::string> command = {"bench", "model", kClip, "-r", "1", "--layers", "--json"};
    command.insert(command.end(), flags.begin(), flags.end());
    const Outcome outcome = work.run(command);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    rapidjson::Document document;
    document.Parse(outcome.out.c_str());
    std::vector<std::string> nodes;
    if (!document.IsObject() || !document.HasMember("layers")) return nodes;
    gflop = document["gflops"].GetDouble() * document["ms"].GetDouble() / 1e3;
    for (const auto& layer : document["layers"].GetArray()) nodes.emplace_back(layer["node"].GetString());
    std::ranges::sort(nodes);
    return nodes;
  };
  const auto has = [](const std::vector<std::string>& nodes, const char* node) {
    return std::ranges::count(nodes, node) == 1;
  };
  double picture = 0, one = 0, many = 0;
  EXPECT_TRUE(has(layers({}, picture), "image.layers.1.attention"));
  // More than are run at once; a text's work is the same in any company.
  const std::vector<std::string> texts = layers({"--tokens", "16", "-b", "300"}, many);
  EXPECT_TRUE(has(texts, "text.layers.0.mlp.up"));
  EXPECT_EQ(texts, layers({"--tokens", "16", "-b", "100"}, one));
  EXPECT_GT(one, 0);
  EXPECT_NEAR(many / one, 3, 0.1);
}

TEST(CliReleasedClip, BenchWorkerTakesTextsOfDifferentLengths) {
  const Workplace work;
  const std::vector<int32_t> ids = {523, 7, 524, 523, 40, 41, 42, 524};
  const auto saved = [&](const std::vector<int32_t>& some, const char* flag, const char* sizes) {
    const auto* bytes = reinterpret_cast<const std::byte*>(some.data());
    work.write("in.i32", {bytes, bytes + some.size() * sizeof(int32_t)});
    Surroundings around;
    around.input = "run\nsave\n";
    const Outcome outcome = work.run(
        {"bench", "worker", "-m", kClip, "--input", "in.i32", flag, sizes, "--output", "out.f32"}, around);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.code == 0 ? work.read("out.f32") : std::string();
  };
  const std::string both = saved(ids, "--lengths", "3,5");
  const std::string first = saved({ids.begin(), ids.begin() + 3}, "--shape", "1x3");
  const std::string second = saved({ids.begin() + 3, ids.end()}, "--shape", "1x5");
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(both, first + second);

  const auto refused = [&](const char* model, std::vector<std::string> flags) {
    std::vector<std::string> command = {"bench", "worker", "-m", model, "--input", "in.i32", "--output", "o"};
    command.insert(command.end(), flags.begin(), flags.end());
    return work.run(command);
  };
  EXPECT_EQ(refused(kClip.c_str(), {}).code, 64);
  EXPECT_EQ(refused(kClip.c_str(), {"--lengths", "3,17"}).code, 64);
  EXPECT_EQ(refused(kClip.c_str(), {"--lengths", "3,"}).code, 64);
  EXPECT_EQ(refused(kClip.c_str(), {"--lengths", "3,1"}).code, 64);
  EXPECT_EQ(refused(kClip.c_str(), {"--lengths", "3,5", "--shape", "1x8"}).code, 64);
  const Outcome no_texts = refused((kGoldens + "/cnn/resnet18.pt").c_str(), {"--lengths", "3,5"});
  EXPECT_EQ(no_texts.code, 64);
  EXPECT_TRUE(holds(no_texts.err, "takes no texts")) << no_texts.err;
}

}  // namespace
}  // namespace ink
