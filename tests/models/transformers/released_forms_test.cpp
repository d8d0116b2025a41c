#include <gtest/gtest.h>

#include "converters/load_model.h"
#include "tests/harness/weights_dir.h"
#include "tests/models/transformers/golden.h"
#include "weights/safetensors.h"

namespace ink::test {
namespace {

void expect_all(const std::shared_ptr<const WeightStore>& store, const TransformerGolden& golden) {
  if (golden.outputs.contains("text")) expect_texts(store, golden);
  if (golden.outputs.contains("image")) expect_pictures(store, golden);
}

std::string name_of(const ::testing::TestParamInfo<const char*>& test) { return test.param; }

class Transformers : public ::testing::TestWithParam<const char*> {};

TEST_P(Transformers, GiveTheOriginalsVectors) {
  const TransformerGolden golden = transformer_golden(GetParam());
  const TempFolder folder;
  golden.write(folder);
  const auto store = load_golden(folder.path(), golden);
  expect_all(store, golden);

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
  expect_all(again, golden);
}

INSTANTIATE_TEST_SUITE_P(, Transformers,
                         ::testing::Values("clip", "clip_gelu", "openai", "distiluse", "vit", "dinov2",
                                           "qformer"),
                         name_of);

// Checkpoints that the frameworks themselves wrote.
class TransformerForms : public ::testing::TestWithParam<const char*> {};

TEST_P(TransformerForms, GiveTheOriginalsVectors) {
  const std::string form = GetParam();
  const TransformerGolden golden = transformer_golden("form_" + form);
  expect_all(load_golden(golden_path("huggingface/" + form), golden), golden);
}

INSTANTIATE_TEST_SUITE_P(, TransformerForms,
                         ::testing::Values("one", "shards", "torch_file", "torch_shards", "sentence"),
                         name_of);

TEST(TensorFlowForm, GivesTheOriginalsVectors) {
  const TransformerGolden golden = transformer_golden("acgvoc2vec");
  expect_all(load_golden(golden_path("tensorflow/acgvoc2vec/variables.index"), golden), golden);
}

}  // namespace
}  // namespace ink::test
