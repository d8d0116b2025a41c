#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "converters/load_model.h"
#include "models/blocks/patch_embedding.h"
#include "models/clip.h"
#include "tests/models/transformers/golden.h"

namespace ink::test {
namespace {

// How a checkpoint is refused once `change` has changed it; "accepted" where it is not.
template <class Change>
std::string refusal(const char* name, Change change) {
  TransformerGolden golden = transformer_golden(name);
  change(golden);
  const TempFolder folder;
  golden.write(folder);
  const Result<WeightStore> store = load_model(folder.path());
  if (store.ok()) return "accepted";
  EXPECT_EQ(store.error().kind, ErrorKind::model);
  const std::string& message = store.error().message;
  EXPECT_TRUE(message.starts_with(folder.path())) << message;
  return message.substr(std::min(folder.path().size(), message.size()));
}

testing::AssertionResult ends(const std::string& text, std::string_view end) {
  if (text.ends_with(end)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << text << "\ndoes not end in\n" << end;
}

TransformerGolden::Tensor& tensor_of(TransformerGolden& golden, std::string_view name) {
  return *std::ranges::find(golden.tensors, name, &TransformerGolden::Tensor::name);
}

void remove(TransformerGolden& golden, std::string_view name) {
  std::erase_if(golden.tensors, [&](const auto& tensor) { return tensor.name == name; });
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

TEST(TransformerRefusals, NameTheTensor) {
  EXPECT_TRUE(ends(
      refusal("clip",
              [](auto& golden) { remove(golden, "text_model.encoder.layers.1.self_attn.q_proj.weight"); }),
      ": 'text_model.encoder.layers.1.self_attn.q_proj.weight' of shape "
      "[96, 96] is missing"));
  EXPECT_TRUE(
      ends(refusal("clip", [](auto& golden) { tensor_of(golden, "visual_projection.weight").shape[1] = 81; }),
           ": 'visual_projection.weight': expected shape [48, 80], found "
           "[48, 81]"));
  EXPECT_TRUE(ends(refusal("openai", [](auto& golden) { remove(golden, "token_embedding.weight"); }),
                   ": tensor 'token_embedding.weight' is missing"));
  EXPECT_TRUE(ends(
      refusal("vit", [](auto& golden) { tensor_of(golden, "embeddings.position_embeddings").shape[1] = 18; }),
      ": tensor 'embeddings.position_embeddings' has 17 places, which make no square"));
  EXPECT_TRUE(ends(refusal("dinov2",
                           [](auto& golden) {
                             golden.tensors.push_back({"model.safetensors", "x", DType::f32, {2}});
                           }),
                   ": 'x' has no place in the model"));
}

// The same with one of its texts changed.
std::string refusal_of_text(const char* name, const char* file, std::string_view from, std::string_view to) {
  return refusal(name, [&](TransformerGolden& golden) { replace(golden.texts[file], from, to); });
}

TEST(TransformerRefusals, NameWhatConfigJsonSays) {
  constexpr const char* kConfig = "config.json";
  EXPECT_TRUE(ends(refusal_of_text("vit", kConfig, "\"hidden_size\"", "\"hidden_act\": \"relu\", \"x\""),
                   ": config.json: 'hidden_act': expected gelu or quick_gelu"));
  EXPECT_TRUE(ends(refusal_of_text("distiluse", kConfig, "\"n_heads\": 3", "\"n_heads\": 5"),
                   ": config.json: 'n_heads': expected a divisor of the width, 96"));
  EXPECT_TRUE(ends(refusal_of_text("clip_gelu", kConfig, "\"eos_token_id\": 7", "\"eos_token_id\": 50"),
                   ": config.json: 'text_config.eos_token_id': expected an id of the vocabulary, below 50"));
  EXPECT_TRUE(ends(refusal("clip", [](auto& golden) { golden.texts["config.json"] = "[]"; }),
                   "expected an object as the whole, found a list"));
}

TEST(TransformerRefusals, NameThePartsOfASentenceTransformer) {
  EXPECT_TRUE(ends(
      refusal_of_text("distiluse", "1_Pooling/config.json", "mean_tokens\": true", "mean_tokens\": false"),
      ": 1_Pooling/config.json: 'pooling_mode': expected the mean of all tokens"));
  EXPECT_TRUE(ends(refusal_of_text("distiluse", "2_Dense/config.json", "activation.Tanh", "activation.ReLU"),
                   ": 2_Dense/config.json: 'activation_function': expected Tanh or Identity"));
  // A part with weights that is not known.
  EXPECT_TRUE(ends(refusal_of_text("distiluse", "modules.json", "models.Dense", "models.LSTM"),
                   "/modules.json: expected a transformer, pooling, a dense layer and a norm in this order, "
                   "found 'sentence_transformers.models.LSTM'"));
}

TEST(TransformerRefusals, NameTheTextAndTheToken) {
  const TransformerGolden golden = transformer_golden("clip_gelu");
  const TempFolder folder;
  golden.write(folder);
  const auto model = build_clip_text(load_golden(folder.path(), golden), {});
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ((*model)->max_tokens(), 9);
  const auto message = [&](std::vector<int32_t> text) {
    std::vector<float> row(40);
    float* dst = row.data();
    const std::vector<int32_t> texts[] = {{3, 7}, std::move(text)};
    const Status status = (*model)->run(texts, {&dst, 1}, 1);
    if (status.ok()) return std::string("accepted");
    EXPECT_EQ(status.error().kind, ErrorKind::bad_input);
    return status.error().message;
  };
  EXPECT_EQ(message({3, 4, 7}), "accepted");
  EXPECT_EQ(message({}), "text 2: expected at least one token, found none");
  EXPECT_EQ(message({3, 50, 7}), "text 2: expected token ids from 0 to 49, found 50 at position 1");
  EXPECT_EQ(message({3, -1, 7}), "text 2: expected token ids from 0 to 49, found -1 at position 1");
  EXPECT_EQ(message({3, 4}), "text 2: it has no end token, 7");
  EXPECT_EQ(message(std::vector<int32_t>(10, 7)), "text 2: expected at most 9 tokens, found 10");
}

TEST(TransformerRefusals, NameTheOutputAndTheTower) {
  TransformerGolden golden = transformer_golden("clip_gelu");
  std::erase_if(golden.tensors, [](const auto& tensor) { return tensor.name.starts_with("vis"); });
  const TempFolder folder;
  golden.write(folder);
  const auto store = load_golden(folder.path(), golden);
  const auto image = build_clip_image(store, {});
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().message, folder.path() + ": this CLIP has no image tower");
  BuildOptions options;
  options.outputs = {"logits"};
  const auto text = build_clip_text(store, options);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().kind, ErrorKind::usage);
  expect_texts(store, golden);
}

TEST(ClipLogitScale, IsAnExponential) {
  const TransformerGolden golden = transformer_golden("clip");
  const TempFolder folder;
  golden.write(folder);
  const auto store = load_golden(folder.path(), golden);
  const auto stored = store->floats("logit_scale", {});
  const Result<float> scale = clip_logit_scale(*store);
  ASSERT_TRUE(stored.ok() && scale.ok());
  EXPECT_EQ(*scale, std::exp((*stored)[0]));
}

// Weights are polynomials of magnitude 4 in float, as the original has them.
TEST(ResizePositions, KeepsConstantsAndWholeSteps) {
  const std::vector<float> constant(5 * 5 * 2, 3.0f);
  for (const float value : resize_positions(constant.data(), 5, 3, 2)) EXPECT_NEAR(value, 3.0f, 1e-5);
  std::vector<float> grid(6 * 6);
  for (size_t i = 0; i < grid.size(); ++i) grid[i] = static_cast<float>(i * i % 17);
  EXPECT_EQ(resize_positions(grid.data(), 6, 6, 1), grid);
}

}  // namespace
}  // namespace ink::test
