#include "tests/models/cnn_golden.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "converters/load_model.h"
#include "tests/harness/made_up_weights.h"
#include "tests/harness/weights_dir.h"

namespace ink::test {

std::vector<float> CnnGolden::pixels() const { return made_up_pictures(picture, n, h, w, low, high); }

std::vector<std::string> CnnGolden::output_names() const {
  std::vector<std::string> names;
  for (const Output& output : outputs) names.push_back(output.name);
  return names;
}

CnnGolden cnn_golden(const std::string& name) {
  std::ifstream file(golden_path("cnn/" + name + ".txt"));
  EXPECT_TRUE(file.is_open()) << name;
  CnnGolden golden;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "pictures") {
      words >> golden.picture >> golden.n >> golden.h >> golden.w >> golden.low >> golden.high;
    } else if (word == "gain") {
      words >> golden.gain;
    } else if (word == "output") {
      CnnGolden::Output& output = golden.outputs.emplace_back();
      words >> output.name >> output.size >> output.own_error;
    } else if (word != "source") {
      std::istringstream numbers(line);
      for (double value = 0; numbers >> value;) golden.outputs.back().values.push_back(value);
    }
  }
  for (const CnnGolden::Output& output : golden.outputs) {
    EXPECT_EQ(output.values.size(), static_cast<size_t>(golden.n) * static_cast<size_t>(output.size));
  }
  return golden;
}

std::shared_ptr<const WeightStore> made_up_store(std::string_view architecture, const std::string& config,
                                                 const ImagePreprocess& preprocess,
                                                 const std::vector<TensorSpec>& tensors, double gain) {
  auto store = std::make_shared<WeightStore>();
  store->set_origin("made up");
  for (const TensorSpec& spec : tensors) {
    const std::vector<float> values = made_up_weights(spec.source_name, spec.shape, gain);
    EXPECT_TRUE(store->add(spec.name, DType::f32, spec.shape, std::as_bytes(std::span(values))).ok());
  }
  store->set_metadata(std::string(kArchitectureKey), std::string(architecture));
  store->set_metadata(std::string(kConfigKey), config);
  store->set_metadata(std::string(kPreprocessKey), preprocess.json());
  return store;
}

namespace {

void compare(const CnnGolden::Output& want, std::span<const float> got) {
  double largest = 0, worst = 0, dot = 0, want_square = 0, got_square = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double value = got[i];
    largest = std::max(largest, std::abs(want.values[i]));
    worst = std::max(worst, std::abs(value - want.values[i]));
    dot += value * want.values[i];
    want_square += want.values[i] * want.values[i];
    got_square += value * value;
  }
  EXPECT_LE(worst / largest, std::max(2e-5, 4 * want.own_error)) << want.name;
  EXPECT_GE(dot / std::sqrt(want_square * got_square), 0.999999) << want.name;
}

}  // namespace

void expect_golden(const std::shared_ptr<const WeightStore>& store, const CnnGolden& golden) {
  const Result<const Architecture*> architecture = architecture_of(*store);
  ASSERT_TRUE(architecture.ok()) << architecture.error().message;
  const auto all = (*architecture)->image_outputs(*store);
  ASSERT_TRUE(all.ok()) << all.error().message;
  for (const CnnGolden::Output& output : golden.outputs) {
    const auto found = std::ranges::find(*all, output.name, &ModelOutput::name);
    ASSERT_NE(found, all->end()) << output.name;
    EXPECT_EQ(found->size, output.size);
  }
  BuildOptions options;
  options.outputs = golden.output_names();
  options.threads = 2;
  const auto model = (*architecture)->image(store, options);
  ASSERT_TRUE(model.ok()) << model.error().message;

  const std::vector<float> pixels = golden.pixels();
  std::vector<std::vector<float>> batch, single;
  std::vector<float*> dst;
  for (const CnnGolden::Output& output : golden.outputs) {
    batch.emplace_back(output.values.size());
    dst.push_back(batch.back().data());
  }
  single = batch;
  const Status status = (*model)->run(pixels.data(), golden.n, dst, 2);
  ASSERT_TRUE(status.ok()) << status.error().message;
  for (size_t i = 0; i < batch.size(); ++i) compare(golden.outputs[i], batch[i]);

  const size_t picture = pixels.size() / static_cast<size_t>(golden.n);
  for (int image = 0; image < golden.n; ++image) {
    const auto at = static_cast<size_t>(image);
    for (size_t i = 0; i < dst.size(); ++i) {
      dst[i] = single[i].data() + at * static_cast<size_t>(golden.outputs[i].size);
    }
    ASSERT_TRUE((*model)->run(pixels.data() + at * picture, 1, dst, 1).ok());
  }
  EXPECT_EQ(batch, single);
}

void expect_golden_of_file(const std::string& file, const CnnGolden& golden) {
  auto loaded = load_model(golden_path(file));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  auto preprocess = ImagePreprocess::from_json(loaded->metadata(kPreprocessKey), "test");
  ASSERT_TRUE(preprocess.ok()) << preprocess.error().message;
  (preprocess->crop.w > 0 ? preprocess->crop : preprocess->size) = {golden.w, golden.h};
  loaded->set_metadata(std::string(kPreprocessKey), preprocess->json());
  expect_golden(std::make_shared<const WeightStore>(std::move(*loaded)), golden);
}

}  // namespace ink::test
