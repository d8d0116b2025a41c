#include "converters/sources/ncnn_param.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <tuple>

#include "converters/sources/ncnn_line.h"

namespace ink {

namespace {

constexpr std::string_view kMagic = "7767517";
constexpr int64_t kMostChannels = 65536, kLargestKernel = 64, kLargestStride = 16, kLargestMargin = 4096;
constexpr int64_t kMostWeights = int64_t{1} << 31;

// A value between layers, as far as the text tells.
struct Blob {
  size_t ordinal = 0;                // of the computing layer that made it
  std::array<int64_t, 4> crop = {};  // margins cut off it: top, left, bottom, right
  int64_t channels = 0;              // 0: unknown
  bool vector = false;               // one value a channel, from a global pooling on
};

std::string operand(const Blob& blob) {
  std::string text = std::to_string(blob.ordinal);
  if (blob.crop == std::array<int64_t, 4>{}) return text;
  return concat(text, "[crop ", blob.crop[0], " ", blob.crop[1], " ", blob.crop[2], " ", blob.crop[3], "]");
}

class ParamParser {
 public:
  ParamParser(const std::string& origin, const ModelLimits& limits) : limits_(limits) {
    graph_.origin = origin;
  }

  Result<NcnnGraph> parse(std::string_view text);

 private:
  using Handler = Status (ParamParser::*)(const NcnnLine&);
  struct LayerType {
    std::string_view name;
    Handler handler;
  };
  static const std::array<LayerType, 11> kTypes;

  Status layer(std::string_view line, int number);
  Status input(const NcnnLine& line);
  Status convolution(const NcnnLine& line);
  Status inner_product(const NcnnLine& line);
  Status pooling(const NcnnLine& line);
  Status binary(const NcnnLine& line);
  Status crop(const NcnnLine& line);
  Status split(const NcnnLine& line);
  Status pixel_shuffle(const NcnnLine& line);
  Status relu(const NcnnLine& line);
  Status sigmoid(const NcnnLine& line);

  Result<Blob> consume(const NcnnLine& line, size_t index) const;
  Status produce(const NcnnLine& line, size_t index, const Blob& blob);
  // Adds a line to the signature and makes the layer's one output.
  Status compute(const NcnnLine& line, const std::string& text, std::span<const Blob> inputs, Blob output);
  Result<std::string> activation(const NcnnLine& line) const;
  Status add_weights(const NcnnLine& line, NcnnWeights weights, int64_t size, int64_t channels);

  const ModelLimits& limits_;
  NcnnGraph graph_;
  int number_ = 0;  // of the line
  std::map<std::string, Blob, std::less<>> blobs_;
  std::set<std::string, std::less<>> names_;
};

const std::array<ParamParser::LayerType, 11> ParamParser::kTypes = {{
    {"BinaryOp", &ParamParser::binary},
    {"Convolution", &ParamParser::convolution},
    {"Crop", &ParamParser::crop},
    {"Deconvolution", &ParamParser::convolution},
    {"InnerProduct", &ParamParser::inner_product},
    {"Input", &ParamParser::input},
    {"PixelShuffle", &ParamParser::pixel_shuffle},
    {"Pooling", &ParamParser::pooling},
    {"ReLU", &ParamParser::relu},
    {"Sigmoid", &ParamParser::sigmoid},
    {"Split", &ParamParser::split},
}};

Result<Blob> ParamParser::consume(const NcnnLine& line, size_t index) const {
  const auto found = blobs_.find(line.inputs[index]);
  if (found == blobs_.end()) {
    return line.error("reads the blob ", quote(line.inputs[index]), ", which no layer above makes");
  }
  return found->second;
}

Status ParamParser::produce(const NcnnLine& line, size_t index, const Blob& blob) {
  if (!blobs_.emplace(line.outputs[index], blob).second) {
    return line.error("makes the blob ", quote(line.outputs[index]), ", which exists already");
  }
  return {};
}

Status ParamParser::compute(const NcnnLine& line, const std::string& text, std::span<const Blob> inputs,
                            Blob output) {
  output.ordinal = graph_.signature.size();
  output.crop = {};
  std::string signature = concat(line.type, text.empty() ? "" : " ", text, inputs.empty() ? "" : " <-");
  for (const Blob& blob : inputs) signature += concat(" ", operand(blob));
  graph_.signature.push_back(std::move(signature));
  return produce(line, 0, output);
}

// Keys 9 and 10 of the layers with weights.
Result<std::string> ParamParser::activation(const NcnnLine& line) const {
  constexpr int64_t kNone = 0, kRelu = 1, kLeakyRelu = 2, kSigmoid = 4;
  INK_TRY(const int64_t type, line.integer(9, kNone, 0, kSigmoid));
  if (type == 3) return line.error("key 9 is '3' (clip), supported: 0, 1, 2 and 4");
  if (type != kLeakyRelu) {
    if (line.has_any(10)) return line.error("key 10 is there though activation ", type, " has no parameter");
    return std::string(type == kRelu ? " relu" : type == kSigmoid ? " sigmoid" : "");
  }
  INK_TRY(const std::vector<std::string_view> values, line.array(10));
  float slope = 0;
  const auto [end, error] = std::from_chars(values[0].data(), values[0].data() + values[0].size(), slope);
  if (values.size() != 1 || error != std::errc() || end != values[0].data() + values[0].size() ||
      !std::isfinite(slope)) {
    return line.error("key 10 should be the slope of the leaky ReLU, one finite number");
  }
  std::array<char, 32> shortest;
  const auto written = std::to_chars(shortest.data(), shortest.data() + shortest.size(), slope);
  return concat(" leaky_relu ", std::string_view(shortest.data(), written.ptr));
}

Status ParamParser::add_weights(const NcnnLine& line, NcnnWeights weights, int64_t size, int64_t channels) {
  const int64_t per_channel = weights.oc * weights.kh * weights.kw;
  if (size % per_channel != 0) {
    return line.error("has ", size, " weights, expected a multiple of ", per_channel, " = ", weights.oc,
                      " x ", weights.kh, " x ", weights.kw);
  }
  weights.ic = size / per_channel;
  if (channels != 0 && channels != weights.ic) {
    return line.error("has ", size, " weights, expected ", per_channel * channels, " for the ", channels,
                      " channels that it reads");
  }
  weights.layer = line.name;
  weights.line = number_;
  graph_.weights.push_back(std::move(weights));
  return {};
}

Status ParamParser::input(const NcnnLine& line) {
  INK_TRY_STATUS(line.only_keys({0, 1, 2}));
  INK_TRY_STATUS(line.expect_counts(0, 1));
  // The width and height that some exporters write are those of an example.
  for (const int key : {0, 1}) INK_TRY_STATUS(line.integer(key, 0, 0, 1 << 20).status());
  INK_TRY(const int64_t channels, line.integer(2, 0, 0, kMostChannels));
  return compute(line, "", {}, {.channels = channels});
}

Status ParamParser::convolution(const NcnnLine& line) {
  INK_TRY_STATUS(line.only_keys({0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16}));
  INK_TRY_STATUS(line.expect_counts(1, 1));
  INK_TRY(const Blob src, consume(line, 0));
  NcnnWeights weights;
  const bool transposed = line.type == "Deconvolution";
  weights.kind = transposed ? NcnnWeights::Kind::deconvolution : NcnnWeights::Kind::convolution;
  INK_TRY(weights.oc, line.integer(0, 0, 1, kMostChannels));
  INK_TRY(weights.kw, line.integer(1, 0, 1, kLargestKernel));
  INK_TRY(weights.kh, line.integer(11, weights.kw, 1, kLargestKernel));
  for (const int key : {2, 12}) INK_TRY_STATUS(line.integer(key, 1, 1, 1).status());  // dilation
  INK_TRY(const int64_t sw, line.integer(3, 1, 1, kLargestStride));
  INK_TRY(const int64_t sh, line.integer(13, sw, 1, kLargestStride));
  INK_TRY(const int64_t left, line.integer(4, 0, 0, kLargestKernel));
  INK_TRY(const int64_t right, line.integer(15, left, 0, kLargestKernel));
  INK_TRY(const int64_t top, line.integer(14, left, 0, kLargestKernel));
  INK_TRY(const int64_t bottom, line.integer(16, top, 0, kLargestKernel));
  INK_TRY(const int64_t bias, line.integer(5, 0, 0, 1));
  INK_TRY(const int64_t size, line.integer(6, 0, 1, kMostWeights));
  INK_TRY(const std::string activation_text, activation(line));
  weights.bias = bias == 1;

  const std::string stride = sh == sw ? concat(sh) : concat(sh, "x", sw);
  const bool even = top == left && bottom == left && right == left;
  const std::string pad = even ? concat(left) : concat(top, ",", left, ",", bottom, ",", right);
  const std::string text = concat(weights.oc, " k", weights.kh, "x", weights.kw, " s", stride, " p", pad,
                                  weights.bias ? "" : " nobias", activation_text);
  const int64_t oc = weights.oc;
  INK_TRY_STATUS(add_weights(line, std::move(weights), size, src.channels));
  return compute(line, text, std::array{src}, {.channels = oc});
}

Status ParamParser::inner_product(const NcnnLine& line) {
  INK_TRY_STATUS(line.only_keys({0, 1, 2, 9, 10}));
  INK_TRY_STATUS(line.expect_counts(1, 1));
  INK_TRY(const Blob src, consume(line, 0));
  if (!src.vector) return line.error("is supported only behind a global pooling");
  NcnnWeights weights;
  weights.kind = NcnnWeights::Kind::inner_product;
  INK_TRY(weights.oc, line.integer(0, 0, 1, kMostChannels));
  INK_TRY(const int64_t bias, line.integer(1, 0, 0, 1));
  INK_TRY(const int64_t size, line.integer(2, 0, 1, kMostWeights));
  INK_TRY(const std::string activation_text, activation(line));
  weights.bias = bias == 1;
  const std::string text = concat(weights.oc, weights.bias ? "" : " nobias", activation_text);
  const int64_t oc = weights.oc;
  INK_TRY_STATUS(add_weights(line, std::move(weights), size, src.channels));
  return compute(line, text, std::array{src}, {.channels = oc, .vector = true});
}

Status ParamParser::pooling(const NcnnLine& line) {
  INK_TRY_STATUS(line.only_keys({0, 4}));
  INK_TRY_STATUS(line.expect_counts(1, 1));
  INK_TRY(const Blob src, consume(line, 0));
  INK_TRY_STATUS(line.integer(0, 0, 1, 1).status());  // average
  INK_TRY_STATUS(line.integer(4, 0, 1, 1).status());  // global
  return compute(line, "global average", std::array{src}, {.channels = src.channels, .vector = true});
}

Status ParamParser::binary(const NcnnLine& line) {
  constexpr int64_t kAdd = 0, kMul = 2;
  INK_TRY_STATUS(line.only_keys({0, 1}));
  INK_TRY_STATUS(line.expect_counts(2, 1));
  INK_TRY(Blob a, consume(line, 0));
  INK_TRY(Blob b, consume(line, 1));
  INK_TRY(const int64_t op, line.integer(0, kAdd, kAdd, kMul));
  if (op != kAdd && op != kMul) return line.error("key 0 is '", op, "', supported: 0 (add) and 2 (multiply)");
  INK_TRY_STATUS(line.integer(1, 0, 0, 0).status());  // the second operand is no constant
  if (a.channels != 0 && b.channels != 0 && a.channels != b.channels) {
    return line.error("reads ", a.channels, " and ", b.channels, " channels, expected as many");
  }
  if (std::tie(b.ordinal, b.crop) < std::tie(a.ordinal, a.crop)) std::swap(a, b);
  const int64_t channels = a.channels != 0 ? a.channels : b.channels;
  return compute(line, op == kAdd ? "add" : "mul", std::array{a, b},
                 {.channels = channels, .vector = a.vector && b.vector});
}

// Only the form that cuts margins: starts and ends (counted from the far end) along height and width.
Status ParamParser::crop(const NcnnLine& line) {
  INK_TRY_STATUS(line.only_keys({9, 10, 11}));
  INK_TRY_STATUS(line.expect_counts(1, 1));
  INK_TRY(Blob blob, consume(line, 0));
  if (blob.vector) return line.error("is supported only on a map");
  std::array<std::array<int64_t, 2>, 3> numbers;
  for (size_t i = 0; i < 3; ++i) {
    INK_TRY(const std::vector<std::string_view> words, line.array(static_cast<int>(9 + i)));
    for (size_t j = 0; j < 2; ++j) {
      const std::optional<int64_t> value = words.size() == 2 ? parse_integer(words[j]) : std::nullopt;
      if (!value || *value < -kLargestMargin || *value > kLargestMargin) {
        return line.error("key ", 9 + i, " should be 2 whole numbers up to ", kLargestMargin);
      }
      numbers[i][j] = *value;
    }
  }
  const auto& [starts, ends, axes] = numbers;
  const bool from_end = axes == std::array<int64_t, 2>{-2, -1};
  if (!from_end && axes != std::array<int64_t, 2>{1, 2}) {
    return line.error("key 11 is ", axes[0], ",", axes[1], ", supported: -2,-1 and 1,2 (height and width)");
  }
  for (size_t j = 0; j < 2; ++j) {
    if (starts[j] < 0 || ends[j] >= 0) {
      return line.error("keeps ", starts[j], " to ", ends[j],
                        ", expected a start from 0 on and a negative end");
    }
    blob.crop[j] += starts[j];
    blob.crop[j + 2] -= ends[j];
  }
  if (std::ranges::max(blob.crop) > kLargestMargin) return line.error("cuts more than ", kLargestMargin);
  return produce(line, 0, blob);
}

Status ParamParser::split(const NcnnLine& line) {
  INK_TRY_STATUS(line.only_keys({}));
  if (line.inputs.size() != 1 || line.outputs.empty()) {
    return line.error("has ", line.inputs.size(), " inputs and ", line.outputs.size(),
                      " outputs, expected 1 and at least 1");
  }
  INK_TRY(const Blob blob, consume(line, 0));
  for (size_t i = 0; i < line.outputs.size(); ++i) INK_TRY_STATUS(produce(line, i, blob));
  return {};
}

Status ParamParser::pixel_shuffle(const NcnnLine& line) {
  INK_TRY_STATUS(line.only_keys({0, 1}));
  INK_TRY_STATUS(line.expect_counts(1, 1));
  INK_TRY(const Blob src, consume(line, 0));
  INK_TRY(const int64_t factor, line.integer(0, 0, 1, 16));
  INK_TRY_STATUS(line.integer(1, 0, 0, 0).status());  // channels of a pixel lie as in torch
  if (src.vector) return line.error("is supported only on a map");
  if (src.channels % (factor * factor) != 0) {
    return line.error("reads ", src.channels, " channels, expected a multiple of ", factor * factor);
  }
  return compute(line, concat(factor), std::array{src}, {.channels = src.channels / (factor * factor)});
}

Status ParamParser::relu(const NcnnLine& line) {
  INK_TRY_STATUS(line.only_keys({0}));
  INK_TRY_STATUS(line.expect_counts(1, 1));
  INK_TRY(const Blob src, consume(line, 0));
  if (line.has_any(0)) return line.error("has a slope, supported: none");
  return compute(line, "", std::array{src}, src);
}

Status ParamParser::sigmoid(const NcnnLine& line) {
  INK_TRY_STATUS(line.only_keys({}));
  INK_TRY_STATUS(line.expect_counts(1, 1));
  INK_TRY(const Blob src, consume(line, 0));
  return compute(line, "", std::array{src}, src);
}

Status ParamParser::layer(std::string_view text, int number) {
  number_ = number;
  INK_TRY(const NcnnLine line, NcnnLine::parse(text, concat(graph_.origin, " line ", number)));
  const auto type = std::ranges::find(kTypes, line.type, &LayerType::name);
  if (type == kTypes.end()) {
    std::string known;
    for (const LayerType& one : kTypes) known += concat(known.empty() ? "" : ", ", one.name);
    return line.error("this layer type is not supported; supported: ", known);
  }
  if (!names_.emplace(line.name).second) return line.error("another layer has the same name");
  return (this->*type->handler)(line);
}

Result<NcnnGraph> ParamParser::parse(std::string_view text) {
  if (text.size() > limits_.param_bytes) {
    return model_error(graph_.origin, ": has ", text.size(), " bytes, the limit for an ncnn .param file is ",
                       limits_.param_bytes);
  }
  std::vector<std::pair<int, std::string_view>> lines;  // those that are not blank
  int number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    if (line.find_first_not_of(" \t") != std::string_view::npos) lines.emplace_back(number, line);
  }
  const std::string_view magic = lines.empty() ? std::string_view() : lines[0].second;
  if (split_words(magic) != std::vector{kMagic}) {
    return model_error(graph_.origin, " line 1: expected the magic number ", kMagic,
                       " of an ncnn .param file, found ", quote(magic));
  }
  const std::string_view counts_line = lines.size() < 2 ? std::string_view() : lines[1].second;
  const std::vector<std::string_view> counts = split_words(counts_line);
  const std::optional<int64_t> layers = counts.size() == 2 ? parse_integer(counts[0]) : std::nullopt;
  const std::optional<int64_t> blobs = counts.size() == 2 ? parse_integer(counts[1]) : std::nullopt;
  if (!layers || !blobs || *layers < 1 || *blobs < 1) {
    return model_error(graph_.origin, " line 2: expected the counts of layers and blobs, found ",
                       quote(counts_line));
  }
  if (static_cast<uint64_t>(*layers) != lines.size() - 2) {
    return model_error(graph_.origin, " line 2: declares ", *layers, " layers, found ", lines.size() - 2,
                       " lines: incomplete download?");
  }
  for (size_t i = 2; i < lines.size(); ++i) INK_TRY_STATUS(layer(lines[i].second, lines[i].first));
  if (static_cast<uint64_t>(*blobs) != blobs_.size()) {
    return model_error(graph_.origin, " line 2: declares ", *blobs, " blobs, the layers make ",
                       blobs_.size());
  }
  return std::move(graph_);
}

}  // namespace

Result<NcnnGraph> parse_ncnn_param(std::string_view text, const std::string& origin,
                                   const ModelLimits& limits) {
  return ParamParser(origin, limits).parse(text);
}

}  // namespace ink
