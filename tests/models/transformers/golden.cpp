#include "tests/models/transformers/golden.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <sstream>

#include "converters/load_model.h"
#include "kernels/base/half.h"
#include "models/image/preprocess.h"
#include "tests/harness/made_up_weights.h"
#include "tests/harness/weights_dir.h"
#include "weights/safetensors.h"

namespace ink::test {

namespace {

DType dtype_of(const std::string& name) {
  for (const DType type : {DType::f32, DType::f16, DType::bf16, DType::i64}) {
    if (name == dtype_name(type)) return type;
  }
  ADD_FAILURE() << name;
  return DType::f32;
}

void add_tensor(WeightStore& store, const TransformerGolden::Tensor& tensor) {
  if (tensor.dtype == DType::i64) {
    std::vector<int64_t> zeros(static_cast<size_t>(*element_count(tensor.shape)));
    EXPECT_TRUE(store.add(tensor.name, tensor.dtype, tensor.shape, std::as_bytes(std::span(zeros))).ok());
    return;
  }
  const std::vector<float> values = made_up_weights(tensor.name, tensor.shape);
  std::vector<uint16_t> halves;
  if (tensor.dtype == DType::f16) std::ranges::transform(values, std::back_inserter(halves), f32_to_f16);
  const auto bytes = halves.empty() ? std::as_bytes(std::span(values)) : std::as_bytes(std::span(halves));
  EXPECT_TRUE(store.add(tensor.name, tensor.dtype, tensor.shape, bytes).ok()) << tensor.name;
}

void compare(const TransformerGolden::Output& want, std::span<const float> got, const char* what) {
  ASSERT_EQ(got.size(), want.values.size());
  const auto size = static_cast<size_t>(want.size);
  double largest = 0, worst = 0;
  for (const double value : want.values) largest = std::max(largest, std::abs(value));
  for (size_t row = 0; row < got.size(); row += size) {
    double dot = 0, want_square = 0, got_square = 0;
    for (size_t i = row; i < row + size; ++i) {
      const double value = got[i];
      worst = std::max(worst, std::abs(value - want.values[i]));
      dot += value * want.values[i];
      want_square += want.values[i] * want.values[i];
      got_square += value * value;
    }
    EXPECT_GE(dot / std::sqrt(want_square * got_square), 0.999999) << what << " " << row / size;
  }
  EXPECT_LE(worst / largest, std::max(2e-5, 4 * want.own_error)) << what;
  std::ostringstream error;
  error << std::setprecision(2) << worst / largest;
  ::testing::Test::RecordProperty(std::string(what) + "_error", error.str());
}

}  // namespace

TransformerGolden transformer_golden(const std::string& name) {
  std::ifstream file(golden_path("transformers/" + name + ".txt"));
  EXPECT_TRUE(file.is_open()) << name;
  TransformerGolden golden;
  TransformerGolden::Output* output = nullptr;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word, dtype;
    words >> word;
    if (word == "json") {
      words >> word >> std::ws;
      std::getline(words, golden.texts[word]);
    } else if (word == "tensor") {
      TransformerGolden::Tensor& tensor = golden.tensors.emplace_back();
      words >> tensor.file >> tensor.name >> dtype;
      tensor.dtype = dtype_of(dtype);
      for (int64_t size = 0; words >> size;) tensor.shape.push_back(size);
    } else if (word == "tokens") {
      std::vector<int32_t>& ids = golden.tokens.emplace_back();
      for (int32_t id = 0; words >> id;) ids.push_back(id);
    } else if (word == "pictures") {
      words >> golden.pictures >> golden.n >> golden.side >> golden.side >> golden.low >> golden.high;
    } else if (word == "output") {
      words >> word;
      output = &golden.outputs[word];
      words >> output->size >> output->own_error;
    } else if (output != nullptr) {
      std::istringstream numbers(line);
      for (double value = 0; numbers >> value;) output->values.push_back(value);
    }
  }
  return golden;
}

void TransformerGolden::write(const TempFolder& folder) const {
  const auto path_of = [&](const std::string& name) {
    const std::string path = folder / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    return path;
  };
  for (const auto& [name, text] : texts) write_file(path_of(name), bytes_of(text));
  std::map<std::string, WeightStore> files;
  for (const Tensor& tensor : tensors) add_tensor(files[tensor.file], tensor);
  for (const auto& [name, store] : files) {
    const Status status = write_safetensors(store, path_of(name));
    EXPECT_TRUE(status.ok()) << status.error().message;
  }
}

std::vector<float> TransformerGolden::pixels() const {
  return made_up_pictures(pictures, n, side, side, low, high);
}

std::shared_ptr<WeightStore> load_golden(const std::string& path, const TransformerGolden& golden) {
  Result<WeightStore> loaded = load_model(path);
  EXPECT_TRUE(loaded.ok()) << loaded.error().message;
  if (!loaded.ok()) return std::make_shared<WeightStore>();
  auto store = std::make_shared<WeightStore>(std::move(*loaded));
  if (golden.n > 0) {
    ImagePreprocess same_size;
    same_size.size = {golden.side, golden.side};
    store->set_metadata(std::string(kPreprocessKey), same_size.json());
  }
  return store;
}

void expect_texts(const std::shared_ptr<const WeightStore>& store, const TransformerGolden& golden) {
  const TransformerGolden::Output& want = golden.outputs.at("text");
  const Result<const Architecture*> architecture = architecture_of(*store);
  ASSERT_TRUE(architecture.ok()) << architecture.error().message;
  const auto outputs = (*architecture)->text_outputs(*store);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  ASSERT_EQ(outputs->size(), 1u);
  EXPECT_EQ(outputs->front().size, want.size);
  BuildOptions options;
  options.threads = 2;
  const auto model = (*architecture)->text(store, options);
  ASSERT_TRUE(model.ok()) << model.error().message;

  std::vector<float> together(want.values.size()), alone(want.values.size());
  float* dst = together.data();
  Status status = (*model)->run(golden.tokens, {&dst, 1}, 3);
  ASSERT_TRUE(status.ok()) << status.error().message;
  compare(want, together, "text");
  dst = alone.data();
  for (const std::vector<int32_t>& text : golden.tokens) {
    status = (*model)->run({&text, 1}, {&dst, 1}, 1);
    ASSERT_TRUE(status.ok()) << status.error().message;
    dst += want.size;
  }
  EXPECT_EQ(together, alone);
}

void expect_pictures(const std::shared_ptr<const WeightStore>& store, const TransformerGolden& golden) {
  const TransformerGolden::Output& want = golden.outputs.at("image");
  const Result<const Architecture*> architecture = architecture_of(*store);
  ASSERT_TRUE(architecture.ok()) << architecture.error().message;
  const auto outputs = (*architecture)->image_outputs(*store);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  ASSERT_EQ(outputs->size(), 1u);
  EXPECT_EQ(outputs->front().size, want.size);
  BuildOptions options;
  options.threads = 2;
  const auto model = (*architecture)->image(store, options);
  ASSERT_TRUE(model.ok()) << model.error().message;

  const std::vector<float> pixels = golden.pixels();
  std::vector<float> together(want.values.size()), alone(want.values.size());
  float* dst = together.data();
  Status status = (*model)->run(pixels.data(), golden.n, {&dst, 1}, 3);
  ASSERT_TRUE(status.ok()) << status.error().message;
  compare(want, together, "image");
  dst = alone.data();
  for (int i = 0; i < golden.n; ++i) {
    const size_t picture = pixels.size() / static_cast<size_t>(golden.n);
    status = (*model)->run(pixels.data() + static_cast<size_t>(i) * picture, 1, {&dst, 1}, 1);
    ASSERT_TRUE(status.ok()) << status.error().message;
    dst += want.size;
  }
  EXPECT_EQ(together, alone);
}

}  // namespace ink::test
