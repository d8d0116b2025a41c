#include "engine/graph.h"

#include <gtest/gtest.h>

#include "engine/ops/ops.h"
#include "engine/prepared_model.h"

namespace ink {
namespace {

constexpr int kUnknown = Shape::kUnknown;
const Shape kPicture{1, kUnknown, kUnknown, 3};

ConvParams conv_params(int ic, int oc, int kernel) {
  return {.ic = ic, .oc = oc, .kh = kernel, .kw = kernel};
}

std::unique_ptr<Op> conv(int ic, int oc, int kernel) {
  return conv2d({"conv.weight", "conv.bias", conv_params(ic, oc, kernel)});
}

// The message of building one node on inputs of these shapes, or nothing.
std::string build_error(std::unique_ptr<Op> op, const std::vector<Shape>& inputs) {
  GraphBuilder graph;
  std::vector<Value> values;
  for (const Shape& shape : inputs) values.push_back(graph.input("in", shape));
  graph.output("out", graph.add("layer", std::move(op), values));
  const Result<Graph> built = graph.finish();
  return built.ok() ? "" : built.error().message;
}

// The same where the sizes come only with the plan.
std::string infer_error(std::unique_ptr<Op> op, const Shape& declared, const Shape& found) {
  GraphBuilder graph;
  const Value value = graph.add("layer", std::move(op), {graph.input("picture", declared)});
  graph.output("out", graph.add("after", scale(2), {value}));  // a view cannot be the output itself
  const Result<Graph> built = graph.finish();
  if (!built.ok()) return "at build: " + built.error().message;
  const Result<std::vector<Shape>> shapes = built->infer({&found, 1});
  return shapes.ok() ? "" : shapes.error().message;
}

Shape inferred(std::unique_ptr<Op> op, const std::vector<Shape>& inputs) {
  const Result<Shape> shape = op->infer(inputs);
  EXPECT_TRUE(shape.ok());
  return shape.ok() ? *shape : Shape{0, 0, 0, 0};
}

TEST(Graph, ErrorsNameTheNodeAndSayWhatWasExpectedAndFound) {
  EXPECT_EQ(build_error(conv(64, 8, 3), {{1, 9, 9, 32}}), "layer: expected 64 channels, found 32");
  EXPECT_EQ(build_error(deconv2d({"w", "b", {.ic = 4, .oc = 2, .kh = 2, .kw = 2}}), {{1, 9, 9, 5}}),
            "layer: expected 4 channels, found 5");
  EXPECT_EQ(build_error(linear({"w", "b", 10, 2}), {{1, 1, 4, 7}}), "layer: expected 10 channels, found 7");
  EXPECT_EQ(build_error(batch_norm({"g", "b", "m", "v", 1e-5, 8}), {{1, 2, 2, 9}}),
            "layer: expected 8 channels, found 9");
  EXPECT_EQ(build_error(conv(3, 8, 5), {{1, 4, 9, 3}}),
            "layer: an input of 1x4x9x3 is smaller than the kernel of 5x5");
  EXPECT_EQ(build_error(pool({.kh = 3, .kw = 2}), {{1, 2, 9, 3}}),
            "layer: an input of 1x2x9x3 is smaller than the window of 3x2");
  EXPECT_EQ(build_error(pixel_shuffle(2), {{1, 4, 4, 6}}),
            "layer: 6 channels cannot be spread over 2x2 pixels");
  EXPECT_EQ(build_error(concat(), {{1, 4, 4, 6}, {1, 4, 5, 6}}),
            "layer: cannot join 1x4x5x6 to 1x4x4x6 along the channels");
  EXPECT_EQ(build_error(binary(BinaryOp::add), {{1, 4, 4, 6}, {1, 4, 4, 5}}),
            "layer: cannot add 1x4x4x5 to 1x4x4x6");
  EXPECT_EQ(build_error(binary(BinaryOp::mul), {{1, 1, 1, 6}, {1, 4, 4, 6}}),
            "layer: cannot mul 1x4x4x6 to 1x1x1x6");
  EXPECT_EQ(build_error(crop({2, 0, 2, 0}), {{1, 4, 4, 6}}),
            "layer: nothing is left of 1x4x4x6 after the crop");
}

TEST(Graph, OpsRefuseTheWrongNumberOfInputs) {
  const Shape map{1, 4, 4, 6};
  EXPECT_NE(build_error(binary(BinaryOp::add), {map}), "");
  EXPECT_NE(build_error(binary(BinaryOp::add), {map, map, map}), "");
  EXPECT_NE(build_error(conv(6, 6, 1), {map, map}), "");
  EXPECT_NE(build_error(linear({"w", "", 6, 6}), {map, map}), "");
}

// Sizes that only the plan knows: no size may come out as "unknown", nor as nothing or less.
TEST(Graph, EveryMapTooSmallIsRefused) {
  for (int h = 1; h <= 8; ++h) {
    for (const Shape& found : {Shape{1, h, 20, 3}, Shape{1, 20, h, 3}}) {
      const auto want_error = [&](bool too_small, const std::string& message, const char* what) {
        EXPECT_EQ(too_small, !message.empty()) << what << " on " << found.text() << ": " << message;
        EXPECT_EQ(message.find("at build"), std::string::npos) << message;
      };
      want_error(h <= 4, infer_error(crop({2, 2, 2, 2}), kPicture, found), "crop");
      want_error(h <= 5, infer_error(crop({5, 5, 0, 0}), kPicture, found), "crop");
      want_error(h < 5, infer_error(conv(3, 8, 5), kPicture, found), "conv");
      want_error(h < 3, infer_error(pool({.kh = 3, .kw = 3}), kPicture, found), "pool");
      want_error(h <= 6, infer_error(pad(PadMode::zero, {-3, -3, -3, -3}), kPicture, found), "pad");
      const DeconvParams deconv{.ic = 3,
                                .oc = 2,
                                .kh = 4,
                                .kw = 4,
                                .sh = 2,
                                .sw = 2,
                                .pad_top = 3,
                                .pad_left = 3,
                                .pad_bottom = 3,
                                .pad_right = 3};
      want_error(h <= 2, infer_error(deconv2d({"w", "b", deconv}), kPicture, found), "deconv");
      const DeconvParams shrinking{
          .ic = 3, .oc = 2, .kh = 2, .kw = 2, .pad_top = 2, .pad_left = 2, .pad_bottom = 1, .pad_right = 1};
      want_error(h <= 2, infer_error(deconv2d({"w", "b", shrinking}), kPicture, found), "shrinking deconv");
    }
  }
}

TEST(Graph, MapsTooLargeAreRefused) {
  const int huge = 0x7fffffff;
  const Shape declared{1, kUnknown, kUnknown, 4};
  for (const Shape& found : {Shape{1, huge, 1, 4}, Shape{1, 1, huge, 4}, Shape{1, huge, huge, 4},
                             Shape{1, huge / 2 + 1, 3, 4}, Shape{1, 1 << 20, 1 << 20, 4}}) {
    EXPECT_NE(infer_error(resize(ResizeMode::nearest, 4), declared, found), "") << found.text();
    EXPECT_NE(infer_error(pixel_shuffle(2), declared, found), "") << found.text();
    EXPECT_NE(infer_error(pad(PadMode::zero, {9, 9, 9, 9}), declared, found), "") << found.text();
    const DeconvParams deconv{.ic = 4, .oc = 4, .kh = 3, .kw = 3, .sh = 3, .sw = 3};
    EXPECT_NE(infer_error(deconv2d({"w", "b", deconv}), declared, found), "") << found.text();
    ConvParams padded = conv_params(4, 4, 1);
    padded.pad_top = padded.pad_left = 5;
    EXPECT_NE(infer_error(conv2d({"w", "b", padded}), declared, found), "") << found.text();
  }
}

TEST(Graph, UnknownSizesStayUnknown) {
  const Shape in{2, kUnknown, kUnknown, 4};
  EXPECT_EQ(inferred(conv(4, 7, 3), {in}), (Shape{2, kUnknown, kUnknown, 7}));
  EXPECT_EQ(inferred(deconv2d({"w", "", {.ic = 4, .oc = 7, .kh = 2, .kw = 2, .sh = 2, .sw = 2}}), {in}),
            (Shape{2, kUnknown, kUnknown, 7}));
  EXPECT_EQ(inferred(pixel_shuffle(2), {in}), (Shape{2, kUnknown, kUnknown, 1}));
  EXPECT_EQ(inferred(resize(ResizeMode::nearest, 2), {in}), in);
  EXPECT_EQ(inferred(crop({1, 2, 3, 4}), {in}), in);
  EXPECT_EQ(inferred(pad(PadMode::edge, {1, 2, 3, 4}), {in}), in);
  EXPECT_EQ(inferred(global_average_pool(), {in}), (Shape{2, 1, 1, 4}));
  EXPECT_EQ(inferred(concat(), {in, in}), (Shape{2, kUnknown, kUnknown, 8}));
}

TEST(Graph, KnownSizesFollowTheRulesOfTheOriginalFrameworks) {
  const Shape in{2, 10, 11, 4};
  ConvParams p = conv_params(4, 7, 3);
  p.sh = 2, p.sw = 3, p.dh = 2, p.pad_top = 1, p.pad_right = 2;
  EXPECT_EQ(inferred(conv2d({"w", "", p}), {in}), (Shape{2, 4, 4, 7}));
  const DeconvParams d{.ic = 4,
                       .oc = 7,
                       .kh = 5,
                       .kw = 4,
                       .sh = 3,
                       .sw = 2,
                       .pad_top = 2,
                       .pad_left = 3,
                       .pad_bottom = 2,
                       .pad_right = 3};
  EXPECT_EQ(inferred(deconv2d({"w", "", d}), {in}), (Shape{2, 28, 18, 7}));
  EXPECT_EQ(inferred(pool({.kh = 3, .kw = 3, .sh = 2, .sw = 2, .top = 1, .left = 1}), {in}),
            (Shape{2, 5, 5, 4}));
  EXPECT_EQ(inferred(crop({1, 2, 3, 4}), {in}), (Shape{2, 6, 5, 4}));
  EXPECT_EQ(inferred(pad(PadMode::edge, {1, 2, 3, 4}), {in}), (Shape{2, 14, 17, 4}));
  EXPECT_EQ(inferred(resize(ResizeMode::bilinear, 3), {in}), (Shape{2, 30, 33, 4}));
  EXPECT_EQ(inferred(linear({"w", "", 4, 9}), {in}), (Shape{2, 10, 11, 9}));
}

TEST(Graph, TheFirstErrorIsTheOneReported) {
  GraphBuilder graph;
  Value x = graph.input("picture", kPicture);
  x = graph.add("first", conv(4, 8, 3), {x});
  x = graph.add("second", conv(9, 8, 3), {x});
  graph.output("out", x);
  const Result<Graph> built = graph.finish();
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().message, "first: expected 4 channels, found 3");
  EXPECT_EQ(built.error().kind, ErrorKind::model);
}

TEST(Graph, InputsMustFitWhatWasDeclared) {
  GraphBuilder graph;
  graph.output("out", graph.add("layer", conv(3, 8, 3), {graph.input("picture", kPicture)}));
  const Result<Graph> built = graph.finish();
  ASSERT_TRUE(built.ok());
  const auto error = [&](const std::vector<Shape>& shapes) {
    const Result<std::vector<Shape>> result = built->infer(shapes);
    return result.ok() ? "" : result.error().message;
  };
  EXPECT_EQ(error({{1, 5, 6, 3}}), "");
  EXPECT_EQ(error({}), "expected 1 inputs, found 0");
  EXPECT_EQ(error({{1, 5, 6, 4}}), "input picture: expected 1x?x?x3, found 1x5x6x4");
  EXPECT_EQ(error({{2, 5, 6, 3}}), "input picture: expected 1x?x?x3, found 2x5x6x3");
  EXPECT_EQ(error({{1, 0, 6, 3}}), "input picture: expected 1x?x?x3, found 1x0x6x3");
  EXPECT_EQ(error({{1, kUnknown, 6, 3}}), "input picture: expected 1x?x?x3, found 1x?x6x3");
}

TEST(Graph, OutputsThatNobodyWouldWriteAreOurOwnBug) {
  {
    GraphBuilder graph;
    graph.output("out", graph.input("picture", kPicture));
    EXPECT_THROW(static_cast<void>(graph.finish()), InternalError);
  }
  {
    GraphBuilder graph;
    graph.output("out", graph.add("view", crop({1, 1, 1, 1}), {graph.input("picture", kPicture)}));
    EXPECT_THROW(static_cast<void>(graph.finish()), InternalError);
  }
  {
    GraphBuilder graph;
    const Value x = graph.add("twice", scale(2), {graph.input("picture", kPicture)});
    graph.output("out", x);
    graph.output("again", x);
    EXPECT_THROW(static_cast<void>(graph.finish()), InternalError);
  }
}

// What prepare() says about a store that holds these tensors beside a good conv.weight and conv.bias.
std::string prepare_error(const std::vector<std::pair<std::string, std::vector<int64_t>>>& tensors) {
  WeightStore weights;
  weights.set_origin("model.safetensors");
  for (const auto& [name, shape] : tensors) {
    const std::vector<std::byte> bytes(static_cast<size_t>(*element_count(shape)) * sizeof(float));
    EXPECT_TRUE(weights.add(name, DType::f32, shape, bytes).ok());
  }
  GraphBuilder graph;
  graph.output("out", graph.add("layer", conv(3, 8, 3), {graph.input("picture", kPicture)}));
  Result<Graph> built = graph.finish();
  EXPECT_TRUE(built.ok());
  const auto model = PreparedModel::prepare(std::move(*built), weights, Isa::reference);
  if (model.ok()) return "";
  EXPECT_EQ(model.error().kind, ErrorKind::model);
  return model.error().message;
}

TEST(Graph, PrepareNamesTheNodeAndTheTensorThatIsWrong) {
  EXPECT_EQ(prepare_error({{"conv.weight", {8, 3, 3, 3}}, {"conv.bias", {8}}}), "");
  const std::string missing = prepare_error({{"conv.bias", {8}}});
  for (const char* part :
       {"layer: ", "model.safetensors", "conv.weight", "[8, 3, 3, 3]", "none of that name"}) {
    EXPECT_NE(missing.find(part), std::string::npos) << missing;
  }
  const std::string misshaped = prepare_error({{"conv.weight", {8, 3, 3, 1}}, {"conv.bias", {8}}});
  for (const char* part : {"layer: ", "conv.weight", "[8, 3, 3, 3]", "[8, 3, 3, 1]"}) {
    EXPECT_NE(misshaped.find(part), std::string::npos) << misshaped;
  }
  const std::string bias = prepare_error({{"conv.weight", {8, 3, 3, 3}}, {"conv.bias", {9}}});
  for (const char* part : {"layer: ", "conv.bias", "[8]", "[9]"}) {
    EXPECT_NE(bias.find(part), std::string::npos) << bias;
  }
}

}  // namespace
}  // namespace ink
