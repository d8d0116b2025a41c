#include "models/deepdanbooru.h"
#include "models/efficientnet.h"
#include "models/pix2score.h"
#include "models/resnet.h"
#include "models/vgg.h"
#include "tests/models/cnn_golden.h"

namespace ink::test {
namespace {

// Made-up weights under the names that a checkpoint of this configuration has, against what the original code
// made of the same.
template <class Config, class Network>
void expect_config(const std::string& name, std::string_view architecture, const Config& config,
                   Network network_of) {
  const CnnGolden golden = cnn_golden(name);
  ImagePreprocess preprocess;
  preprocess.size = {golden.w, golden.h};
  const auto network = network_of(config, preprocess, name);
  ASSERT_TRUE(network.ok()) << network.error().message;
  expect_golden(made_up_store(architecture, config.json(), preprocess, network->net.tensors, golden.gain),
                golden);
  const auto read = Config::from_json(config.json(), "a file");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, config);
}

void expect_deepdanbooru(const std::string& name, const DeepDanbooruConfig& config) {
  expect_config(name, kDeepDanbooruArchitecture, config, deepdanbooru_network);
}

// A quarter of the filters in the middle, one block more than the original calls its repeats.
DeepDanbooruConfig deepdanbooru(std::vector<int> filters, const std::vector<int>& repeats, int classes) {
  DeepDanbooruConfig config;
  config.stem = filters[0] / 4;
  for (const int width : filters) config.widths.push_back(width / 4);
  config.filters = std::move(filters);
  for (const int repeat : repeats) config.blocks.push_back(repeat + 1);
  config.classes = classes;
  if (config.block_count() > DeepDanbooruConfig::kVectorBlock) {
    config.vector_block = DeepDanbooruConfig::kVectorBlock;
  }
  return config;
}

TEST(DeepDanbooru, CustomV3) {
  expect_deepdanbooru("deepdanbooru_v3", deepdanbooru({16, 16, 32, 32, 32, 64}, {2, 7, 19, 19, 2, 2}, 21));
}

TEST(DeepDanbooru, CustomV4) {
  expect_deepdanbooru("deepdanbooru_v4", deepdanbooru({16, 32, 32, 32, 32, 64}, {2, 7, 10, 10, 10, 2}, 9));
}

TEST(DeepDanbooru, ResNet152) {
  DeepDanbooruConfig config = deepdanbooru({16, 16, 32, 64}, {2, 7, 35, 2}, 6);
  config.head = DeepDanbooruConfig::Head::dense;
  expect_deepdanbooru("deepdanbooru_152", config);
}

TEST(DeepDanbooru, SmallWithoutTheVector) {
  expect_deepdanbooru("deepdanbooru_small", deepdanbooru({8, 16}, {2, 0}, 11));
}

TEST(DeepDanbooru, Files) {
  for (const char* file : {"cnn/deepdanbooru.h5", "cnn/deepdanbooru.keras"}) {
    SCOPED_TRACE(file);
    expect_golden_of_file(file, cnn_golden("deepdanbooru_small"));
  }
}

TEST(DeepDanbooru, Illust2vecSavedModel) {
  expect_golden_of_file("tensorflow/illust2vec", cnn_golden("illust2vec"));
}

ResNetSizes keras_sizes(std::vector<int> blocks, int stem) {
  ResNetSizes sizes;
  sizes.stem = stem;
  for (size_t stage = 0; stage < blocks.size(); ++stage) {
    sizes.widths.push_back(4 << stage);
    sizes.outs.push_back(16 << stage);
  }
  sizes.blocks = std::move(blocks);
  return sizes;
}

TEST(KerasResNet, V1) {
  const ResNetConfig config{ResNetKind::keras, keras_sizes({2, 2, 3, 2}, 8), 9};
  expect_config("keras_resnet", kResNetArchitecture, config, resnet_network);
}

TEST(KerasResNet, V2) {
  const ResNetConfig config{ResNetKind::keras_v2, keras_sizes({3, 4, 6, 3}, 8), 9};
  expect_config("keras_resnet_v2", kResNetArchitecture, config, resnet_network);
}

Pix2ScoreConfig pix2score(std::vector<int> blocks) {
  Pix2ScoreConfig config;
  config.sizes.stem = 2;
  for (size_t stage = 0; stage < blocks.size(); ++stage) {
    config.sizes.widths.push_back(2 << stage);
    config.sizes.outs.push_back(8 << stage);
  }
  config.sizes.blocks = std::move(blocks);
  return config;
}

TEST(Pix2Score, Depth101) {
  expect_config("pix2score_deep", kPix2ScoreArchitecture, pix2score({3, 4, 23, 3}), pix2score_network);
}

TEST(Pix2Score, Files) {
  for (const char* file : {"cnn/pix2score.h5", "cnn/pix2score_weights.h5", "tensorflow/pix2score",
                           "tensorflow/pix2score_base64", "tensorflow/pix2score_checkpoint/weights"}) {
    SCOPED_TRACE(file);
    expect_golden_of_file(file, cnn_golden("pix2score"));
  }
}

VggConfig keras_vgg(std::vector<int> convs) {
  VggConfig config;
  config.style = TensorStyle::keras;
  config.convs = std::move(convs);
  config.widths = {4, 8, 16, 32, 32};
  config.hidden = {256, 256};
  config.classes = 8;
  return config;
}

TEST(Vgg, Keras16) {
  expect_config("keras_vgg16", kVggArchitecture, keras_vgg({2, 2, 3, 3, 3}), vgg_network);
}

TEST(Vgg, Keras19) {
  expect_config("keras_vgg19", kVggArchitecture, keras_vgg({2, 2, 4, 4, 4}), vgg_network);
}

TEST(Vgg, Torchvision16) {
  VggConfig config = keras_vgg({2, 2, 3, 3, 3});
  config.style = TensorStyle::torch;
  config.hidden = {64, 64};
  expect_config("vgg16", kVggArchitecture, config, vgg_network);
}

TEST(Vgg, Torchvision11WithBatchNorm) {
  VggConfig config = keras_vgg({1, 1, 2, 2, 2});
  config.style = TensorStyle::torch;
  config.hidden = {64, 64};
  config.batch_norm = true;
  expect_config("vgg11_bn", kVggArchitecture, config, vgg_network);
}

EfficientNetConfig efficientnet(TensorStyle style, std::vector<int> repeats, int stem, std::vector<int> outs,
                                int top) {
  EfficientNetConfig config;
  config.style = style;
  config.stem = stem;
  config.top = top;
  config.repeats = std::move(repeats);
  config.kernels = {3, 3, 5, 3, 5, 5, 3};
  config.strides = {1, 2, 2, 2, 1, 2, 1};
  config.ratios = {1, 6, 6, 6, 6, 6, 6};
  config.outs = std::move(outs);
  config.classes = 6;
  return config;
}

TEST(EfficientNet, KerasB1) {
  EfficientNetConfig config =
      efficientnet(TensorStyle::keras, {2, 3, 3, 4, 4, 5, 2}, 8, {8, 8, 16, 24, 32, 48, 80}, 320);
  config.even = {1, 0, 0, 1, 0, 0, 0, 0};  // maps of 70, 35, 18, 9 and 5
  expect_config("keras_efficientnet", kEfficientNetArchitecture, config, efficientnet_network);
}

TEST(EfficientNet, KerasB7) {
  EfficientNetConfig config =
      efficientnet(TensorStyle::keras, {4, 7, 7, 10, 10, 13, 4}, 8, {8, 8, 16, 24, 32, 48, 80}, 320);
  config.even = {0, 0, 1, 0, 1, 0, 0, 0};  // maps of 75, 38, 19, 10 and 5
  expect_config("keras_efficientnet_b7", kEfficientNetArchitecture, config, efficientnet_network);
}

TEST(EfficientNet, KerasFileWithImagenetFactors) {
  expect_golden_of_file("cnn/efficientnet.h5", cnn_golden("keras_efficientnet_imagenet"));
}

TEST(EfficientNet, TransformersFolder) {
  expect_golden_of_file("cnn/efficientnet", cnn_golden("hf_efficientnet"));
}

}  // namespace
}  // namespace ink::test
