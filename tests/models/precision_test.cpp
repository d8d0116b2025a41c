#include <algorithm>
#include <cmath>

#include "converters/load_model.h"
#include "kernels/reduced/reduced.h"
#include "tests/harness/weights_dir.h"
#include "tests/models/cnn_golden.h"

namespace ink::test {
namespace {

double cosine(std::span<const double> a, std::span<const float> b) {
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) dot += a[i] * b[i], aa += a[i] * a[i], bb += double{b[i]} * b[i];
  return dot / std::sqrt(aa * bb);
}

// Against what the original made of the same, in float64.
void expect_near(const std::string& file, const CnnGolden& golden, Precision precision, double least) {
  SCOPED_TRACE(file + " in " + precision_name(precision));
  auto loaded = load_model(golden_path(file));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  auto preprocess = ImagePreprocess::from_json(loaded->metadata(kPreprocessKey), "test");
  ASSERT_TRUE(preprocess.ok());
  (preprocess->crop.w > 0 ? preprocess->crop : preprocess->size) = {golden.w, golden.h};
  loaded->set_metadata(std::string(kPreprocessKey), preprocess->json());
  const auto store = std::make_shared<const WeightStore>(std::move(*loaded));
  BuildOptions options;
  options.outputs = golden.output_names();
  options.precision = precision;
  const auto model = (*architecture_of(*store))->image(store, options);
  ASSERT_TRUE(model.ok()) << model.error().message;
  const PreparedModel& network = (*model)->network();
  const std::string wanted = choose_reduced(precision, active_isa()).name;
  bool runs = false;
  for (size_t i = 0; i < network.graph().nodes.size(); ++i) {
    if (network.graph().nodes[i].op->is_view()) continue;
    runs = runs || network.op(static_cast<int>(i)).kernel() == wanted;
  }
  EXPECT_TRUE(runs) << "no layer runs " << wanted;

  const std::vector<float> pixels = golden.pixels();
  std::vector<std::vector<float>> results;
  std::vector<float*> dst;
  for (const CnnGolden::Output& output : golden.outputs) {
    dst.push_back(results.emplace_back(output.values.size()).data());
  }
  ASSERT_TRUE((*model)->run(pixels.data(), golden.n, dst, 2).ok());
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_GE(cosine(golden.outputs[i].values, results[i]), least) << golden.outputs[i].name;
  }
  const std::vector<std::vector<float>> batch = results;
  const size_t picture = pixels.size() / static_cast<size_t>(golden.n);
  for (size_t image = 0; image < static_cast<size_t>(golden.n); ++image) {
    for (size_t i = 0; i < dst.size(); ++i) {
      dst[i] = results[i].data() + image * static_cast<size_t>(golden.outputs[i].size);
    }
    ASSERT_TRUE((*model)->run(pixels.data() + image * picture, 1, dst, 1).ok());
  }
  EXPECT_EQ(results, batch) << "another batch, another number of threads";
}

struct Network {
  const char *file, *golden;
};
constexpr Network kNetworks[] = {{"cnn/resnet18.pt", "resnet18"},
                                 {"cnn/simclr_checkpoint.pt", "simclr"},
                                 {"cnn/deepdanbooru.h5", "deepdanbooru_small"},
                                 {"cnn/pix2score.h5", "pix2score"}};

TEST(Precision, Bf16PicturesStayNearTheOriginal) {
  for (const Network& network : kNetworks) {
    expect_near(network.file, cnn_golden(network.golden), Precision::bf16, 0.9999);
  }
}

TEST(Precision, Int8PicturesStayNearTheOriginal) {
  for (const Network& network : kNetworks) {
    expect_near(network.file, cnn_golden(network.golden), Precision::int8, 0.999);
  }
}

}  // namespace
}  // namespace ink::test
