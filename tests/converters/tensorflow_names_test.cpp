#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "converters/sources/tensorflow/object_graph.h"
#include "converters/sources/tensorflow/tensor_names.h"
#include "tests/converters/sample_tensorflow.h"

namespace ink {
namespace {

using test::Proto;

// The names of the keys, those of no weight in brackets.
std::vector<std::string> names_of(std::vector<std::string_view> keys,
                                  const std::vector<GraphVariable>& variables = {}) {
  std::vector<std::string> names;
  for (const TensorName& name : name_tensors(keys, variables)) {
    names.push_back(name.is_weight ? name.name : "[" + name.name + "]");
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(TensorFlowNames, WithoutAGraph) {
  EXPECT_EQ(names_of({"a/.ATTRIBUTES/VARIABLE_VALUE", "b"}), (Names{"a", "b"}));
  // A slot only beside its variable; an average of weights is none.
  EXPECT_EQ(
      names_of({"beta1_power", "lone/Adam", "w", "w/Adam", "w/Adam_1", "w/ExponentialMovingAverage"}),
      (Names{"[beta1_power]", "lone/Adam", "w", "[w/Adam]", "[w/Adam_1]", "w/ExponentialMovingAverage"}));
}

TEST(TensorFlowNames, FullNames) {
  EXPECT_EQ(names_of({"k0", "k1", "k2"}, {{"k0", "dense/kernel", true}, {"k2", "", true}}),
            (Names{"dense/kernel", "k1", "k2"}));
  EXPECT_EQ(names_of({"k0", "k1", "k2"}, {{"k0", "same", true}, {"k1", "same", true}, {"k2", "alone", true}}),
            (Names{"k0", "k1", "alone"}));
  // What is no weight takes no name from one.
  EXPECT_EQ(names_of({"k0", "k1"}, {{"k0", "same", true}, {"k1", "same", false}}), (Names{"same", "[same]"}));
  EXPECT_EQ(names_of({"w/.OPTIMIZER_SLOT/o/m"}, {{"w/.OPTIMIZER_SLOT/o/m", "m", true}}), (Names{"[m]"}));
}

// k0 and k1 fall back to their keys, so that k2, which is called k0, has to as well, and k3 in turn.
TEST(TensorFlowNames, FallingBackUpsetsOthers) {
  EXPECT_EQ(names_of({"k0", "k1", "k2", "k3", "k4"}, {{"k0", "same", true},
                                                      {"k1", "same", true},
                                                      {"k2", "k0", true},
                                                      {"k3", "k2", true},
                                                      {"k4", "free", true}}),
            (Names{"k0", "k1", "k2", "k3", "free"}));
}

Proto node(std::initializer_list<std::pair<uint64_t, const char*>> edges, const char* key = nullptr) {
  Proto proto;
  for (const auto& [to, edge] : edges) proto.message(1, Proto().number(1, to).text(2, edge));
  if (key != nullptr) proto.message(2, Proto().text(1, "VARIABLE_VALUE").text(2, key).text(3, key));
  return proto;
}

// The keys of weights.
Names weights_of(const std::vector<Proto>& nodes) {
  Proto graph;
  for (const Proto& one : nodes) graph.message(1, one);
  const std::string file = "g";
  const auto variables = read_object_graph(std::as_bytes(std::span(graph.bytes)), {&file, 0}, {});
  EXPECT_TRUE(variables.ok());
  EXPECT_TRUE(std::ranges::is_sorted(*variables, {}, &GraphVariable::key));
  Names weights;
  for (const GraphVariable& variable : *variables) {
    if (variable.is_weight) weights.emplace_back(variable.key);
  }
  return weights;
}

TEST(TensorFlowNames, WhatOnlyOptimizersReach) {
  const Proto slots = node({{3, "iter"}}).message(3, Proto().number(1, 2).text(2, "m").number(3, 4));
  EXPECT_EQ(weights_of(
                {node({{1, "trainer"}, {2, "w"}}), slots, node({}, "w"), node({}, "iter"), node({}, "slot")}),
            Names{"w"});
  const Proto keras = node({{2, "_iterations"}, {3, "_learning_rate"}, {4, "model"}});
  EXPECT_EQ(weights_of({node({{1, "anything"}, {4, "w"}}), keras, node({}, "steps"), node({}, "rate"),
                        node({}, "w")}),
            Names{"w"});
  // A model may have a rate of its own.
  EXPECT_EQ(weights_of({node({{1, "part"}}), node({{2, "learning_rate"}}), node({}, "rate")}), Names{"rate"});
  EXPECT_EQ(weights_of({node({{1, "save_counter"}, {2, "optimizer"}}), node({}, "count"), node({}, "o")}),
            Names{});
}

TEST(TensorFlowNames, Metrics) {
  EXPECT_EQ(weights_of({node({{1, "keras_api"}, {4, "metrics"}}), node({{2, "metrics"}, {3, "layers"}}),
                        node({}, "total"), node({}, "w"), node({}, "own")}),
            (Names{"own", "w"}));
}

}  // namespace
}  // namespace ink
