#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "converters/load_model.h"
#include "tests/harness/peak_memory.h"
#include "tests/models/cnn_golden.h"

namespace ink::test {
namespace {

// A checkpoint of released size that the original framework wrote (tests/reference/full_size_cnn.py);
// $INKSTONE_TEST_CHECKPOINTS is their folder.
void expect_full_size(const std::string& golden, std::initializer_list<const char*> files) {
  const char* const folder = std::getenv("INKSTONE_TEST_CHECKPOINTS");
  if (folder == nullptr) GTEST_SKIP() << "INKSTONE_TEST_CHECKPOINTS is not set";
  for (const char* file : files) {
    SCOPED_TRACE(file);
    const std::string path = std::string(folder) + "/" + file;
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    auto store = load_model(path);
    ASSERT_TRUE(store.ok()) << store.error().message;
    expect_golden(std::make_shared<const WeightStore>(std::move(*store)), cnn_golden(golden));
  }
}

TEST(FullSize, ResNet50) { expect_full_size("full_resnet50", {"resnet50.pth"}); }

TEST(FullSize, DeepDanbooru) { expect_full_size("full_deepdanbooru", {"model-resnet_custom_v3.h5"}); }

TEST(FullSize, Pix2Score) { expect_full_size("full_pix2score", {"pix2score_weights.h5", "pix2score"}); }

TEST(FullSize, EfficientNetB7) { expect_full_size("full_efficientnet", {"efficientnetb7.h5"}); }

// One picture from the released file: the weights and no more than 300 MB.
TEST(FullSize, DeepDanbooruMemory) {
  const char* const folder = std::getenv("INKSTONE_TEST_CHECKPOINTS");
  if (folder == nullptr) GTEST_SKIP() << "INKSTONE_TEST_CHECKPOINTS is not set";
  const std::string path = std::string(folder) + "/model-resnet_custom_v3.h5";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const PeakMemory memory;
  auto store = load_model(path);
  ASSERT_TRUE(store.ok()) << store.error().message;
  const auto shared = std::make_shared<const WeightStore>(std::move(*store));
  BuildOptions options;
  options.outputs = {"tags"};
  const auto model = (*architecture_of(*shared))->image(shared, options);
  ASSERT_TRUE(model.ok()) << model.error().message;
  const std::vector<float> pixels(512 * 512 * 3, 0.5f);
  std::vector<float> tags(static_cast<size_t>((*model)->outputs()[0].size));
  float* const dst[] = {tags.data()};
  ASSERT_TRUE((*model)->run(pixels.data(), 1, dst, 4).ok());
  const uint64_t peak = memory.bytes(), weights = std::filesystem::file_size(path);
  RecordProperty("peak_bytes", std::to_string(peak));
  EXPECT_LE(peak, weights + 300'000'000)
      << "weights of " << weights << " bytes, packed " << (*model)->network().packed_bytes();
}

}  // namespace
}  // namespace ink::test
