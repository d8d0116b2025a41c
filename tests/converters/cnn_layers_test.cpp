#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "converters/named_tensors.h"
#include "converters/recognise.h"
#include "models/deepdanbooru.h"
#include "models/efficientnet.h"
#include "models/pix2score.h"
#include "models/resnet.h"
#include "models/vgg.h"

namespace ink {
namespace {

// Names and shapes of a table, as a checkpoint has them.
class NamesOnly : public TensorSource {
 public:
  explicit NamesOnly(const std::vector<TensorSpec>& table) {
    for (const TensorSpec& spec : table) tensors_.push_back({spec.source_name, DType::f32, spec.shape});
  }

  std::vector<SourceTensor>& tensors() { return tensors_; }
  void say(std::string name, std::string text) { texts_.push_back({std::move(name), std::move(text)}); }

  std::string_view format() const override { return "names"; }
  const std::string& origin() const override { return origin_; }
  std::span<const SourceTensor> tensors() const override { return tensors_; }
  std::span<const SourceText> texts() const override { return texts_; }
  Result<SourceBytes> read(size_t) const override { return Error{ErrorKind::model, "names only"}; }

 private:
  std::string origin_ = "a file";
  std::vector<SourceTensor> tensors_;
  std::vector<SourceText> texts_;
};

template <class Network>
NamesOnly source_of(const Result<Network>& network) {
  EXPECT_TRUE(network.ok()) << network.error().message;
  return NamesOnly(network->net.tensors);
}

void expect_config(const NamesOnly& source, std::string_view architecture, const std::string& config,
                   std::string_view asked_for = "") {
  RecogniseOptions options;
  options.architecture = asked_for;
  const Result<Recognised> found = recognise(source, options);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->architecture, architecture);
  EXPECT_EQ(found->config, config);
}

// What has a network of this family's names is refused, or taken for no model of it.
void expect_refused(const NamesOnly& source) { EXPECT_FALSE(recognise(source, {}).ok()); }

ResNetConfig resnet(std::vector<int> blocks, int stem, ResNetKind kind) {
  ResNetConfig config;
  config.kind = kind;
  config.sizes.stem = stem;
  for (size_t stage = 0; stage < blocks.size(); ++stage) {
    config.sizes.widths.push_back(stem << stage);
    config.sizes.outs.push_back(stem << (stage + 2));
  }
  config.sizes.blocks = std::move(blocks);
  config.classes = 1000;
  return config;
}

std::vector<TensorSpec> behind(std::vector<TensorSpec> table, const std::string& prefix) {
  for (TensorSpec& spec : table) spec.source_name = prefix + spec.source_name;
  return table;
}

TEST(RecogniseResNet, EveryDepthAndKind) {
  const std::vector<std::vector<int>> depths = {{3, 4, 6, 3}, {3, 4, 23, 3}, {3, 8, 36, 3}, {2, 2}};
  for (const auto& blocks : depths) {
    for (const ResNetKind kind : {ResNetKind::torchvision, ResNetKind::keras, ResNetKind::keras_v2}) {
      const ResNetConfig config = resnet(blocks, 64, kind);
      expect_config(source_of(resnet_network(config, resnet_preset(config), "")), kResNetArchitecture,
                    config.json());
    }
  }
}

TEST(RecogniseResNet, BasicBlocksGroupsAndSmallPictures) {
  ResNetConfig basic = resnet({2, 2, 2, 2}, 64, ResNetKind::torchvision);
  basic.sizes.bottleneck = false;
  basic.sizes.outs = basic.sizes.widths;
  ResNetConfig groups = resnet({3, 4, 6, 3}, 64, ResNetKind::torchvision);
  groups.sizes.widths = {128, 256, 512, 1024};
  groups.sizes.groups = 32;
  ResNetConfig small = resnet({3, 4, 6, 3}, 64, ResNetKind::torchvision);
  small.sizes.stem_kernel = 3;
  small.classes = 0;
  for (const ResNetConfig& config : {basic, groups, small}) {
    expect_config(source_of(resnet_network(config, resnet_preset(config), "")), kResNetArchitecture,
                  config.json());
  }
}

TEST(RecogniseResNet, BehindWrappersAndAsSimclr) {
  ResNetConfig config = resnet({3, 4, 6, 3}, 64, ResNetKind::torchvision);
  const auto network = resnet_network(config, resnet_preset(config), "");
  for (const char* prefix : {"module.", "model.", "backbone.", "resnet."}) {
    expect_config(NamesOnly(behind(network->net.tensors, prefix)), kResNetArchitecture, config.json());
  }
  NamesOnly simclr(behind(network->net.tensors, "encoder."));
  simclr.tensors().push_back({"projection.model.0.weight", DType::f32, {8, 2048}});
  config.classes = 0;
  expect_config(simclr, kResNetArchitecture, config.json());
  const Result<Recognised> found = recognise(simclr, {});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->preprocess, presets::simclr().json());
  EXPECT_TRUE(found->may_be_left_over("projection.model.0.weight"));
  EXPECT_TRUE(found->may_be_left_over("encoder.fc.weight"));
  EXPECT_FALSE(found->may_be_left_over("encoder.conv1.weight"));

  expect_config(NamesOnly(network->net.tensors), kResNetArchitecture, config.json(), "simclr");
}

TEST(RecogniseResNet, OpenAIsModifiedResNetIsAnother) {
  const ResNetConfig config = resnet({3, 4, 6, 3}, 64, ResNetKind::torchvision);
  NamesOnly source(resnet_network(config, resnet_preset(config), "")->net.tensors);
  source.tensors().push_back({"conv2.weight", DType::f32, {32, 32, 3, 3}});
  expect_refused(source);
}

TEST(RecogniseResNet, NonsenseIsRefused) {
  const ResNetConfig config = resnet({3, 4, 6, 3}, 64, ResNetKind::torchvision);
  const std::vector<TensorSpec> table = resnet_network(config, resnet_preset(config), "")->net.tensors;
  for (const std::vector<int64_t>& stem : {std::vector<int64_t>{64, 3, 4, 4},
                                           {0, 3, 7, 7},
                                           {64, 3, 7},
                                           {64, 4, 7, 7},
                                           {int64_t{1} << 40, 3, 7, 7},
                                           {64, 3, 99, 99}}) {
    NamesOnly source(table);
    source.tensors()[0].shape = stem;
    expect_refused(source);
  }
}

DeepDanbooruConfig deepdanbooru(std::vector<int> blocks, std::vector<int> filters) {
  DeepDanbooruConfig config;
  for (const int filter : filters) config.widths.push_back(filter / 4);
  config.blocks = std::move(blocks);
  config.filters = std::move(filters);
  config.classes = 9176;
  if (config.block_count() > DeepDanbooruConfig::kVectorBlock) {
    config.vector_block = DeepDanbooruConfig::kVectorBlock;
  }
  return config;
}

NamesOnly deepdanbooru_source(const DeepDanbooruConfig& config) {
  return source_of(deepdanbooru_network(config, presets::acg2vec(), ""));
}

TEST(RecogniseDeepDanbooru, EveryVersion) {
  const DeepDanbooruConfig all[] = {
      deepdanbooru({3, 8, 36, 3, 3}, {256, 512, 1024, 2048, 4096}),
      deepdanbooru({3, 8, 41, 17, 17, 7}, {256, 512, 1024, 1024, 1024, 2048}),
      deepdanbooru({3, 8, 20, 20, 3, 3}, {256, 512, 1024, 1024, 2048, 4096}),
      deepdanbooru({3, 8, 11, 11, 11, 3}, {256, 512, 1024, 1024, 1024, 2048}),
      deepdanbooru({1, 1}, {16, 16}),
  };
  for (const DeepDanbooruConfig& config : all) {
    expect_config(deepdanbooru_source(config), kDeepDanbooruArchitecture, config.json());
  }
  DeepDanbooruConfig dense = deepdanbooru({3, 8, 36, 3}, {256, 512, 1024, 2048});
  dense.head = DeepDanbooruConfig::Head::dense;
  expect_config(deepdanbooru_source(dense), kDeepDanbooruArchitecture, dense.json());
}

TEST(RecogniseDeepDanbooru, CutToItsVectors) {
  DeepDanbooruConfig vector = deepdanbooru({3, 8, 20, 13}, {256, 512, 1024, 1024});
  vector.head = DeepDanbooruConfig::Head::none;
  vector.classes = 0;
  expect_config(deepdanbooru_source(vector), kDeepDanbooruArchitecture, vector.json());
  DeepDanbooruConfig style = deepdanbooru({3}, {256});
  style.head = DeepDanbooruConfig::Head::none;
  style.classes = 0;
  expect_config(deepdanbooru_source(style), kDeepDanbooruArchitecture, style.json());
}

TEST(RecogniseDeepDanbooru, NumbersNeedNotBeginAtZero) {
  const DeepDanbooruConfig config = deepdanbooru({3, 8}, {256, 512});
  NamesOnly source = deepdanbooru_source(config);
  for (SourceTensor& tensor : source.tensors()) {
    const size_t slash = tensor.name.find('/');
    const std::string layer = tensor.name.substr(0, slash);
    for (const char* base : {"conv2d", "batch_normalization"}) {
      if (const auto number = layer_number(layer, base)) {
        tensor.name = numbered_layer(base, *number + 200) + tensor.name.substr(slash) + ":0";
      }
    }
  }
  expect_config(source, kDeepDanbooruArchitecture, config.json());
}

TEST(RecogniseDeepDanbooru, NamesOfKeras3) {
  const std::string layers =
      R"({"class_name":"Functional","config":{"layers":[)"
      R"({"class_name":"InputLayer","config":{"name":"in","batch_shape":[null,96,64,3]}},)"
      R"({"class_name":"Conv2D","config":{"name":"conv2d_7","strides":[2,2]}},)"
      R"({"class_name":"Sequential","config":{"name":"s","layers":[)"
      R"({"class_name":"Dense","config":{"name":"d"}}]}},)"
      R"({"class_name":"Conv2D","config":{"name":"conv2d_5"}}]}})";
  NamesOnly source({});
  source.say("config.json", layers);
  for (const char* path :
       {"layers/conv2d/vars/0", "layers/conv2d_1/vars/1", "layers/sequential/layers/dense/vars/0"}) {
    source.tensors().push_back({path, DType::f32, {1}});
  }
  const NamedTensors named = NamedTensors::keras(source);
  EXPECT_TRUE(named.has("conv2d_7/kernel"));
  EXPECT_TRUE(named.has("conv2d_5/bias"));
  EXPECT_TRUE(named.has("d/kernel"));
}

// "conv2d_3/kernel" -> "FOLDER/conv2d_3/vars/0", each layer counted `step` times.
void file_by_class(NamesOnly& source, const std::string& folder, int step) {
  for (SourceTensor& tensor : source.tensors()) {
    const size_t slash = tensor.name.find('/');
    const std::string layer = tensor.name.substr(0, slash), variable = tensor.name.substr(slash + 1);
    const bool first = variable == "kernel" || variable == "gamma";
    const char* const number = first                           ? "0"
                               : variable == "moving_mean"     ? "2"
                               : variable == "moving_variance" ? "3"
                                                               : "1";
    for (const char* base : {"conv2d", "batch_normalization", "dense"}) {
      const auto place = layer_number(layer, base);
      if (place) tensor.name = folder + "/" + numbered_layer(base, *place * step) + "/vars/" + number;
    }
  }
}

TEST(RecogniseDeepDanbooru, WeightsFiledByClass) {
  const DeepDanbooruConfig config = deepdanbooru({3, 8}, {256, 512});
  const std::pair<const char*, int> layouts[] = {{"layers", 1}, {"_layer_checkpoint_dependencies", 2}};
  for (const auto& [folder, step] : layouts) {
    NamesOnly source = deepdanbooru_source(config);
    file_by_class(source, folder, step);
    expect_config(source, kDeepDanbooruArchitecture, config.json());
  }
  // Keras' ResNet in the same layout, whose layers have names and biases.
  NamesOnly other = deepdanbooru_source(config);
  other.tensors().push_back({"conv2d/bias", DType::f32, {64}});
  file_by_class(other, "layers", 1);
  expect_refused(other);
}

TEST(KerasPaths, CountEachLayerTwiceInKeras2) {
  NamesOnly source({});
  source.say("config.json", R"({"config":{"layers":[{"class_name":"Conv2D","config":{"name":"a"}},)"
                            R"({"class_name":"Conv2D","config":{"name":"b"}}]}})");
  source.tensors().push_back({"_layer_checkpoint_dependencies/conv2d_2/vars/0", DType::f32, {1}});
  EXPECT_TRUE(NamedTensors::keras(source).has("b/kernel"));
}

// Of a ResNet, whose layers have names.
TEST(KerasPaths, WithoutNamesAreRefusedWithThatReason) {
  NamesOnly source(std::vector<TensorSpec>{});
  const std::vector<int64_t> shapes[] = {{7, 7, 3, 64}, {64}};
  for (size_t i = 0; i < 2; ++i)
    source.tensors().push_back({"layers/conv2d/vars/" + std::to_string(i), DType::f32, shapes[i]});
  const auto message = [&] {
    const Result<Recognised> found = recognise(source, {});
    return found.ok() ? std::string() : found.error().message;
  };
  constexpr std::string_view kReason = "the names of its layers, which tell most models, are not in the file";
  EXPECT_NE(message().find(kReason), std::string::npos) << message();
  source.say("layer_names", R"({"layers/conv2d":"conv1_conv"})");
  EXPECT_NE(message(), "");
  EXPECT_EQ(message().find(kReason), std::string::npos) << message();
}

TEST(KerasPaths, AreCalledAsTheWeightsSay) {
  NamesOnly source({});
  source.say("layer_names", R"({"layers/functional/layers/depthwise_conv2d_1":"block1a_dwconv"})");
  for (const char* path :
       {"layers/functional/layers/depthwise_conv2d_1/vars/0", "layers/dense/vars/0", "layers/dense/vars/9"}) {
    source.tensors().push_back({path, DType::f32, {1}});
  }
  const NamedTensors named = NamedTensors::keras(source);
  EXPECT_TRUE(named.has("block1a_dwconv/depthwise_kernel"));
  EXPECT_TRUE(named.has("dense/kernel"));
  EXPECT_TRUE(named.has("vars/9"));
}

TEST(RecognisePix2Score, BothDepths) {
  for (const std::vector<int>& blocks : {std::vector<int>{3, 4, 23, 3}, {2, 2}}) {
    const Pix2ScoreConfig config{resnet(blocks, 64, ResNetKind::keras_v2).sizes, 15, 15, 5};
    expect_config(source_of(pix2score_network(config, presets::acg2vec(224), "")), kPix2ScoreArchitecture,
                  config.json());
  }
}

TEST(RecogniseVgg, EveryKind) {
  VggConfig config;
  config.convs = {2, 2, 4, 4, 4};
  config.widths = {64, 128, 256, 512, 512};
  config.hidden = {4096, 4096};
  config.classes = 1000;
  for (const TensorStyle style : {TensorStyle::torch, TensorStyle::keras}) {
    config.style = style;
    expect_config(source_of(vgg_network(config, vgg_preset(config), "")), kVggArchitecture, config.json());
  }
  VggConfig without_top = config;
  without_top.hidden = {};
  without_top.classes = 0;
  expect_config(source_of(vgg_network(without_top, vgg_preset(config), "")), kVggArchitecture,
                without_top.json());
  config.style = TensorStyle::torch;
  config.batch_norm = true;
  expect_config(source_of(vgg_network(config, vgg_preset(config), "")), kVggArchitecture, config.json());
}

TEST(RecogniseVgg, NamesOfTheFirstKeras) {
  VggConfig config;
  config.style = TensorStyle::keras;
  config.convs = {2, 2, 3, 3, 3};
  config.widths = {64, 128, 256, 512, 512};
  config.hidden = {4096, 4096};
  config.classes = 1000;
  NamesOnly source = source_of(vgg_network(config, vgg_preset(config), ""));
  for (SourceTensor& tensor : source.tensors()) {
    const size_t slash = tensor.name.find('/');
    const bool kernel = tensor.name.substr(slash) == "/kernel";
    tensor.name = tensor.name.substr(0, slash) + (kernel ? "_W_1:0" : "_b_1:0");
  }
  expect_config(source, kVggArchitecture, config.json());
}

EfficientNetConfig b0(TensorStyle style) {
  EfficientNetConfig config;
  config.style = style;
  config.repeats = {1, 2, 2, 3, 3, 4, 1};
  config.kernels = {3, 3, 5, 3, 5, 5, 3};
  config.strides = {1, 2, 2, 2, 1, 2, 1};
  config.ratios = {1, 6, 6, 6, 6, 6, 6};
  config.outs = {16, 24, 40, 80, 112, 192, 320};
  config.even = {1, 0, 1, 1, 1, 0, 1, 0};
  config.classes = style == TensorStyle::keras ? 1000 : 0;
  return config;
}

TEST(RecogniseEfficientNet, B0OfBothReleases) {
  for (const TensorStyle style : {TensorStyle::keras, TensorStyle::torch}) {
    const EfficientNetConfig config = b0(style);
    expect_config(source_of(efficientnet_network(config, presets::keras_efficientnet(), "")),
                  kEfficientNetArchitecture, config.json());
  }
}

// Kernels have one name whatever their layer, and random dropouts a state.
TEST(RecogniseEfficientNet, NamesOfKeras3) {
  const EfficientNetConfig config = b0(TensorStyle::keras);
  NamesOnly source = source_of(efficientnet_network(config, presets::keras_efficientnet(), ""));
  for (SourceTensor& tensor : source.tensors()) {
    const size_t depthwise = tensor.name.find("depthwise_");
    if (depthwise != std::string::npos) tensor.name.erase(depthwise, std::string("depthwise_").size());
  }
  expect_config(source, kEfficientNetArchitecture, config.json());
  const Result<Recognised> found = recognise(source, {});
  ASSERT_TRUE(found.ok());
  const bool renamed = std::ranges::any_of(
      found->tensors, [](const TensorSpec& spec) { return spec.source_name == "block1a_dwconv/kernel"; });
  EXPECT_TRUE(renamed);
  EXPECT_TRUE(found->may_be_left_over("seed_generator_1/seed_generator_state"));
  EXPECT_FALSE(found->may_be_left_over("block1a_bn/gamma"));
}

TEST(RecogniseEfficientNet, PaddingThatTheConfigurationSays) {
  EfficientNetConfig config = b0(TensorStyle::torch);
  NamesOnly source = source_of(efficientnet_network(config, presets::keras_efficientnet(), ""));
  source.say("config.json",
             R"({"strides":[1,2,2,2,1,2,1],"num_block_repeats":[1,2,2,3,3,4,1],"depth_coefficient":1.0,)"
             R"("depthwise_padding":[3],"image_size":224})");
  config.even = {1, 0, 1, 0, 1, 0, 1, 0};
  expect_config(source, kEfficientNetArchitecture, config.json());
}

TEST(RecogniseEfficientNet, PreprocessingThatTheProcessorSays) {
  NamesOnly source =
      source_of(efficientnet_network(b0(TensorStyle::torch), presets::keras_efficientnet(), ""));
  const std::string processor =
      R"({"image_processor_type":"EfficientNetImageProcessor","size":{"height":346,"width":346},)"
      R"("crop_size":{"height":289,"width":289},"do_center_crop":false,"do_normalize":true,"do_rescale":true,)"
      R"("do_resize":true,"image_mean":[0.485,0.456,0.406],"image_std":[0.47853944,0.4732864,0.47434163],)"
      R"("include_top":true,"resample":0,"rescale_factor":0.00392156862745098,"rescale_offset":false})";
  source.say("preprocessor_config.json", processor);
  const Result<Recognised> found = recognise(source, {});
  ASSERT_TRUE(found.ok()) << found.error().message;
  const auto want = preprocess_from_hf(processor, "efficientnet", "a file");
  ASSERT_TRUE(want.ok()) << want.error().message;
  EXPECT_EQ(found->preprocess, want->json());
  EXPECT_EQ(want->size, (PictureSize{346, 346}));
}

TEST(Recognise, AnArchitectureThatIsAskedForAlone) {
  const ResNetConfig config = resnet({3, 4, 6, 3}, 64, ResNetKind::torchvision);
  const NamesOnly source = source_of(resnet_network(config, resnet_preset(config), ""));
  RecogniseOptions options;
  options.architecture = "vgg";
  EXPECT_FALSE(recognise(source, options).ok());
}

}  // namespace
}  // namespace ink
