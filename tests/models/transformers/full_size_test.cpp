#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "tests/models/transformers/golden.h"

namespace ink::test {
namespace {

// Checkpoints of released sizes that the originals' frameworks wrote
// (tests/reference/full_size_transformers.py): $INKSTONE_TEST_TRANSFORMERS is their folder.
class FullSize : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(FullSize, GivesTheOriginalsVectors) {
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

INSTANTIATE_TEST_SUITE_P(, FullSize,
                         ::testing::Values(std::pair("clip_l14", ""), std::pair("clip_b32", ""),
                                           std::pair("openai_b32", "/ViT-B-32.pt"),
                                           std::pair("dclip_b32", "/model.pt"),
                                           std::pair("distiluse", "/checkpoint"), std::pair("vit_l16", ""),
                                           std::pair("dinov2_base", ""), std::pair("qformer", "")),
                         [](const auto& test) { return std::string(test.param.first); });

}  // namespace
}  // namespace ink::test
