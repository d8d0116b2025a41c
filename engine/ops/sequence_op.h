#pragma once

#include <string>

#include "engine/ops/simple_op.h"

namespace ink {

// What the ops on sequences of tokens share. Such an op needs whole sequences: regions do not cut its inputs.

inline Rect whole_map(Rect, const Shape& input, const Shape&) { return {0, 0, input.h, input.w}; }

inline Error wrong_inputs(const char* kind, size_t expected, size_t found) {
  return {ErrorKind::model, std::string(kind) + " takes " + std::to_string(expected) + " inputs, found " +
                                std::to_string(found)};
}

// How many sequences a map of segments delimits, or Shape::kUnknown.
inline Result<int> count_of_segments(const Shape& segments) {
  if (segments.n != 1 || segments.h != 1 || segments.c != 1) {
    return Error{ErrorKind::model, "expected segments of shape 1x1x?x1, found " + segments.text()};
  }
  return grown(segments.w, -1);
}

// A stored vector or table of `count` values in all, whatever axes of size 1 a checkpoint gives it.
inline Result<AlignedBuffer<float>> stored_values(const WeightStore& store, const std::string& name,
                                                  int64_t count) {
  const StoredTensor* stored = store.find(name);
  const int64_t plain[] = {count};
  if (stored == nullptr || element_count(stored->shape) != count) return store.floats(name, plain);
  return store.floats(name, stored->shape);
}

// The values of an i32 map (1, 1, count, 1).
inline std::span<const int32_t> integers_of(const TensorView& map) {
  const View<int32_t> view = map.integers();
  INK_CHECK(view.n == 1 && view.h == 1 && view.c == 1 && view.pixel_stride == 1);
  return {view.data, static_cast<size_t>(view.w)};
}

// The last input of a run as segments of `tokens` tokens, or none. They were checked where they came from.
inline std::span<const int32_t> segments_of(const RunContext& run, bool segments, int tokens) {
  if (!segments) return {};
  const std::span<const int32_t> values = integers_of(run.inputs.back());
  INK_CHECK(values.size() >= 2 && values.front() == 0 && values.back() == tokens);
  for (size_t i = 0; i + 1 < values.size(); ++i) INK_CHECK(values[i] < values[i + 1]);
  return values;
}

}  // namespace ink
