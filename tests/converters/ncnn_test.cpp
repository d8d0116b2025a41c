#include "converters/sources/ncnn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "kernels/base/half.h"
#include "tests/converters/sample_ncnn.h"

namespace ink {
namespace {

using test::Bytes;
using test::little_endian;
using test::operator+;

float element(const SourceTensor& tensor, const SourceBytes& data, size_t i) {
  float single = 0;
  uint16_t half = 0;
  if (tensor.dtype == DType::f32) {
    std::memcpy(&single, data.bytes.data() + 4 * i, 4);
    return single;
  }
  std::memcpy(&half, data.bytes.data() + 2 * i, 2);
  return f16_to_f32(half);
}

TEST(NcnnParam, ReadsEveryLayerType) {
  const auto graph = parse_ncnn_param(test::small_ncnn().param, "p");
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  const std::vector<std::string> expected = {
      "Input",
      "Convolution 4 k1x3 s1x2 p1 leaky_relu 0.25 <- 0",
      "Pooling global average <- 1",
      "InnerProduct 2 relu <- 2",
      "InnerProduct 4 nobias sigmoid <- 3",
      "BinaryOp mul <- 1 4",
      "BinaryOp add <- 1[crop 2 3 4 5] 5",
      "Deconvolution 8 k2x2 s2 p3 <- 6",
      "ReLU <- 7",
      "Sigmoid <- 8",
      "PixelShuffle 2 <- 9",
  };
  EXPECT_EQ(graph->signature, expected);
}

TEST(NcnnParam, IgnoresTheEndsOfLines) {
  const std::string param = test::small_ncnn().param;
  const auto expected = parse_ncnn_param(param, "p")->signature;
  std::string windows;
  for (const char c : param) windows += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(parse_ncnn_param(windows, "p")->signature, expected);
  EXPECT_EQ(parse_ncnn_param(param + "\n \n", "p")->signature, expected);
  EXPECT_EQ(parse_ncnn_param(param.substr(0, param.size() - 1), "p")->signature, expected);
}

TEST(Ncnn, GivesTensorsInTorchsShapes) {
  const test::NcnnSample sample = test::small_ncnn();
  const auto graph = parse_ncnn_param(sample.param, "p");
  const auto source = open_ncnn(*graph, sample.bin, nullptr, "b");
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ((*source)->format(), "ncnn");
  EXPECT_EQ((*source)->signature().size(), 11u);
  struct Expected {
    std::string name;
    DType dtype;
    std::vector<int64_t> shape;
  };
  const Expected expected[] = {
      {"c1.weight", DType::f16, {4, 3, 1, 3}},
      {"c1.bias", DType::f32, {4}},
      {"fc1.weight", DType::f32, {2, 4, 1, 1}},
      {"fc1.bias", DType::f32, {2}},
      {"fc2.weight", DType::f16, {4, 2, 1, 1}},
      {"up.weight", DType::f16, {4, 8, 2, 2}},
      {"up.bias", DType::f32, {8}},
  };
  const auto tensors = (*source)->tensors();
  ASSERT_EQ(tensors.size(), std::size(expected));
  const int layer_of[] = {0, 0, 1, 1, 2, 3, 3};
  for (size_t t = 0; t < tensors.size(); ++t) {
    EXPECT_EQ(tensors[t].name, expected[t].name);
    EXPECT_EQ(tensors[t].dtype, expected[t].dtype);
    EXPECT_EQ(tensors[t].shape, expected[t].shape);
    const auto data = (*source)->read(t);
    ASSERT_TRUE(data.ok());
    const auto count = data->bytes.size() / dtype_size(tensors[t].dtype);
    for (size_t i = 0; i < count; ++i) {
      const auto layer = static_cast<float>(layer_of[t]);
      size_t in_file = i;
      if (tensors[t].name == "up.weight") {
        // [ic, oc, k] here, [oc, ic, k] in the file.
        const size_t ic = i / 32, oc = i / 4 % 8;
        in_file = (oc * 4 + ic) * 4 + i % 4;
      }
      const bool bias = tensors[t].shape.size() == 1;
      const float want = bias ? -layer - static_cast<float>(i) : layer + static_cast<float>(in_file) / 64;
      ASSERT_EQ(element(tensors[t], *data, i), want) << tensors[t].name << " " << i;
    }
  }
}

TEST(Ncnn, HalfPrecisionIsPaddedToFourBytes) {
  const auto graph =
      parse_ncnn_param("7767517\n2 2\nInput in 0 1 a\nConvolution c 1 1 a b 0=1 1=1 5=1 6=3\n", "p");
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  const Bytes bin = little_endian(0x01306b47, 4) + little_endian(0x400042003c00, 6) + little_endian(0, 2) +
                    little_endian(0x3f800000, 4);
  const auto source = open_ncnn(*graph, bin, nullptr, "b");
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ(element((*source)->tensors()[0], *(*source)->read(0), 2), 2.0f);
  EXPECT_EQ(element((*source)->tensors()[1], *(*source)->read(1), 0), 1.0f);
}

// What can be lost unseen is the end of the last line.
TEST(NcnnParam, EveryTruncationIsRefused) {
  const std::string param = test::small_ncnn().param;
  for (size_t size = 0; size + 1 < param.size(); ++size) {
    const auto graph = parse_ncnn_param(std::string_view(param).substr(0, size), "p");
    ASSERT_FALSE(graph.ok()) << size;
    EXPECT_EQ(graph.error().kind, ErrorKind::model);
    EXPECT_TRUE(graph.error().message.starts_with("p line ")) << graph.error().message;
  }
}

TEST(NcnnParam, EveryFlippedBitIsRefusedOrHarmless) {
  const std::string param = test::small_ncnn().param;
  const Bytes bin = test::small_ncnn().bin;
  for (size_t bit = 0; bit < param.size() * 8; ++bit) {
    std::string flipped = param;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto graph = parse_ncnn_param(flipped, "p");
    if (!graph.ok()) {
      EXPECT_EQ(graph.error().kind, ErrorKind::model);
      continue;
    }
    const auto source = open_ncnn(*graph, bin, nullptr, "b");
    if (!source.ok()) continue;
    // Whatever a bit can change without being seen, all bytes of the weights are still taken once.
    size_t floats = 0;
    for (size_t t = 0; t < (*source)->tensors().size(); ++t) {
      const auto data = (*source)->read(t);
      ASSERT_TRUE(data.ok());
      floats += data->bytes.size();
    }
    EXPECT_EQ(floats, bin.size() - 16) << bit;
  }
}

TEST(NcnnBin, EveryTruncationIsRefused) {
  const test::NcnnSample sample = test::small_ncnn();
  const auto graph = parse_ncnn_param(sample.param, "p");
  for (size_t size = 0; size < sample.bin.size(); ++size) {
    const auto source = open_ncnn(*graph, std::span(sample.bin).first(size), nullptr, "b");
    ASSERT_FALSE(source.ok()) << size;
    EXPECT_TRUE(source.error().message.starts_with("b: the data of layer '")) << source.error().message;
  }
}

TEST(NcnnBin, EveryFlippedFlagBitIsRefused) {
  const test::NcnnSample sample = test::small_ncnn();
  const auto graph = parse_ncnn_param(sample.param, "p");
  const size_t flags[] = {0, 4 + 72 + 16, 4 + 72 + 16 + 4 + 32 + 8, 4 + 72 + 16 + 4 + 32 + 8 + 4 + 16};
  for (size_t bit = 0; bit < sample.bin.size() * 8; ++bit) {
    Bytes flipped = sample.bin;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    const bool is_flag =
        std::ranges::any_of(flags, [&](size_t at) { return bit / 8 >= at && bit / 8 < at + 4; });
    ASSERT_EQ(open_ncnn(*graph, flipped, nullptr, "b").ok(), !is_flag) << bit;
  }
}

}  // namespace
}  // namespace ink
