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

// Of the last layer, whether query, key and value are apart or one weight.
TEST(ImageTowers, ComputeTheClassRowAlone) {
  for (const char* name : {"clip", "openai", "vit", "dinov2"}) {
    const TransformerGolden golden = transformer_golden(name);
    const TempFolder folder;
    golden.write(folder);
    const auto store = load_golden(folder.path(), golden);
    const auto model = (*architecture_of(*store))->image(store, {});
    ASSERT_TRUE(model.ok()) << model.error().message;
    const auto& nodes = (*model)->network().graph().nodes;
    EXPECT_EQ(std::ranges::count_if(
                  nodes, [](const Node& node) { return node.name.ends_with(".attention_norm.first"); }),
              1)
        << name;
  }
}

// So many that they run side by side: a text gives the same bits as alone.
TEST(TextTowers, GiveTheSameBitsSideBySide) {
  const TransformerGolden golden = transformer_golden("distiluse");
  const TempFolder folder;
  golden.write(folder);
  const auto store = load_golden(folder.path(), golden);
  const auto model = (*architecture_of(*store))->text(store, {});
  ASSERT_TRUE(model.ok()) << model.error().message;
  std::vector<std::vector<int32_t>> texts;
  for (size_t tokens = 0; tokens < 3000; tokens += texts.back().size()) {
    texts.push_back(golden.tokens[texts.size() % golden.tokens.size()]);
  }
  const auto size = static_cast<size_t>((*model)->outputs()[0].size);
  std::vector<float> alone(texts.size() * size), together(alone.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    float* const dst = alone.data() + i * size;
    ASSERT_TRUE((*model)->run({&texts[i], 1}, {&dst, 1}, 1).ok());
  }
  for (const int threads : {1, 2, 3, 7}) {
    std::ranges::fill(together, 0.0f);
    float* const dst = together.data();
    ASSERT_TRUE((*model)->run(texts, {&dst, 1}, threads).ok());
    EXPECT_EQ(together, alone) << threads;
  }
}

// A tower that is not asked for is not looked at; one that is tells of a weight that is no number.
TEST(LoadToPrepare, LooksAtWhatIsUsed) {
  const TransformerGolden golden = transformer_golden("clip");
  const TempFolder folder;
  golden.write(folder);
  const auto good = load_golden(folder.path(), golden);
  WeightStore store;
  const std::string bad = "text.layers.1.mlp.up.weight";
  for (const StoredTensor& tensor : good->tensors()) {
    std::vector<std::byte> bytes(tensor.bytes.begin(), tensor.bytes.end());
    if (tensor.name == bad) std::ranges::fill(bytes, std::byte{0xff});
    ASSERT_TRUE(store.add(tensor.name, tensor.dtype, tensor.shape, bytes).ok());
  }
  for (const auto& [key, value] : good->metadata()) store.set_metadata(key, value);
  const std::string file = folder / "bad.safetensors";
  ASSERT_TRUE(write_safetensors(store, file).ok());
  EXPECT_FALSE(load_model(file).ok());
  LoadOptions options;
  options.check_finite = false;
  auto loaded = load_model(file, options);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const auto shared = std::make_shared<const WeightStore>(std::move(*loaded));
  const Architecture& clip = **architecture_of(*shared);
  EXPECT_TRUE(clip.image(shared, {}).ok());
  const auto text = clip.text(shared, {});
  ASSERT_FALSE(text.ok());
  EXPECT_NE(text.error().message.find("'" + bad + "'"), std::string::npos) << text.error().message;

  // For one run the weights are looked at by it.
  BuildOptions once;
  once.once = true;
  const auto lazy = clip.text(shared, once);
  ASSERT_TRUE(lazy.ok()) << lazy.error().message;
  std::vector<float> vector(static_cast<size_t>((*lazy)->outputs()[0].size));
  float* const dst = vector.data();
  const Status run = (*lazy)->run({golden.tokens.data(), 1}, {&dst, 1}, 1);
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.error().kind, ErrorKind::model);
  EXPECT_NE(run.error().message.find("'" + bad + "'"), std::string::npos) << run.error().message;
}

std::vector<float> text_vectors(const std::shared_ptr<const WeightStore>& store,
                                const TransformerGolden& golden, bool once) {
  BuildOptions options;
  options.once = once;
  const auto model = (*architecture_of(*store))->text(store, options);
  if (!model.ok()) {
    ADD_FAILURE() << model.error().message;
    return {};
  }
  EXPECT_EQ((*model)->network().packed_bytes() < 100'000, once);
  std::vector<float> vectors(golden.tokens.size() * static_cast<size_t>((*model)->outputs()[0].size));
  float* const dst = vectors.data();
  EXPECT_TRUE((*model)->run(golden.tokens, {&dst, 1}, 2).ok());
  return vectors;
}

// Weights that stay in the file until they are used give the same bits; one that is no number is found then.
TEST(PreparedForOneRun, GivesTheSameBits) {
  for (const char* name : {"clip", "openai", "distiluse"}) {
    const TransformerGolden golden = transformer_golden(name);
    const TempFolder folder;
    golden.write(folder);
    const auto store = load_golden(folder.path(), golden);
    EXPECT_EQ(text_vectors(store, golden, true), text_vectors(store, golden, false)) << name;
  }
}

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
