#include <gtest/gtest.h>

#include "converters/sources/ncnn.h"
#include "tests/converters/sample_ncnn.h"

namespace ink {
namespace {

using test::Bytes;
using test::little_endian;
using test::replaced;
using test::operator+;

// What has to be replaced in the small sample by what, and the message.
struct Hazard {
  std::string name, from, to, message;
};

void PrintTo(const Hazard& hazard, std::ostream* out) { *out << hazard.name; }

const Hazard kHazards[] = {
    {"WrongMagic", "7767517", "7767518",
     "p line 1: expected the magic number 7767517 of an ncnn .param file, found '7767518'"},
    {"TextBehindTheMagic", "7767517", "7767517 x",
     "p line 1: expected the magic number 7767517 of an ncnn .param file, found '7767517 x'"},
    {"LayerCountOf2To31", "14 16", "2147483648 16",
     "p line 2: declares 2147483648 layers, found 14 lines: incomplete download?"},
    {"LayerCountTooSmall", "14 16", "13 16",
     "p line 2: declares 13 layers, found 14 lines: incomplete download?"},
    {"BlobCountOf2To31", "14 16", "14 2147483648", "p line 2: declares 2147483648 blobs, the layers make 16"},
    {"BlobCountTooSmall", "14 16", "14 1", "p line 2: declares 1 blobs, the layers make 16"},
    {"NegativeCount", "14 16", "14 -16", "p line 2: expected the counts of layers and blobs, found '14 -16'"},
    {"CountOfMoreThan64Bits", "14 16", "14 99999999999999999999",
     "p line 2: expected the counts of layers and blobs, found '14 99999999999999999999'"},
    {"NoCounts", "14 16\n", "",
     "p line 2: expected the counts of layers and blobs, found "
     "'Input            in    0 1 data 0=8 1=8 2=3'"},
    {"TopCountMinusOne", "c1    1 1", "c1    1 -1",
     "p line 4: 'Convolution' 'c1': the output count is '-1', expected 0 to 16"},
    {"TopCountZero", "c1    1 1", "c1    1 0", "p line 4: 'Convolution' 'c1': expected KEY=VALUE, found 'a'"},
    {"NoOutput", "sig   1 1 h i", "sig   1 0 h",
     "p line 15: 'Sigmoid' 'sig': has 1 inputs and 0 outputs, expected 1 and 1"},
    {"BottomCountHuge", "c1    1 1", "c1    2147483647 1",
     "p line 4: 'Convolution' 'c1': the input count is '2147483647', expected 0 to 16"},
    {"MoreBlobsThanWords", "sig   1 1 h i", "sig   1 9 h i",
     "p line 15: 'Sigmoid' 'sig': declares 9 output blobs, the line has only 1 words left"},
    {"TooFewWords", "Sigmoid          sig   1 1 h i", "Sigmoid sig 1",
     "p line 15: expected a type, a name and two counts, found 'Sigmoid sig 1'"},
    {"BlobThatNobodyMakes", "1 1 h i", "1 1 nobody i",
     "p line 15: 'Sigmoid' 'sig': reads the blob 'nobody', which no layer above makes"},
    {"BlobMadeLater", "1 1 h i", "1 1 out i",
     "p line 15: 'Sigmoid' 'sig': reads the blob 'out', which no layer above makes"},
    {"BlobOfItself", "1 1 h i", "1 1 i i",
     "p line 15: 'Sigmoid' 'sig': reads the blob 'i', which no layer above makes"},
    {"BlobMadeTwice", "1 1 h i", "1 1 h g",
     "p line 15: 'Sigmoid' 'sig': makes the blob 'g', which exists already"},
    {"SplitMakesABlobTwice", "a0 a1 a2", "a0 a1 a1",
     "p line 5: 'Split' 's1': makes the blob 'a1', which exists already"},
    {"SplitOfNothing", "s1    1 3 a a0 a1 a2", "s1    0 3 a0 a1 a2",
     "p line 5: 'Split' 's1': has 0 inputs and 3 outputs, expected 1 and at least 1"},
    {"LayerNamedTwice", "relu  1 1", "up    1 1", "p line 14: 'ReLU' 'up': another layer has the same name"},
    {"UnknownLayerType", "Sigmoid ", "Softmax ",
     "p line 15: 'Softmax' 'sig': this layer type is not supported; supported: BinaryOp, Convolution, Crop, "
     "Deconvolution, InnerProduct, Input, PixelShuffle, Pooling, ReLU, Sigmoid, Split"},
    {"ControlBytesInAName", "sig   1 1 h i", "\x1b[2J\x07 1 1 g1 i",
     "p line 15: 'Sigmoid' '\\x1b[2J\\x07': reads the blob 'g1', which no layer above makes"},
    {"UnknownKey", "6=36", "6=36 8=1", "p line 4: 'Convolution' 'c1': key 8 ('1') is not supported"},
    {"KeyTwice", "6=36", "6=36 6=36", "p line 4: 'Convolution' 'c1': key 6 is there twice"},
    {"KeyTwiceAsArray", "6=36", "6=36 -23306=1,36", "p line 4: 'Convolution' 'c1': key 6 is there twice"},
    {"KeyOutOfRange", "6=36", "6=36 32=1",
     "p line 4: 'Convolution' 'c1': the key of '32=1' is not in 0 to 31"},
    {"NegativeKey", "6=36", "6=36 -1=1", "p line 4: 'Convolution' 'c1': the key of '-1=1' is not in 0 to 31"},
    {"LowestKey", "6=36", "6=36 -9223372036854775808=1",
     "p line 4: 'Convolution' 'c1': the key of '-9223372036854775808=1' is not in 0 to 31"},
    {"KeyIsNoNumber", "6=36", "6=36 x=1", "p line 4: 'Convolution' 'c1': expected KEY=VALUE, found 'x=1'"},
    {"NoValue", "6=36", "6=", "p line 4: 'Convolution' 'c1': key 6 is '', supported: 1 to 2147483648"},
    {"ValueIsFractional", "6=36", "6=36.0",
     "p line 4: 'Convolution' 'c1': key 6 is '36.0', supported: 1 to 2147483648"},
    {"SizeIsMissing", "6=36 ", "", "p line 4: 'Convolution' 'c1': key 6 is missing"},
    {"SizeIsNegative", "6=36", "6=-36",
     "p line 4: 'Convolution' 'c1': key 6 is '-36', supported: 1 to 2147483648"},
    {"SizeIsHuge", "6=36", "6=2147483649",
     "p line 4: 'Convolution' 'c1': key 6 is '2147483649', supported: 1 to 2147483648"},
    {"SizeIsNoMultiple", "6=36", "6=35",
     "p line 4: 'Convolution' 'c1': has 35 weights, expected a multiple of 12 = 4 x 1 x 3"},
    {"SizeDoesNotFitTheChannels", "6=36", "6=48",
     "p line 4: 'Convolution' 'c1': has 48 weights, expected 36 for the 3 channels that it reads"},
    {"InnerSizeDoesNotFitTheChannels", "2=8 9=1", "2=10 9=1",
     "p line 7: 'InnerProduct' 'fc1': has 10 weights, expected 8 for the 4 channels that it reads"},
    {"NoChannels", "0=4 1=3", "0=0 1=3", "p line 4: 'Convolution' 'c1': key 0 is '0', supported: 1 to 65536"},
    {"NoKernel", "1=3 11=1", "1=0 11=1", "p line 4: 'Convolution' 'c1': key 1 is '0', supported: 1 to 64"},
    {"HugeKernel", "1=3 11=1", "1=65536 11=65536",
     "p line 4: 'Convolution' 'c1': key 1 is '65536', supported: 1 to 64"},
    {"NoStride", "3=2 13=1", "3=0 13=1", "p line 4: 'Convolution' 'c1': key 3 is '0', supported: 1 to 16"},
    {"Dilation", "6=36", "6=36 2=2", "p line 4: 'Convolution' 'c1': key 2 is '2', supported: 1"},
    {"PaddingLikeKeras", "4=1 5=1", "4=-233 5=1",
     "p line 4: 'Convolution' 'c1': key 4 is '-233', supported: 0 to 64"},
    {"BiasIsTwo", "4=1 5=1", "4=1 5=2", "p line 4: 'Convolution' 'c1': key 5 is '2', supported: 0 to 1"},
    {"Clip", "9=1", "9=3", "p line 7: 'InnerProduct' 'fc1': key 9 is '3' (clip), supported: 0, 1, 2 and 4"},
    {"Mish", "9=1", "9=5", "p line 7: 'InnerProduct' 'fc1': key 9 is '5', supported: 0 to 4"},
    {"SlopeIsMissing", " -23310=1,2.500000e-01", "",
     "p line 4: 'Convolution' 'c1': the array of key 10 is missing"},
    {"SlopeIsPlain", "-23310=1,2.500000e-01", "10=0.25",
     "p line 4: 'Convolution' 'c1': the array of key 10 is missing"},
    {"SlopeIsNan", "2.500000e-01", "nan",
     "p line 4: 'Convolution' 'c1': key 10 should be the slope of the leaky ReLU, one finite number"},
    {"SlopeIsTooLarge", "2.500000e-01", "1e39",
     "p line 4: 'Convolution' 'c1': key 10 should be the slope of the leaky ReLU, one finite number"},
    {"TwoSlopes", "1,2.500000e-01", "2,0.25,0.5",
     "p line 4: 'Convolution' 'c1': key 10 should be the slope of the leaky ReLU, one finite number"},
    {"SlopeWithoutLeakyRelu", "9=1", "9=1 -23310=1,0.5",
     "p line 7: 'InnerProduct' 'fc1': key 10 is there though activation 1 has no parameter"},
    {"ArrayLongerThanItSays", "2,1,2", "1,1,2",
     "p line 10: 'Crop' 'crop1': the array of key 9, '1,1,2', does not have the length it declares"},
    {"ArrayShorterThanItSays", "2,1,2", "3,1,2",
     "p line 10: 'Crop' 'crop1': the array of key 9, '3,1,2', does not have the length it declares"},
    {"ArrayLengthOf2To31", "2,1,2", "2147483648,1,2",
     "p line 10: 'Crop' 'crop1': the array of key 9, '2147483648,1,2', does not have the length it declares"},
    {"ArrayLengthIsNegative", "2,1,2", "-1,1,2",
     "p line 10: 'Crop' 'crop1': the array of key 9, '-1,1,2', does not have the length it declares"},
    {"ArrayOfEmptyNumbers", "2,1,2", "2,,",
     "p line 10: 'Crop' 'crop1': key 9 should be 2 whole numbers up to 4096"},
    {"CropOfThreeAxes", "-23309=2,1,2", "-23309=3,1,2,3",
     "p line 10: 'Crop' 'crop1': key 9 should be 2 whole numbers up to 4096"},
    {"CropIsHuge", "-23309=2,1,2", "-23309=2,1,4097",
     "p line 10: 'Crop' 'crop1': key 9 should be 2 whole numbers up to 4096"},
    {"CropsAddUp", "-23309=2,1,2", "-23309=2,4096,2", "p line 11: 'Crop' 'crop2': cuts more than 4096"},
    {"CropOfChannels", "-23311=2,1,2", "-23311=2,0,1",
     "p line 10: 'Crop' 'crop1': key 11 is 0,1, supported: -2,-1 and 1,2 (height and width)"},
    {"CropEndsFromTheStart", "-23310=2,-3,-4", "-23310=2,3,-4",
     "p line 10: 'Crop' 'crop1': keeps 1 to 3, expected a start from 0 on and a negative end"},
    {"CropWithoutEnds", " -23310=2,-3,-4", "", "p line 10: 'Crop' 'crop1': the array of key 10 is missing"},
    {"CropOfAVector", "1 1 a2 d0", "1 1 q d0", "p line 10: 'Crop' 'crop1': is supported only on a map"},
    {"MaxPooling", "0=1 4=1", "0=0 4=1", "p line 6: 'Pooling' 'pool': key 0 is '0', supported: 1"},
    {"LocalPooling", "0=1 4=1", "0=1", "p line 6: 'Pooling' 'pool': key 4 is missing"},
    {"InnerProductOfAMap", "1 1 p q", "1 1 a0 q",
     "p line 7: 'InnerProduct' 'fc1': is supported only behind a global pooling"},
    {"Subtraction", "r a1 e 0=2", "r a1 e 0=1",
     "p line 9: 'BinaryOp' 'mul': key 0 is '1', supported: 0 (add) and 2 (multiply)"},
    {"Division", "r a1 e 0=2", "r a1 e 0=3", "p line 9: 'BinaryOp' 'mul': key 0 is '3', supported: 0 to 2"},
    {"SumWithAConstant", "r a1 e 0=2", "r a1 e 0=2 1=1",
     "p line 9: 'BinaryOp' 'mul': key 1 is '1', supported: 0"},
    {"SumOfDifferentChannels", "2 1 e d f", "2 1 e q f",
     "p line 12: 'BinaryOp' 'add': reads 4 and 2 channels, expected as many"},
    {"SumOfOne", "2 1 e d f", "1 1 e f",
     "p line 12: 'BinaryOp' 'add': has 1 inputs and 1 outputs, expected 2 and 1"},
    {"ShuffleByZero", "i out 0=2", "i out 0=0",
     "p line 16: 'PixelShuffle' 'ps': key 0 is '0', supported: 1 to 16"},
    {"ShuffleOfOddChannels", "i out 0=2", "i out 0=3",
     "p line 16: 'PixelShuffle' 'ps': reads 8 channels, expected a multiple of 9"},
    {"ShuffleOfTheOtherKind", "i out 0=2", "i out 0=2 1=1",
     "p line 16: 'PixelShuffle' 'ps': key 1 is '1', supported: 0"},
    {"SlopeOfRelu", "g h", "g h 0=0.1", "p line 14: 'ReLU' 'relu': has a slope, supported: none"},
};

class NcnnParamHazard : public testing::TestWithParam<Hazard> {};

TEST_P(NcnnParamHazard, IsRefusedInWords) {
  const auto& [name, from, to, message] = GetParam();
  const auto graph = parse_ncnn_param(replaced(test::small_ncnn().param, from, to), "p");
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.error().kind, ErrorKind::model);
  EXPECT_EQ(graph.error().message, message);
}

INSTANTIATE_TEST_SUITE_P(All, NcnnParamHazard, testing::ValuesIn(kHazards),
                         [](const auto& param) { return param.param.name; });

TEST(NcnnParamHazard, EmptyAndHuge) {
  EXPECT_EQ(parse_ncnn_param("", "p").error().message,
            "p line 1: expected the magic number 7767517 of an ncnn .param file, found ''");
  const std::string huge = "7767517\n" + std::string(size_t{1} << 20, ' ');
  EXPECT_EQ(parse_ncnn_param(huge, "p").error().message,
            "p: has 1048584 bytes, the limit for an ncnn .param file is 1048576");
}

// A chain of crops must not make the signature grow with the square of its length.
TEST(NcnnParamHazard, ManyCropsStaySmall) {
  std::string lines = "Input in 0 1 b0\n";
  constexpr int kCrops = 5000;
  for (int i = 0; i < kCrops; ++i) {
    const std::string n = std::to_string(i), next = std::to_string(i + 1);
    lines += "Crop c" + n + " 1 1 b" + n + " b" + next + " -23309=2,0,0 -23310=2,-1,-1 -23311=2,1,2\n";
  }
  const auto graph = parse_ncnn_param("7767517\n5001 5001\n" + lines, "p");
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.error().message, "p line 4100: 'Crop' 'c4096': cuts more than 4096");
}

std::string bin_refusal(const Bytes& bin) {
  const auto graph = parse_ncnn_param(test::small_ncnn().param, "p");
  const auto source = open_ncnn(*graph, bin, nullptr, "b");
  if (source.ok()) return "accepted";
  EXPECT_EQ(source.error().kind, ErrorKind::model);
  return source.error().message;
}

TEST(NcnnBinHazard, CutShort) {
  const Bytes bin = test::small_ncnn().bin;
  EXPECT_EQ(bin_refusal({}), "b: the data of layer 'c1' (line 4) at offset 0 needs 4 bytes, 0 are left");
  EXPECT_EQ(bin_refusal(Bytes(bin.begin(), bin.begin() + 75)),
            "b: the data of layer 'c1' (line 4) at offset 4 needs 72 bytes, 71 are left");
  EXPECT_EQ(bin_refusal(Bytes(bin.begin(), bin.end() - 1)),
            "b: the data of layer 'up' (line 13) at offset 416 needs 32 bytes, 31 are left");
}

TEST(NcnnBinHazard, BytesLeftOver) {
  EXPECT_EQ(
      bin_refusal(test::small_ncnn().bin + Bytes(5)),
      "b: has 5 bytes after offset 448, where the last layer of p ends: do the two files belong together?");
}

TEST(NcnnBinHazard, UnsupportedStorage) {
  const auto with_flag = [](uint32_t flag) {
    const Bytes bin = test::small_ncnn().bin;
    return bin_refusal(little_endian(flag, 4) + std::span(bin).subspan(4));
  };
  EXPECT_EQ(with_flag(0x000d4b38),
            "b: the data of layer 'c1' (line 4) at offset 0 begins with 0x000d4b38, int8 weights; "
            "supported: 0x01306b47 (half precision) and 0 (single precision)");
  EXPECT_EQ(with_flag(0xffffffff),
            "b: the data of layer 'c1' (line 4) at offset 0 begins with 0xffffffff, a format that "
            "is not known; supported: 0x01306b47 (half precision) and 0 (single precision)");
}

}  // namespace
}  // namespace ink
