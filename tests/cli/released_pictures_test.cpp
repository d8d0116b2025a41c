#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <sstream>

#include "tests/cli/command.h"
#include "tests/cli/released_vectors.h"

namespace ink {
namespace {

using namespace test;

const std::string kResNet = kGoldens + "/cnn/resnet18.pt";

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(CliReleasedPictures, ResNetOfTorchvision) {
  const Workplace work;
  const Vectors golden = read_vectors("resnet18.txt");
  ASSERT_EQ(golden.size(), 8u);
  const Outcome converted = work.run({"convert", kResNet, "-o", "resnet.safetensors"});
  ASSERT_EQ(converted.code, 0) << converted.err;
  for (const std::string& model : {kResNet, std::string("resnet.safetensors")}) {
    for (const std::string output : {"features", "logits"}) {
      const Outcome outcome = work.run(with_pictures({"embed", "-m", model, "--output", output}));
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      const auto lines = read_lines(outcome.out);
      ASSERT_EQ(lines.size(), 4u);
      for (size_t i = 0; i < 4; ++i) {
        expect_near(lines[i], golden.at(kPictures[i] + " " + output), kPictures[i] + " " + output);
      }
    }
  }
  const std::string one = work.run(with_pictures({"embed", "-m", kResNet, "-b", "1", "-j", "1"})).out;
  EXPECT_EQ(work.run(with_pictures({"embed", "-m", kResNet, "-b", "3", "-j", "3"})).out, one);
}

// The numbers under `key` of each line.
std::vector<std::vector<double>> numbers_of(const std::string& json_lines, const char* key) {
  std::vector<std::vector<double>> all;
  std::istringstream stream(json_lines);
  for (std::string line; std::getline(stream, line);) {
    rapidjson::Document document;
    document.Parse(line.c_str());
    all.emplace_back();
    if (!document.IsObject() || !document.HasMember(key)) continue;
    for (const auto& value : document[key].GetArray()) all.back().push_back(value.GetDouble());
  }
  return all;
}

// What ACG2vec's programs take: no WebP.
std::vector<std::string> with_three_pictures(std::vector<std::string> arguments) {
  arguments = with_pictures(std::move(arguments));
  arguments.pop_back();
  return arguments;
}

TEST(CliReleasedPictures, DeepDanbooruOfKeras) {
  const Workplace work;
  const Vectors golden = read_vectors("deepdanbooru.txt");
  work.write("tags.txt", bytes_of("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\nrating:safe\n"));
  for (const std::string file : {"/cnn/deepdanbooru.h5", "/cnn/deepdanbooru.keras"}) {
    const Outcome converted =
        work.run({"convert", kGoldens + file, "-o", "converted.safetensors", "--tags", "tags.txt"});
    ASSERT_EQ(converted.code, 0) << converted.err;
    const Outcome direct = work.run(
        with_three_pictures({"tag", "-m", kGoldens + file, "--tags", "tags.txt", "--json", "--all"}));
    ASSERT_EQ(direct.code, 0) << direct.err;
    const auto scores = numbers_of(direct.out, "scores");
    ASSERT_EQ(scores.size(), 3u);
    for (size_t i = 0; i < 3; ++i) expect_near(scores[i], golden.at(kPictures[i] + " tags"), kPictures[i]);
    const Outcome again =
        work.run(with_three_pictures({"tag", "-m", "converted.safetensors", "--json", "--all", "-b", "2"}));
    EXPECT_EQ(again.out, direct.out) << again.err;
  }
  const Outcome text =
      work.run({"tag", "-m", "converted.safetensors", kGoldens + "/pictures/420.jpg", "--top", "2"});
  EXPECT_TRUE(holds(text.out, "420.jpg\n  0.946  2\n  0.826  5\n  0.974  rating:safe\n")) << text.out;
}

TEST(CliReleasedPictures, Pix2scoreOfKeras) {
  const Workplace work;
  const Vectors golden = read_vectors("pix2score.txt");
  const Outcome outcome =
      work.run(with_three_pictures({"score", "-m", kGoldens + "/cnn/pix2score.h5", "--json", "-b", "3"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* head : {"bookmark_predict", "view_predict", "sanity_predict"}) {
    const auto scores = numbers_of(outcome.out, head);
    ASSERT_EQ(scores.size(), 3u);
    for (size_t i = 0; i < 3; ++i) expect_near(scores[i], golden.at(kPictures[i] + " " + head), head);
  }
}

TEST(CliReleasedPictures, InfoSaysWhatAResNetDoes) {
  const Workplace work;
  const Outcome info = work.run({"info", kResNet});
  EXPECT_EQ(info.code, 0) << info.err;
  for (const char* part :
       {"of pictures\n  input                     224x224 pixels\n",
        "  outputs                   features (16), logits (7)\n", " GFLOP\n", "parameters    "}) {
    EXPECT_TRUE(holds(info.out, part)) << part << " in " << info.out;
  }
  const std::string json = work.run({"info", kResNet, "--json"}).out;
  EXPECT_TRUE(
      holds(json, R"("pictures":{"input":"224x224 pixels","outputs":[{"name":"features","size":16},)"))
      << json;
  const Outcome plan = work.run({"info", kResNet, "--plan", "2"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_TRUE(holds(plan.out, "2x112x112x2")) << plan.out;
  EXPECT_EQ(work.run({"info", kResNet, "--plan", "1x224x224x3"}).code, 0);
  EXPECT_EQ(work.run({"info", kResNet, "--plan", "1x225x224x3"}).code, 64);
}

TEST(CliReleasedPictures, BenchModelMeasuresEveryBatchOnEveryNumberOfThreads) {
  const Workplace work;
  std::vector<std::string> command = {"bench", "model", kResNet, "-r", "2", "-j", "2,1", "-b", "1,3"};
  const Outcome table = work.run(command);
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_TRUE(table.out.starts_with("threads  batch ")) << table.out;
  EXPECT_EQ(std::count(table.out.begin(), table.out.end(), '\n'), 6) << table.out;

  command.emplace_back("--json");
  const Outcome json = work.run(command);
  rapidjson::Document document;
  document.Parse(json.out.c_str());
  ASSERT_TRUE(document.IsObject() && document.HasMember("rows")) << json.out;
  std::vector<std::pair<int, int>> measured;
  for (const auto& row : document["rows"].GetArray()) {
    const int batch = row["batch"].GetInt(), threads = row["threads"].GetInt();
    measured.emplace_back(batch, threads);
    EXPECT_EQ(row["shape"].GetString(), std::to_string(batch) + "x224x224x3");
    const auto number = [&](const char* key) { return row[key].GetDouble(); };
    EXPECT_LE(number("ms_least"), number("ms"));
    EXPECT_LE(number("ms"), number("ms_p90"));
    EXPECT_LE(number("ms_p90"), number("ms_most"));
    EXPECT_NEAR(number("per_second") * number("ms"), batch * 1e3, batch * 2.0);
    if (threads == 1) {
      EXPECT_EQ(number("faster"), 1);
      EXPECT_EQ(number("faster_than_peaks"), 1);
    }
  }
  EXPECT_EQ(measured, (std::vector<std::pair<int, int>>{{1, 2}, {1, 1}, {3, 2}, {3, 1}}));
}

TEST(CliReleasedPictures, BenchMeasuresLayers) {
  const Workplace work;
  const Outcome table = work.run({"bench", "model", kResNet, "-b", "2", "-r", "2", "--layers"});
  ASSERT_EQ(table.code, 0) << table.err;
  EXPECT_EQ(table.out.rfind("node ", 0), 0u) << table.out;
  for (const char* part :
       {" % of time ", " % of peak ", " MB\n", "\nlayer4.1.conv2 ", "\nall layers ", " ms ("}) {
    EXPECT_TRUE(holds(table.out, part)) << part << " in " << table.out;
  }

  const Outcome json = work.run({"bench", "model", kResNet, "-b", "2", "-r", "2", "--layers", "--json"});
  rapidjson::Document document;
  document.Parse(json.out.c_str());
  ASSERT_TRUE(document.IsObject() && document.HasMember("layers")) << json.out;
  EXPECT_GT(document["peak_gflops"].GetDouble(), 0);
  const auto& bandwidths = document["gbytes_per_s"];
  EXPECT_GT(bandwidths["memory"].GetDouble(), 0);
  EXPECT_GT(bandwidths["second_level_cache"].GetDouble(), 0);
  double percent = 0, last = 1e30;
  const rapidjson::Value* stem = nullptr;
  for (const auto& layer : document["layers"].GetArray()) {
    percent += layer["percent_of_time"].GetDouble();
    EXPECT_LE(layer["ms"].GetDouble(), last);
    last = layer["ms"].GetDouble();
    EXPECT_GE(layer["gflops"].GetDouble(), 0);
    EXPECT_NE(std::string(layer["kernel"].GetString()), "");
    EXPECT_FALSE(layer.HasMember("stage"));
    if (layer["node"] == "conv1") stem = &layer;
  }
  EXPECT_NEAR(percent, 100, 0.1);
  ASSERT_NE(stem, nullptr) << json.out;
  // Pictures, and at least half as large a map of two channels.
  EXPECT_GE((*stem)["bytes"].GetInt64(), 2 * (224 * 224 * 3 + 112 * 112 * 2) * 4);
  EXPECT_LE((*stem)["bytes"].GetInt64(), 2 * (224 * 224 * 3 + 112 * 112 * 2) * 4 + 65536);
}

TEST(CliReleasedPictures, BenchMeasuresAndServesAnyModel) {
  const Workplace work;
  const Outcome bench = work.run({"bench", "model", kResNet, "-b", "2", "-r", "2", "--json"});
  EXPECT_EQ(bench.code, 0) << bench.err;
  EXPECT_TRUE(holds(bench.out, R"("shape":"2x224x224x3")")) << bench.out;
  EXPECT_EQ(work.run({"bench", "model", kResNet, "--tokens", "9"}).code, 64);

  const std::vector<float> pixels(2 * 224 * 224 * 3, 0.25f);
  const auto* bytes = reinterpret_cast<const std::byte*>(pixels.data());
  work.write("in.f32", {bytes, bytes + pixels.size() * sizeof(float)});
  test::Surroundings around;
  around.input = "run\nsave\nquit\n";
  const Outcome worker = work.run({"bench", "worker", "-m", kResNet, "--input", "in.f32", "--shape",
                                   "2x224x224x3", "--output", "out.f32", "--result", "logits"},
                                  around);
  EXPECT_EQ(worker.code, 0) << worker.err;
  const std::string saved = work.read("out.f32");
  ASSERT_EQ(saved.size(), 2 * 7 * sizeof(float));
  EXPECT_EQ(saved.substr(0, 28), saved.substr(28));
}

}  // namespace
}  // namespace ink
