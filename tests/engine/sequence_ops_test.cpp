#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/ops/ops.h"
#include "engine/sequences.h"
#include "engine/session.h"
#include "tests/harness/arrangements.h"

namespace ink {
namespace {

constexpr int kDim = 12, kHeads = 3, kVocabulary = 20, kPositions = 16, kHidden = 20;

class Weights {
 public:
  const std::vector<float>& add(const std::string& name, std::vector<int64_t> shape, float size,
                                float centre = 0) {
    const int64_t count = element_count(shape).value();
    std::vector<float> values = test::random_floats({1, 1, 1, static_cast<int>(count)}, ++seed_);
    for (float& value : values) value = centre + size * value;
    EXPECT_TRUE(store.add(name, DType::f32, std::move(shape), std::as_bytes(std::span(values))).ok());
    return values_[name] = values;
  }
  const std::vector<float>& operator[](const std::string& name) const { return values_.at(name); }

  WeightStore store;

 private:
  uint64_t seed_ = 0;
  std::map<std::string, std::vector<float>> values_;
};

Weights block_weights() {
  Weights w;
  w.add("table", {kVocabulary, kDim}, 1);
  w.add("positions", {1, kPositions, kDim}, 1);
  w.add("norm.gamma", {kDim}, 0.5f, 1);
  w.add("norm.beta", {kDim}, 0.5f);
  for (const char* name : {"q", "k", "v", "out"}) {
    w.add(std::string(name) + ".weight", {kDim, kDim}, 0.5f);
    w.add(std::string(name) + ".bias", {kDim}, 0.5f);
  }
  w.add("up.weight", {kHidden, kDim}, 0.5f);
  w.add("down.weight", {kDim, kHidden}, 0.5f);
  w.add("down.scale", {kDim}, 1);
  return w;
}

enum class Joining { none, key_value, all };

// Embedding, norm, attention and a gelu layer, both with residuals; then the last row of each sequence.
Result<Graph> block_graph(bool causal, Joining joining, bool segments) {
  GraphBuilder graph;
  const Value ids = graph.input("ids", {1, 1, Shape::kUnknown, 1}, DType::i32);
  std::vector<Value> ends;
  if (segments) ends.push_back(graph.input("segments", {1, 1, Shape::kUnknown, 1}, DType::i32));
  const auto with_ends = [&](std::vector<Value> inputs) {
    inputs.insert(inputs.end(), ends.begin(), ends.end());
    return inputs;
  };
  const auto projection = [](const std::string& name) {
    return LinearAttributes{.weight = name + ".weight", .bias = name + ".bias", .in = kDim, .out = kDim};
  };
  Value x = graph.add("embedding", embedding({"table", "positions", kVocabulary, kPositions, kDim, segments}),
                      with_ends({ids}));
  const Value y = graph.add("norm", layer_norm({"norm.gamma", "norm.beta", 1e-5, kDim}), {x});
  AttentionAttributes attributes{kHeads,  kDim / kHeads, 0.5f, causal, AttentionAttributes::Inputs::q_k_v,
                                 segments};
  std::vector<Value> qkv;
  if (joining == Joining::none) {
    for (const char* name : {"q", "k", "v"}) qkv.push_back(graph.add(name, linear(projection(name)), {y}));
  } else if (joining == Joining::key_value) {
    attributes.inputs = AttentionAttributes::Inputs::q_kv;
    qkv.push_back(graph.add("q", linear(projection("q")), {y}));
    qkv.push_back(graph.add("kv", linear_joined({projection("k"), projection("v")}), {y}));
  } else {
    attributes.inputs = AttentionAttributes::Inputs::qkv;
    qkv.push_back(graph.add("qkv", linear_joined({projection("q"), projection("k"), projection("v")}), {y}));
  }
  const Value attended = graph.add("attention", attention(attributes), with_ends(qkv));
  const Value out = graph.add("out", linear(projection("out")), {attended});
  x = graph.add("add1", binary(BinaryOp::add), {out, x});
  Value hidden =
      graph.add("up", linear({.weight = "up.weight", .bias = "", .in = kDim, .out = kHidden}), {x});
  hidden = graph.add("gelu", activation({Activation::gelu}), {hidden});
  hidden = graph.add(
      "down",
      linear({.weight = "down.weight", .bias = "", .in = kHidden, .out = kDim, .scale = "down.scale"}),
      {hidden});
  x = graph.add("add2", binary(BinaryOp::add), {x, hidden});
  graph.output("tokens", x);
  graph.output("last", graph.add("last", sequence_pool(SequencePool::last, segments), with_ends({x})));
  return graph.finish();
}

std::vector<double> linear_oracle(const Weights& w, const std::string& name, const std::vector<double>& x) {
  const std::vector<float>& weight = w[name + ".weight"];
  const size_t out = weight.size() / x.size();
  std::vector<double> y(out, 0.0);
  for (size_t o = 0; o < out; ++o) {
    for (size_t i = 0; i < x.size(); ++i) y[o] += weight[o * x.size() + i] * x[i];
    if (name != "up" && name != "down") y[o] += w[name + ".bias"][o];
    if (name == "down") y[o] *= w["down.scale"][o];
  }
  return y;
}

// The block over one sequence, in double.
std::vector<std::vector<double>> block_oracle(const Weights& w, std::span<const int32_t> ids, bool causal) {
  std::vector<std::vector<double>> x, q, k, v;
  for (size_t t = 0; t < ids.size(); ++t) {
    std::vector<double> row(kDim), y(kDim);
    double mean = 0, variance = 0;
    for (size_t i = 0; i < kDim; ++i) {
      row[i] = static_cast<double>(w["table"][static_cast<size_t>(ids[t]) * kDim + i]) +
               w["positions"][t * kDim + i];
      mean += row[i] / kDim;
    }
    for (const double value : row) variance += (value - mean) * (value - mean) / kDim;
    for (size_t i = 0; i < kDim; ++i) {
      y[i] = (row[i] - mean) / std::sqrt(variance + 1e-5) * w["norm.gamma"][i] + w["norm.beta"][i];
    }
    x.push_back(row);
    q.push_back(linear_oracle(w, "q", y)), k.push_back(linear_oracle(w, "k", y)),
        v.push_back(linear_oracle(w, "v", y));
  }
  for (size_t t = 0; t < ids.size(); ++t) {
    std::vector<double> attended(kDim, 0.0);
    const size_t end = causal ? t + 1 : ids.size();
    for (size_t head = 0; head < kHeads; ++head) {
      std::vector<double> share(end);
      double sum = 0;
      for (size_t j = 0; j < end; ++j) {
        double dot = 0;
        for (size_t d = head * 4; d < head * 4 + 4; ++d) dot += q[t][d] * k[j][d];
        sum += share[j] = std::exp(dot * 0.5);
      }
      for (size_t j = 0; j < end; ++j) {
        for (size_t d = head * 4; d < head * 4 + 4; ++d) attended[d] += share[j] / sum * v[j][d];
      }
    }
    std::vector<double> row = linear_oracle(w, "out", attended);
    for (size_t i = 0; i < kDim; ++i) row[i] += x[t][i];
    std::vector<double> hidden = linear_oracle(w, "up", row);
    for (double& value : hidden) value = 0.5 * value * std::erfc(-value / std::sqrt(2.0));
    hidden = linear_oracle(w, "down", hidden);
    for (size_t i = 0; i < kDim; ++i) row[i] += hidden[i];
    x[t] = row;
  }
  return x;
}

struct Answer {
  std::vector<float> tokens, last;
  bool operator==(const Answer&) const = default;
};

Answer run(const PreparedModel& model, std::vector<int32_t> ids, std::vector<int32_t> segments, int threads) {
  const int tokens = static_cast<int>(ids.size()), ends = static_cast<int>(segments.size());
  const int count = segments.empty() ? 1 : ends - 1;
  std::vector<Shape> shapes{{1, 1, tokens, 1}};
  std::vector<TensorView> inputs{TensorView::dense(ids.data(), DType::i32, shapes[0])};
  if (!segments.empty()) {
    shapes.push_back({1, 1, ends, 1});
    inputs.push_back(TensorView::dense(segments.data(), DType::i32, shapes[1]));
  }
  Session session(model, *model.plan(shapes, threads));
  Answer answer{std::vector<float>(static_cast<size_t>(tokens * kDim)),
                std::vector<float>(static_cast<size_t>(count * kDim))};
  const TensorView outputs[] = {TensorView::dense(answer.tokens.data(), DType::f32, {1, 1, tokens, kDim}),
                                TensorView::dense(answer.last.data(), DType::f32, {1, 1, count, kDim})};
  EXPECT_TRUE(session.run(inputs, outputs).ok());
  return answer;
}

std::unique_ptr<PreparedModel> prepare(const Weights& w, bool causal, Joining joining, bool segments) {
  Result<Graph> graph = block_graph(causal, joining, segments);
  EXPECT_TRUE(graph.ok());
  Result<std::unique_ptr<PreparedModel>> model =
      PreparedModel::prepare(std::move(*graph), w.store, active_isa());
  EXPECT_TRUE(model.ok());
  return std::move(*model);
}

const std::vector<int32_t> kIds = {3, 19, 0, 7, 7, 11, 2, 5, 1, 18, 4, 4, 9};

TEST(SequenceOps, ABlockMatchesTheOracle) {
  Weights w = block_weights();
  for (const bool causal : {false, true}) {
    for (const Joining joining : {Joining::none, Joining::key_value, Joining::all}) {
      const Answer answer = run(*prepare(w, causal, joining, false), kIds, {}, 2);
      const std::vector<std::vector<double>> want = block_oracle(w, kIds, causal);
      for (size_t i = 0; i < answer.tokens.size(); ++i) {
        ASSERT_NEAR(answer.tokens[i], want[i / kDim][i % kDim], 2e-5) << "token " << i / kDim;
      }
      for (size_t i = 0; i < kDim; ++i)
        EXPECT_EQ(answer.last[i], answer.tokens[(kIds.size() - 1) * kDim + i]);
    }
  }
}

TEST(SequenceOps, ATextHasTheSameBitsAloneAndInABatch) {
  Weights w = block_weights();
  const std::vector<int32_t> segments = {0, 1, 6, 13};
  for (const bool causal : {false, true}) {
    const auto model = prepare(w, causal, Joining::all, true);
    const Answer all = run(*model, kIds, segments, 1);
    EXPECT_EQ(run(*model, kIds, segments, 4), all);
    for (size_t s = 0; s + 1 < segments.size(); ++s) {
      const int first = segments[s], end = segments[s + 1];
      const Answer one = run(*model, {kIds.begin() + first, kIds.begin() + end}, {0, end - first}, 3);
      EXPECT_EQ(one.tokens,
                std::vector<float>(all.tokens.begin() + first * kDim, all.tokens.begin() + end * kDim));
      EXPECT_TRUE(
          std::equal(one.last.begin(), one.last.end(), all.last.begin() + static_cast<int>(s) * kDim));
    }
  }
}

TEST(SequenceOps, WhatNobodyCheckedIsOurBugAndTouchesNothing) {
  Weights w = block_weights();
  const auto model = prepare(w, false, Joining::all, true);
  EXPECT_THROW(run(*model, {1, kVocabulary, 2}, {0, 3}, 2), InternalError);
  EXPECT_THROW(run(*model, {1, -1, 2}, {0, 3}, 2), InternalError);
  EXPECT_THROW(run(*model, {1, 1, 2}, {0, 4}, 2), InternalError);
  EXPECT_THROW(run(*model, {1, 1, 2}, {0, 0, 3}, 2), InternalError);
  EXPECT_THROW(run(*model, std::vector<int32_t>(kPositions + 1, 1), {0, kPositions + 1}, 2), InternalError);
}

TEST(SequenceOps, TheEmbeddingTableOutlivesTheStore) {
  std::vector<float> alone;
  std::unique_ptr<PreparedModel> model;
  {
    Weights w = block_weights();
    model = prepare(w, false, Joining::all, false);
    alone = run(*model, kIds, {}, 1).tokens;
  }
  EXPECT_EQ(run(*model, kIds, {}, 1).tokens, alone);
}

TEST(SequenceOps, RefuseShapesThatDoNotFit) {
  const auto error = [](std::unique_ptr<Op> op, std::vector<Shape> inputs) {
    const Result<Shape> shape = op->infer(inputs);
    return shape.ok() ? "none" : shape.error().message;
  };
  const Shape tokens{1, 1, 7, 12}, wide{1, 1, 7, 36};
  EXPECT_EQ(error(layer_norm({"g", "b", 1e-5, 8}), {tokens}), "expected 8 channels, found 12");
  EXPECT_EQ(
      error(attention({.heads = 3, .head_dim = 4, .inputs = AttentionAttributes::Inputs::qkv}), {tokens}),
      "expected a map of one row and 36 channels, found 1x1x7x12");
  EXPECT_EQ(error(attention({.heads = 3, .head_dim = 4}), {wide}), "attention takes 3 inputs, found 1");
  EXPECT_EQ(
      error(attention({.heads = 3, .head_dim = 4, .causal = true}), {tokens, {1, 1, 8, 12}, {1, 1, 8, 12}}),
      "expected as many keys as queries, found 1x1x8x12 and 1x1x7x12");
  EXPECT_EQ(error(embedding({.table = "t", .positions = "p", .vocabulary = 5, .most_positions = 4, .c = 3}),
                  {{1, 1, 5, 1}}),
            "expected at most 4 tokens, found 5");
  EXPECT_EQ(error(patch_sequence({.c = 3}), {{1, 2, 2, 4}}), "expected 3 channels, found 4");
  EXPECT_EQ(error(sequence_pool(SequencePool::last, true), {tokens, {1, 2, 2, 4}}),
            "expected segments of shape 1x1x?x1, found 1x2x2x4");
  EXPECT_EQ(error(attention({.heads = 3, .head_dim = 4}), {tokens, {1, 1, 9, 12}, {1, 1, 9, 12}}), "none");
}

TEST(PatchSequence, TakesStoredAndGivenPositions) {
  Weights w;
  w.add("cls", {1, 1, 3}, 1);
  w.add("positions", {1, 7, 3}, 1);
  const std::vector<float> src = test::random_floats({2, 2, 3, 3}, 9);
  std::vector<std::vector<float>> results;
  for (const bool given : {false, true}) {
    GraphBuilder builder;
    const Value x = builder.input("x", {2, 2, 3, 3});
    builder.output("y", builder.add("y",
                                    patch_sequence({"cls", given ? "" : "positions",
                                                    given ? w["positions"] : std::vector<float>(), 3}),
                                    {x}));
    builder.output("queries", builder.add("queries", learned_rows("positions", 7, 3), {x}));
    Result<Graph> graph = builder.finish();
    ASSERT_TRUE(graph.ok());
    const auto model = PreparedModel::prepare(std::move(*graph), w.store, active_isa());
    ASSERT_TRUE(model.ok());
    const Shape shapes[] = {{2, 2, 3, 3}};
    Session session(**model, *(*model)->plan(shapes, 2));
    std::vector<float> in = src, y(2 * 7 * 3), queries(2 * 7 * 3);
    const TensorView inputs[] = {TensorView::dense(in.data(), DType::f32, shapes[0])};
    const TensorView outputs[] = {TensorView::dense(y.data(), DType::f32, {2, 1, 7, 3}),
                                  TensorView::dense(queries.data(), DType::f32, {2, 1, 7, 3})};
    ASSERT_TRUE(session.run(inputs, outputs).ok());
    for (size_t i = 0; i < y.size(); ++i) {
      const size_t image = i / 21, row = i % 21 / 3, c = i % 3;
      const float from = row == 0 ? w["cls"][c] : src[image * 18 + (row - 1) * 3 + c];
      EXPECT_EQ(y[i], from + w["positions"][row * 3 + c]);
      EXPECT_EQ(queries[i], w["positions"][i % 21]);
    }
  }
}

TEST(CheckIds, NamesTheOneThatIsWrong) {
  EXPECT_TRUE(check_ids(std::vector<int32_t>{0, 4}, 5).ok());
  EXPECT_TRUE(check_ids({}, 5).ok());
  EXPECT_EQ(check_ids(std::vector<int32_t>{0, 5}, 5).error().message,
            "expected token ids from 0 to 4, found 5 at position 1");
  EXPECT_EQ(check_ids(std::vector<int32_t>{-1}, 5).error().message,
            "expected token ids from 0 to 4, found -1 at position 0");
}

TEST(CheckSegments, NamesWhatIsWrong) {
  EXPECT_TRUE(check_segments(std::vector<int32_t>{0, 2, 5}, 5, 3).ok());
  EXPECT_EQ(check_segments({}, 5).error().message, "expected segments from 0 to 5, found none");
  EXPECT_EQ(check_segments(std::vector<int32_t>{0, 4}, 5).error().message,
            "expected segments from 0 to 5, found 0 to 4");
  EXPECT_EQ(check_segments(std::vector<int32_t>{0, 3, 2, 5}, 5).error().message,
            "expected sequences of 1 to 5 tokens, found one of -1 (number 1)");
  EXPECT_EQ(check_segments(std::vector<int32_t>{0, 5}, 5, 4).error().message,
            "expected sequences of 1 to 4 tokens, found one of 5 (number 0)");
}

}  // namespace
}  // namespace ink
