#include "tests/cli/made_up/models.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "models/model.h"
#include "weights/safetensors.h"
#include "weights/store.h"

namespace ink::test {

void write_made_up(const Workplace& work, const std::string& name, const MadeUp& model) {
  WeightStore store;
  const std::vector<float> weight = {1, 0,    0,    0, 1, 0, 0,    0, 1,     0, 0.5f,
                                     0, 0.5f, 0.5f, 0, 0, 0, 0.5f, 0, 0.25f, 0};
  ASSERT_TRUE(store.add("weight", DType::f32, {7, 3}, std::as_bytes(std::span(weight))).ok());
  if (model.logit_scale != 0) {
    ASSERT_TRUE(
        store.add("logit_scale", DType::f32, {}, std::as_bytes(std::span(&model.logit_scale, 1))).ok());
  }
  for (const auto& [tensor, text] : model.texts) {
    const auto size = static_cast<int64_t>(text.size());
    ASSERT_TRUE(store.add(tensor, DType::u8, {size}, std::as_bytes(std::span(text))).ok());
  }
  store.set_metadata(std::string(kArchitectureKey), model.architecture);
  store.set_metadata(std::string(kConfigKey), "{}");
  std::filesystem::create_directories(std::filesystem::path(work.path(name)).parent_path());
  ASSERT_TRUE(write_safetensors(store, work.path(name)).ok());
}

MadeUp tagger() {
  return {"made-up-tagger", {{"labels/tags.txt", kTags}, {"labels/categories.json", kCategories}}, 0};
}

Picture solid(uint8_t red, uint8_t green, uint8_t blue, int w, int h) {
  Picture picture{w, h, 3, {}};
  for (int i = 0; i < w * h; ++i) {
    for (const uint8_t sample : {red, green, blue}) picture.pixels.push_back(sample);
  }
  return picture;
}

}  // namespace ink::test
