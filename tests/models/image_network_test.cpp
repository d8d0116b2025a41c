#include "models/image_network.h"

#include <limits>
#include <thread>

#include "models/resnet.h"
#include "models/vgg.h"
#include "tests/models/cnn_golden.h"

namespace ink::test {
namespace {

ImagePreprocess pictures_of(int side) {
  ImagePreprocess preprocess;
  preprocess.size = {side, side};
  return preprocess;
}

ResNetConfig tiny() {
  ResNetConfig config;
  config.sizes.stem = 4;
  config.sizes.blocks = {1, 1};
  config.sizes.widths = {4, 8};
  config.sizes.outs = {8, 16};
  config.classes = 3;
  return config;
}

std::shared_ptr<const WeightStore> tiny_store(int side = 32) {
  const auto network = resnet_network(tiny(), pictures_of(side), "tiny");
  EXPECT_TRUE(network.ok()) << network.error().message;
  return made_up_store(kResNetArchitecture, tiny().json(), pictures_of(side), network->net.tensors, 1.7);
}

Result<std::unique_ptr<ImageModel>> build(const std::shared_ptr<const WeightStore>& store,
                                          std::vector<std::string> outputs) {
  BuildOptions options;
  options.outputs = std::move(outputs);
  return (*architecture_of(*store))->image(store, options);
}

TEST(ImageNetwork, TheDefaultIsTheFirstOutput) {
  const auto model = build(tiny_store(), {});
  ASSERT_TRUE(model.ok()) << model.error().message;
  ASSERT_EQ((*model)->outputs().size(), 1u);
  EXPECT_EQ((*model)->outputs()[0].name, "features");
  EXPECT_EQ((*model)->outputs()[0].size, 16);
}

TEST(ImageNetwork, OutputsStandInTheOrderInWhichTheyWereAskedFor) {
  const auto model = build(tiny_store(), {"logits", "features"});
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ((*model)->outputs()[0].name, "logits");
  EXPECT_EQ((*model)->outputs()[1].name, "features");
}

TEST(ImageNetwork, OnlyWhatWasAskedForIsComputed) {
  const auto all = build(tiny_store(), {"features", "logits"}), one = build(tiny_store(), {"features"});
  EXPECT_GT((*all)->network().graph().nodes.size(), (*one)->network().graph().nodes.size());
}

TEST(ImageNetwork, AnOutputThatIsNotThere) {
  const auto unknown = build(tiny_store(), {"tags"});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().kind, ErrorKind::usage);
  EXPECT_EQ(unknown.error().message, "made up has no output 'tags'; it has: features, logits");
  const auto twice = build(tiny_store(), {"features", "features"});
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().kind, ErrorKind::usage);
}

TEST(ImageNetwork, ATensorThatIsMissingOrOfAnotherShape) {
  const auto whole = tiny_store();
  for (const bool drop : {true, false}) {
    auto store = std::make_shared<WeightStore>();
    store->set_origin("broken");
    for (const auto& [key, value] : whole->metadata()) store->set_metadata(key, value);
    for (const StoredTensor& tensor : whole->tensors()) {
      std::vector<int64_t> shape = tensor.shape;
      if (tensor.name == "layer2.0.conv2.weight") {
        if (drop) continue;
        std::swap(shape[0], shape[3]);
      }
      ASSERT_TRUE(store->add(tensor.name, tensor.dtype, shape, tensor.bytes).ok());
    }
    const auto model = build(store, {});
    ASSERT_FALSE(model.ok());
    EXPECT_EQ(model.error().kind, ErrorKind::model);
    EXPECT_NE(model.error().message.find("layer2.0.conv2.weight"), std::string::npos)
        << model.error().message;
  }
}

TEST(ImageNetwork, PicturesOfNoFixedSize) {
  ImagePreprocess preprocess;
  preprocess.resize = ResizeKind::shorter;
  EXPECT_FALSE(input_size(preprocess, "a file").ok());
  preprocess.crop = {40, 30};
  const auto size = input_size(preprocess, "a file");
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(*size, (PictureSize{40, 30}));
}

TEST(ImageNetwork, PicturesThatAreTooSmallForVgg) {
  VggConfig config;
  config.convs = {1, 1, 1};
  config.widths = {4, 4, 4};
  const auto network = vgg_network(config, pictures_of(4), "a file");
  ASSERT_FALSE(network.ok());
  EXPECT_EQ(network.error().kind, ErrorKind::limit);
}

TEST(ImageNetwork, AResultThatIsNotFinite) {
  const auto model = build(tiny_store(), {});
  std::vector<float> pixels(32 * 32 * 3, std::numeric_limits<float>::quiet_NaN()), result(16);
  float* const dst[] = {result.data()};
  const Status status = (*model)->run(pixels.data(), 1, dst, 1);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::model);
}

TEST(ImageNetwork, ManyThreadsAndBatchesGiveTheSameBits) {
  const auto built = build(tiny_store(), {"features", "logits"});
  ImageModel& model = **built;
  CnnGolden pictures;
  pictures.picture = "threads";
  pictures.n = 5;
  pictures.h = pictures.w = 32;
  const std::vector<float> pixels = pictures.pixels();
  const auto run = [&](int n, int threads) {
    std::vector<float> features(static_cast<size_t>(n) * 16), logits(static_cast<size_t>(n) * 3);
    float* const dst[] = {features.data(), logits.data()};
    EXPECT_TRUE(model.run(pixels.data(), n, dst, threads).ok());
    features.insert(features.end(), logits.begin(), logits.end());
    return features;
  };
  const std::vector<float> want = run(5, 1);
  std::vector<std::vector<float>> got(6);
  {
    std::vector<std::jthread> hosts;
    for (size_t i = 0; i < got.size(); ++i) {
      hosts.emplace_back([&, i] {
        for (int round = 0; round < 3; ++round) {
          run(static_cast<int>(i) % 4 + 1, 1);
          got[i] = run(5, static_cast<int>(i) % 3 + 1);
        }
      });
    }
  }
  for (const std::vector<float>& each : got) EXPECT_EQ(each, want);
}

}  // namespace
}  // namespace ink::test
