#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/tensorflow/protobuf.h"
#include "weights/limits.h"

namespace ink {

// The key of a checkpoint that has an object graph.
inline constexpr std::string_view kObjectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH";

// What the object graph says about one key. Borrowed from the bytes of the graph.
struct GraphVariable {
  std::string_view key;
  std::string_view full_name;  // as the variable was created, "conv1_conv/kernel"; empty where it had none
  // Whether the model reaches it otherwise than through an optimizer, a metric or a counter of saves.
  bool is_weight = false;
};

// The variables of a TrackableObjectGraph, by key. A node is an optimizer where it has slots or has the
// children by which Keras' optimizers count their steps; what only optimizers reach is no weight.
// `names`, by node, are those of what the graph itself says no name of; the result borrows them, too.
// Error (model): broken, beyond the limits, or one key twice.
Result<std::vector<GraphVariable>> read_object_graph(std::span<const std::byte> bytes, Place place,
                                                     const ModelLimits& limits,
                                                     std::span<const std::string> names = {});

}  // namespace ink
