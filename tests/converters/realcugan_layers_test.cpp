#include "converters/realcugan_layers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "converters/convert.h"
#include "converters/sources/ncnn.h"
#include "converters/sources/safetensors.h"
#include "tests/converters/sample_ncnn.h"

namespace ink {
namespace {

std::vector<RealCuganConfig> configs() {
  std::vector<RealCuganConfig> all;
  for (const int scale : {2, 3, 4}) {
    for (const bool squeeze_excite : {true, false}) all.push_back({scale, squeeze_excite, false});
  }
  return all;
}

std::unique_ptr<TensorSource> ncnn_source(const test::NcnnSample& sample, const std::string& name = "b") {
  const auto graph = parse_ncnn_param(sample.param, "p");
  EXPECT_TRUE(graph.ok()) << graph.error().message;
  auto source = open_ncnn(*graph, sample.bin, nullptr, name);
  EXPECT_TRUE(source.ok()) << source.error().message;
  return std::move(*source);
}

// A checkpoint under the names of the original code: f32, element i of the t-th tensor is t + i / 64.
WeightStore torch_checkpoint(const RealCuganConfig& config) {
  WeightStore store;
  store.set_origin("t");
  size_t t = 0;
  for (const TensorSpec& spec : realcugan_tensors(config)) {
    std::vector<float> values(static_cast<size_t>(*element_count(spec.shape)));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(t) + static_cast<float>(i) / 64;
    EXPECT_TRUE(store.add(spec.source_name, DType::f32, spec.shape, std::as_bytes(std::span(values))));
    ++t;
  }
  return store;
}

std::unique_ptr<TensorSource> source_of(WeightStore store) {
  return open_safetensors_source(std::make_shared<const WeightStore>(std::move(store)));
}

// The graph of the released up2x-no-denoise of "nose", by hand.
TEST(RealCuganSignature, IsThatOfTheReleasedGraph) {
  const std::vector<std::string> expected = {
      "Input",
      "Convolution 32 k3x3 s1 p0 leaky_relu 0.1 <- 0",
      "Convolution 64 k3x3 s1 p0 leaky_relu 0.1 <- 1",
      "Convolution 64 k2x2 s2 p0 leaky_relu 0.1 <- 2",
      "Convolution 128 k3x3 s1 p0 leaky_relu 0.1 <- 3",
      "Convolution 64 k3x3 s1 p0 leaky_relu 0.1 <- 4",
      "Deconvolution 64 k2x2 s2 p0 leaky_relu 0.1 <- 5",
      "BinaryOp add <- 2[crop 4 4 4 4] 6",
      "Convolution 64 k3x3 s1 p0 leaky_relu 0.1 <- 7",
      "Deconvolution 3 k4x4 s2 p3 <- 8",
      "Convolution 32 k3x3 s1 p0 leaky_relu 0.1 <- 9",
      "Convolution 64 k3x3 s1 p0 leaky_relu 0.1 <- 10",
      "Convolution 64 k2x2 s2 p0 leaky_relu 0.1 <- 11",
      "Convolution 64 k3x3 s1 p0 leaky_relu 0.1 <- 12",
      "Convolution 128 k3x3 s1 p0 leaky_relu 0.1 <- 13",
      "Convolution 128 k2x2 s2 p0 leaky_relu 0.1 <- 14",
      "Convolution 256 k3x3 s1 p0 leaky_relu 0.1 <- 15",
      "Convolution 128 k3x3 s1 p0 leaky_relu 0.1 <- 16",
      "Deconvolution 128 k2x2 s2 p0 leaky_relu 0.1 <- 17",
      "BinaryOp add <- 14[crop 4 4 4 4] 18",
      "Convolution 64 k3x3 s1 p0 leaky_relu 0.1 <- 19",
      "Convolution 64 k3x3 s1 p0 leaky_relu 0.1 <- 20",
      "Deconvolution 64 k2x2 s2 p0 leaky_relu 0.1 <- 21",
      "BinaryOp add <- 11[crop 16 16 16 16] 22",
      "Convolution 64 k3x3 s1 p0 leaky_relu 0.1 <- 23",
      "Convolution 3 k3x3 s1 p0 <- 24",
      "BinaryOp add <- 9[crop 20 20 20 20] 25",
  };
  EXPECT_EQ(realcugan_ncnn_signature({2, false, false}), expected);
}

TEST(RecogniseRealCugan, TellsEveryNetworkByItsGraph) {
  for (const RealCuganConfig& config : configs()) {
    const test::NcnnSample sample = test::ncnn_of_signature(realcugan_ncnn_signature(config));
    const auto found = recognise_realcugan(*ncnn_source(sample));
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(*found, config);
  }
}

TEST(RecogniseRealCugan, SaysWhereAnotherGraphDiffers) {
  const auto refusal = [](std::vector<std::string> signature) {
    const auto found = recognise_realcugan(*ncnn_source(test::ncnn_of_signature(signature)));
    return found.ok() ? std::string("accepted") : found.error().message;
  };
  std::vector<std::string> signature = realcugan_ncnn_signature({2, true, false});
  signature[4] = "Convolution 96 k3x3 s1 p0 leaky_relu 0.1 <- 3";
  EXPECT_EQ(refusal(signature),
            "b: the graph is none of Real-CUGAN's: after 4 layers as in Real-CUGAN 2x it has 'Convolution 96 "
            "k3x3 s1 p0 "
            "leaky_relu 0.1 <- 3', expected 'Convolution 128 k3x3 s1 p0 leaky_relu 0.1 <- 3'");
  signature = realcugan_ncnn_signature({3, false, false});
  signature.pop_back();
  EXPECT_EQ(refusal(signature),
            "b: the graph is none of Real-CUGAN's: after 26 layers as in Real-CUGAN 3x without "
            "squeeze-excite it has its "
            "end, expected 'BinaryOp add <- 9[crop 20 20 20 20] 25'");
  signature = realcugan_ncnn_signature({4, true, false});
  signature.push_back("Sigmoid <- " + std::to_string(signature.size() - 1));
  EXPECT_TRUE(
      refusal(signature).ends_with(" layers as in Real-CUGAN 4x it has 'Sigmoid <- 44', expected its end"))
      << refusal(signature);
}

TEST(Convert, NcnnTensorsComeUnderTheModelsNames) {
  for (const RealCuganConfig& config : configs()) {
    const test::NcnnSample sample = test::ncnn_of_signature(realcugan_ncnn_signature(config));
    const auto source = ncnn_source(sample);
    const auto store = convert(*source);
    ASSERT_TRUE(store.ok()) << store.error().message;
    const auto table = realcugan_tensors(config);
    ASSERT_EQ(store->tensors().size(), table.size());
    for (size_t t = 0; t < table.size(); ++t) {
      const auto& shape = table[t].shape;
      const auto values = store->floats(table[t].name, shape);
      ASSERT_TRUE(values.ok()) << values.error().message;
      const bool transposed =
          table[t].name.ends_with("_up.weight") || table[t].name == "unet1.conv_bottom.weight";
      for (size_t i = 0; i < values->size(); ++i) {
        size_t in_file = i;
        if (transposed) {
          const auto ic = static_cast<size_t>(shape[0]), oc = static_cast<size_t>(shape[1]);
          const auto kernel = static_cast<size_t>(shape[2] * shape[3]);
          in_file = (i / kernel % oc * ic + i / kernel / oc) * kernel + i % kernel;
        }
        ASSERT_EQ((*values)[i], test::ncnn_value(t, in_file)) << table[t].name << " " << i;
      }
    }
    EXPECT_EQ(store->metadata("format"), "pt");
    EXPECT_EQ(store->metadata(kArchitectureKey), "realcugan");
    EXPECT_EQ(*RealCuganConfig::from_json(store->metadata(kConfigKey)), config);
    EXPECT_FALSE(store->metadata().contains(kLicenseKey));
  }
}

TEST(Convert, TorchTensorsComeByName) {
  for (const RealCuganConfig& config : configs()) {
    const WeightStore checkpoint = torch_checkpoint(config);
    // Names decide, not the order.
    WeightStore reversed;
    for (auto tensor = checkpoint.tensors().rbegin(); tensor != checkpoint.tensors().rend(); ++tensor) {
      ASSERT_TRUE(reversed.add(tensor->name, tensor->dtype, tensor->shape, tensor->bytes));
    }
    ConvertOptions options;
    options.source = "s";
    options.source_sha256 = "h";
    options.license = "l";
    const auto store = convert(*source_of(std::move(reversed)), options);
    ASSERT_TRUE(store.ok()) << store.error().message;
    for (const TensorSpec& spec : realcugan_tensors(config)) {
      EXPECT_TRUE(
          std::ranges::equal(store->find(spec.name)->bytes, checkpoint.find(spec.source_name)->bytes));
    }
    EXPECT_EQ(*RealCuganConfig::from_json(store->metadata(kConfigKey)), config);
    EXPECT_EQ(store->metadata(kSourceKey), "s");
    EXPECT_EQ(store->metadata(kSourceSha256Key), "h");
    EXPECT_EQ(store->metadata(kLicenseKey), "l");
  }
}

TEST(Convert, ProIsAMarkerOrAChoice) {
  const auto is_pro = [](WeightStore checkpoint, std::optional<bool> choice) {
    ConvertOptions options;
    options.recognise.pro = choice;
    const auto store = convert(*source_of(std::move(checkpoint)), options);
    EXPECT_TRUE(store.ok()) << store.error().message;
    EXPECT_EQ(store->find(kRealCuganProMarker), nullptr);
    return RealCuganConfig::from_json(store->metadata(kConfigKey))->pro;
  };
  const auto marked = [] {
    WeightStore store = torch_checkpoint({2, true, false});
    EXPECT_TRUE(store.add("pro", DType::boolean, {}, test::bytes_of_values<uint8_t>({1})));
    return store;
  };
  EXPECT_FALSE(is_pro(torch_checkpoint({2, true, false}), {}));
  EXPECT_TRUE(is_pro(torch_checkpoint({2, true, false}), true));
  EXPECT_TRUE(is_pro(marked(), {}));
  EXPECT_FALSE(is_pro(marked(), false));
}

std::string refusal(WeightStore checkpoint) {
  checkpoint.set_origin("t");
  const auto store = convert(*source_of(std::move(checkpoint)));
  if (store.ok()) return "accepted";
  EXPECT_EQ(store.error().kind, ErrorKind::model);
  return store.error().message;
}

TEST(Convert, SaysWhichTensorsDoNotFit) {
  const WeightStore good = torch_checkpoint({3, true, false});
  const auto changed = [&](std::string_view name, auto change) {
    WeightStore store;
    for (const StoredTensor& tensor : good.tensors()) {
      StoredTensor copy = tensor;
      if (copy.name == name && !change(copy)) continue;
      EXPECT_TRUE(store.add(copy.name, copy.dtype, copy.shape, copy.bytes));
    }
    return store;
  };
  const auto start = [](size_t tensors) {
    return "t: its " + std::to_string(tensors) +
           " tensors ('unet1.conv1.conv.0.weight', 'unet1.conv1.conv.0.bias', 'unet1.conv1.conv.2.weight', "
           "..., format safetensors) make no model that is known here; the nearest, Real-CUGAN 3x, differs: ";
  };
  const size_t all = good.tensors().size();
  EXPECT_EQ(refusal(changed("unet2.conv5.bias", [](StoredTensor&) { return false; })),
            start(all - 1) + "'unet2.conv5.bias' of shape [64] is missing");
  EXPECT_EQ(refusal(changed("unet2.conv5.bias",
                            [](StoredTensor& tensor) {
                              tensor.name = "unet2.conv6.bias";
                              return true;
                            })),
            start(all) +
                "'unet2.conv5.bias' of shape [64] is missing; 'unet2.conv6.bias' has no place in the model");
  EXPECT_EQ(refusal(changed("unet2.conv5.bias",
                            [](StoredTensor& tensor) {
                              tensor.shape = {8, 8};
                              return true;
                            })),
            start(all) + "'unet2.conv5.bias': expected shape [64], found [8, 8]");
  EXPECT_EQ(refusal(changed("unet2.conv5.bias",
                            [](StoredTensor& tensor) {
                              tensor.dtype = DType::i32;
                              return true;
                            })),
            start(all) + "'unet2.conv5.bias': expected type F32, F16 or BF16, found I32");
  EXPECT_EQ(refusal(WeightStore()),
            "t: its 0 tensors (format safetensors) make no model that is known here; the nearest, "
            "Real-CUGAN 2x without squeeze-excite, has none of these names");
}

TEST(Convert, RefusesNonFiniteWeights) {
  const WeightStore good = torch_checkpoint({2, false, false});
  WeightStore store;
  for (const StoredTensor& tensor : good.tensors()) {
    std::vector<std::byte> bytes(tensor.bytes.begin(), tensor.bytes.end());
    if (tensor.name == "unet1.conv3.bias") bytes[4 * 5 + 3] = bytes[4 * 5 + 2] = std::byte{0xff};
    ASSERT_TRUE(store.add(tensor.name, tensor.dtype, tensor.shape, bytes));
  }
  EXPECT_EQ(refusal(std::move(store)),
            "t: element 5 of tensor 'unet1.conv3.bias' of shape [64] is not a finite number");
}

// A graph that is recognised while the weights have other channels than the model: only the input's are open.
TEST(Convert, RefusesAnotherNumberOfInputChannels) {
  test::NcnnSample sample = test::ncnn_of_signature(realcugan_ncnn_signature({2, false, false}));
  sample.param = test::replaced(sample.param, "6=864 ", "6=1152 ");
  sample.bin.insert(sample.bin.begin() + 4, 576, std::byte{0});
  const auto store = convert(*ncnn_source(sample));
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(
      store.error().message,
      "b: the tensors do not fit the nearest model, realcugan "
      "{\"pro\":false,\"scale\":2,\"squeeze_excite\":false}: "
      "'unet1.conv1.conv.0.weight (layer1.weight)': expected shape [32, 3, 3, 3], found [32, 4, 3, 3]");
}

}  // namespace
}  // namespace ink
