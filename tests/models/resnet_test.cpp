#include "models/resnet.h"

#include "tests/models/cnn_golden.h"

namespace ink::test {
namespace {

ImagePreprocess pictures_of(const CnnGolden& golden) {
  ImagePreprocess preprocess;
  preprocess.size = {golden.w, golden.h};
  return preprocess;
}

void expect_resnet(const std::string& name, const ResNetConfig& config) {
  const CnnGolden golden = cnn_golden(name);
  const auto network = resnet_network(config, pictures_of(golden), name);
  ASSERT_TRUE(network.ok()) << network.error().message;
  expect_golden(made_up_store(kResNetArchitecture, config.json(), pictures_of(golden), network->net.tensors,
                              golden.gain),
                golden);
}

ResNetConfig bottlenecks(std::vector<int> blocks, int stem, int classes) {
  ResNetConfig config;
  config.sizes.stem = stem;
  config.sizes.blocks = std::move(blocks);
  for (int stage = 0; stage < 4; ++stage) {
    config.sizes.widths.push_back(stem << stage);
    config.sizes.outs.push_back(stem << (stage + 2));
  }
  config.classes = classes;
  return config;
}

TEST(ResNet, TorchvisionBasic) {
  ResNetConfig config = bottlenecks({2, 2, 2, 2}, 2, 7);
  config.sizes.bottleneck = false;
  config.sizes.outs = config.sizes.widths;
  expect_resnet("resnet18", config);
}

TEST(ResNet, TorchvisionBottleneck) { expect_resnet("resnet50", bottlenecks({3, 4, 6, 3}, 8, 10)); }

TEST(ResNet, TorchvisionGroups) {
  ResNetConfig config = bottlenecks({1, 2, 1, 1}, 16, 5);
  config.sizes.widths = {32, 64, 128, 256};
  config.sizes.groups = 4;
  expect_resnet("resnext", config);
}

TEST(ResNet, TorchvisionFile) { expect_golden_of_file("cnn/resnet18.pt", cnn_golden("resnet18")); }

TEST(ResNet, SimclrCheckpoint) { expect_golden_of_file("cnn/simclr_checkpoint.pt", cnn_golden("simclr")); }

TEST(ResNet, ConfigTravels) {
  const ResNetConfig config = bottlenecks({3, 4, 6, 3}, 64, 1000);
  const auto read = ResNetConfig::from_json(config.json(), "a file");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, config);
}

TEST(ResNet, ConfigIsRefused) {
  const std::string good = bottlenecks({3, 4, 6, 3}, 64, 1000).json();
  const std::pair<std::string, std::string> changes[] = {
      {"\"groups\":1", "\"groups\":3"},
      {"[3,4,6,3]", "[3,4,6]"},
      {"\"stem_kernel\":7", "\"stem_kernel\":4"},
      {"\"classes\":1000", "\"classes\":-1"},
      {"torchvision", "darknet"},
      {"\"bottleneck\":true", "\"bottleneck\":false"},
  };
  for (const auto& [from, to] : changes) {
    std::string json = good;
    ASSERT_NE(json.find(from), std::string::npos) << from;
    json.replace(json.find(from), from.size(), to);
    EXPECT_FALSE(ResNetConfig::from_json(json, "a file").ok()) << json;
  }
  EXPECT_FALSE(ResNetConfig::from_json("", "a file").ok());
  EXPECT_FALSE(ResNetConfig::from_json("[]", "a file").ok());
}

}  // namespace
}  // namespace ink::test
