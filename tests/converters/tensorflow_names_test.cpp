#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "converters/sources/tensorflow/object_graph.h"
#include "converters/sources/tensorflow/tensor_names.h"
#include "converters/sources/tensorflow/tensorflow.h"
#include "tests/converters/sample_tensorflow.h"

namespace ink {
namespace {

using test::Proto;

// The names of the keys, those of no weight in brackets.
std::vector<std::string> names_of(std::vector<std::string_view> keys,
                                  const std::vector<GraphVariable>& variables = {}, bool same = false) {
  std::vector<std::string> names;
  for (const TensorName& name : name_tensors(keys, variables, [&](size_t, size_t) { return same; })) {
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
  // One tensor that is there twice.
  const std::vector<GraphVariable> twice = {{"_all_variables/7", "same", true},
                                            {"variables/1", "same", true}};
  EXPECT_EQ(names_of({"_all_variables/7", "variables/1"}, twice, true), (Names{"[same]", "same"}));
  EXPECT_EQ(names_of({"_all_variables/7", "variables/1"}, twice), (Names{"_all_variables/7", "variables/1"}));
  EXPECT_EQ(names_of({"k0", "k1"}, {{"k0", "same", true}, {"k1", "same", true}}, true), (Names{"k0", "k1"}));
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

// What Keras 3 exports says no names in the checkpoint, but in saved_model.pb.
TEST(TensorFlowNames, OfTheNodes) {
  const auto variable = [](const char* key, const char* full_name) {
    return Proto().message(2, Proto().text(1, "VARIABLE_VALUE").text(2, full_name).text(3, key));
  };
  Proto graph;
  graph.message(1, node({{1, "a"}, {2, "b"}, {3, "c"}})).message(1, variable("k0", ""));
  graph.message(1, variable("k1", "own")).message(1, variable("k2", ""));
  const std::string file = "g";
  const std::vector<std::string> names = {"", "stem/kernel", "other"};
  const auto variables = read_object_graph(std::as_bytes(std::span(graph.bytes)), {&file, 0}, {}, names);
  ASSERT_TRUE(variables.ok()) << variables.error().message;
  ASSERT_EQ(variables->size(), 3u);
  EXPECT_EQ((*variables)[0].full_name, "stem/kernel");
  EXPECT_EQ((*variables)[1].full_name, "own");
  EXPECT_EQ((*variables)[2].full_name, "");

  const Proto objects = Proto()
                            .message(1, Proto().text(4, ""))
                            .message(1, Proto().message(7, Proto().number(1, 1).text(6, "stem/kernel")));
  const Proto saved = Proto().message(2, Proto().message(7, objects));
  const auto info = read_saved_model(std::as_bytes(std::span(saved.bytes)), "g");
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->variables, (Names{"", "stem/kernel"}));
  ModelLimits few;
  few.tf_graph_items = 1;
  EXPECT_FALSE(read_saved_model(std::as_bytes(std::span(saved.bytes)), "g", few).ok());
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
