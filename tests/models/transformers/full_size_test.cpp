#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "converters/load_model.h"
#include "tests/harness/peak_memory.h"
#include "tests/models/transformers/golden.h"
#include "weights/safetensors.h"

namespace ink::test {
namespace {

uint16_t bf16_of(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<uint16_t>(bits >> 16);
}

// Checkpoints of released sizes that the originals' frameworks wrote
// (tests/reference/full_size_transformers.py): $INKSTONE_TEST_TRANSFORMERS is their folder.
class FullSizes : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(FullSizes, GivesTheOriginalsVectors) {
  const char* const folder = std::getenv("INKSTONE_TEST_TRANSFORMERS");
  if (folder == nullptr) GTEST_SKIP() << "INKSTONE_TEST_TRANSFORMERS is not set";
  const auto [name, file] = GetParam();
  const std::string path = std::string(folder) + "/" + name + file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "there is no " << path;
  const TransformerGolden golden = transformer_golden(std::string("full_") + name);
  const auto start = std::chrono::steady_clock::now();
  const auto store = load_golden(path, golden);
  if (golden.outputs.contains("text")) expect_texts(store, golden);
  if (golden.outputs.contains("image")) expect_pictures(store, golden);
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  RecordProperty("seconds", std::to_string(seconds.count()));
  RecordProperty("peak_mb", std::to_string(used.ru_maxrss / 1024));
}

INSTANTIATE_TEST_SUITE_P(, FullSizes,
                         ::testing::Values(std::pair("clip_l14", ""), std::pair("clip_b32", ""),
                                           std::pair("openai_b32", "/ViT-B-32.pt"),
                                           std::pair("dclip_b32", "/model.pt"),
                                           std::pair("distiluse", "/checkpoint"), std::pair("vit_l16", ""),
                                           std::pair("dinov2_base", ""), std::pair("qformer", "")),
                         [](const auto& test) { return std::string(test.param.first); });

// One picture through CLIP's image tower: the tower's weights and no more than `room`.
void expect_peak(const std::string& file, uint64_t room) {
  LoadOptions options;
  options.check_finite = false;
  const PeakMemory memory;
  auto loaded = load_model(file, options);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  uint64_t weights = 0;
  for (const StoredTensor& tensor : loaded->tensors()) {
    if (tensor.name.starts_with("image.")) weights += tensor.bytes.size();
  }
  const auto store = std::make_shared<const WeightStore>(std::move(*loaded));
  const auto model = (*architecture_of(*store))->image(store, {});
  ASSERT_TRUE(model.ok()) << model.error().message;
  const std::vector<float> pixels(224 * 224 * 3, 0.5f);
  std::vector<float> features(static_cast<size_t>((*model)->outputs()[0].size));
  float* const dst = features.data();
  ASSERT_TRUE((*model)->run(pixels.data(), 1, {&dst, 1}, 4).ok());
  EXPECT_LE(memory.bytes(), weights + room) << "weights of " << weights << " bytes";
}

TEST(FullSize, ClipImageMemory) {
  const char* const folder = std::getenv("INKSTONE_TEST_TRANSFORMERS");
  if (folder == nullptr) GTEST_SKIP() << "INKSTONE_TEST_TRANSFORMERS is not set";
  const std::string path = std::string(folder) + "/clip_l14";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "there is no " << path;
  expect_peak(path, 200'000'000);

  // The same in 16 bits.
  const TempFolder work;
  const std::string half = work / "half.safetensors";
  {
    const auto store = load_model(path);
    ASSERT_TRUE(store.ok()) << store.error().message;
    WeightStore halves;
    for (const auto& [key, value] : store->metadata()) halves.set_metadata(key, value);
    for (const StoredTensor& tensor : store->tensors()) {
      const bool small = tensor.shape.size() < 2;
      const size_t count = tensor.bytes.size() / sizeof(float);
      std::vector<uint16_t> values(small ? 0 : count);
      for (size_t i = 0; i < values.size(); ++i) {
        float value = 0;
        std::memcpy(&value, tensor.bytes.data() + i * sizeof(float), sizeof(float));
        values[i] = bf16_of(value);
      }
      const auto bytes = small ? tensor.bytes : std::as_bytes(std::span(values));
      ASSERT_TRUE(halves.add(tensor.name, small ? tensor.dtype : DType::bf16, tensor.shape, bytes).ok());
    }
    ASSERT_TRUE(write_safetensors(halves, half).ok());
  }
  expect_peak(half, 100'000'000);
}

}  // namespace
}  // namespace ink::test
