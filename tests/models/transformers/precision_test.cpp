#include <cmath>

#include "tests/models/transformers/golden.h"

namespace ink::test {
namespace {

double least_cosine(const TransformerGolden::Output& want, std::span<const float> got) {
  const auto size = static_cast<size_t>(want.size);
  double least = 1;
  for (size_t row = 0; row < got.size(); row += size) {
    double dot = 0, aa = 0, bb = 0;
    for (size_t i = row; i < row + size; ++i) {
      const double a = want.values[i], b = got[i];
      dot += a * b, aa += a * a, bb += b * b;
    }
    least = std::min(least, dot / std::sqrt(aa * bb));
  }
  return least;
}

// Against what the original made of the same, in float64; and the same bits for all rows at once and alone.
void expect_near(const std::string& name, Precision precision, double bound) {
  SCOPED_TRACE(name + " in " + precision_name(precision));
  const TransformerGolden golden = transformer_golden(name);
  const TempFolder folder;
  golden.write(folder);
  const std::shared_ptr<const WeightStore> store = load_golden(folder.path(), golden);
  const Architecture& architecture = **architecture_of(*store);
  BuildOptions options;
  options.precision = precision;
  if (const auto text = golden.outputs.find("text"); text != golden.outputs.end()) {
    const auto model = architecture.text(store, options);
    ASSERT_TRUE(model.ok()) << model.error().message;
    std::vector<float> together(text->second.values.size()), alone(together.size());
    float* dst = together.data();
    ASSERT_TRUE((*model)->run(golden.tokens, {&dst, 1}, 2).ok());
    EXPECT_GE(least_cosine(text->second, together), bound);
    dst = alone.data();
    for (const std::vector<int32_t>& tokens : golden.tokens) {
      ASSERT_TRUE((*model)->run({&tokens, 1}, {&dst, 1}, 1).ok());
      dst += text->second.size;
    }
    EXPECT_EQ(together, alone);
  }
  if (const auto image = golden.outputs.find("image"); image != golden.outputs.end()) {
    const auto model = architecture.image(store, options);
    ASSERT_TRUE(model.ok()) << model.error().message;
    const std::vector<float> pixels = golden.pixels();
    std::vector<float> got(image->second.values.size());
    float* dst = got.data();
    ASSERT_TRUE((*model)->run(pixels.data(), golden.n, {&dst, 1}, 2).ok());
    EXPECT_GE(least_cosine(image->second, got), bound);
  }
}

constexpr const char* kTowers[] = {"clip", "distiluse", "vit", "dinov2"};

TEST(Precision, Bf16VectorsStayNearTheOriginal) {
  for (const char* name : kTowers) expect_near(name, Precision::bf16, 0.9999);
}

TEST(Precision, Int8VectorsStayNearTheOriginal) {
  for (const char* name : kTowers) expect_near(name, Precision::int8, 0.999);
}

}  // namespace
}  // namespace ink::test
