#include <gtest/gtest.h>

#include "converters/load_model.h"
#include "models/clip.h"
#include "tests/models/transformers/golden.h"
#include "weights/safetensors.h"

namespace ink::test {
namespace {

class Transformers : public ::testing::TestWithParam<const char*> {};

TEST_P(Transformers, GiveTheOriginalsVectors) {
  const TransformerGolden golden = transformer_golden(GetParam());
  const TempFolder folder;
  golden.write(folder);
  const auto store = load_golden(folder.path(), golden);
  if (golden.outputs.contains("text")) expect_texts(store, golden);
  if (golden.outputs.contains("image")) expect_pictures(store, golden);

  // The same from a model file, in which the weights keep their types.
  const std::string converted = folder / "converted.safetensors";
  ASSERT_TRUE(write_safetensors(*store, converted).ok());
  const auto again = load_golden(converted, golden);
  ASSERT_EQ(again->tensors().size(), store->tensors().size());
  for (const StoredTensor& tensor : store->tensors()) {
    const StoredTensor* kept = again->find(tensor.name);
    ASSERT_NE(kept, nullptr) << tensor.name;
    EXPECT_EQ(kept->dtype, tensor.dtype) << tensor.name;
  }
  if (golden.outputs.contains("text")) expect_texts(again, golden);
  if (golden.outputs.contains("image")) expect_pictures(again, golden);
}

INSTANTIATE_TEST_SUITE_P(, Transformers,
                         ::testing::Values("clip", "clip_gelu", "openai", "distiluse", "vit", "dinov2",
                                           "qformer"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace ink::test
