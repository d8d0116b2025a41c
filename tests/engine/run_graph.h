#pragma once

#include <memory>
#include <vector>

#include "engine/session.h"
#include "tests/engine/twin_graph.h"

namespace ink::test {

inline TensorView tensor_view(View<float> view) {
  return {view.data,         DType::f32,      {view.n, view.h, view.w, view.c},
          view.image_stride, view.row_stride, view.pixel_stride};
}

// The maps that a session reads and writes, between guard pages.
struct SessionMaps {
  std::vector<std::unique_ptr<TestMap<float>>> inputs, outputs;
  std::vector<TensorView> input_views, output_views;

  // layout(i) arranges the i-th map, inputs first.
  template <class LayoutOf>
  SessionMaps(const TwinGraph& twin, LayoutOf layout) {
    size_t count = 0;
    const auto make = [&](Shape shape, auto& maps, auto& views) {
      maps.push_back(std::make_unique<TestMap<float>>(shape, shape.whole(), layout(count++),
                                                      GuardedFloats::Side::guard_after));
      views.push_back(tensor_view(maps.back()->view()));
    };
    for (const Shape& shape : twin.input_shapes()) make(shape, inputs, input_views);
    for (const Value value : twin.outputs()) make(twin.shape(value), outputs, output_views);
  }

  void fill_inputs(const TwinGraph& twin) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      inputs[i]->fill(twin.inputs()[i], twin.input_shapes()[i].whole());
    }
  }
  std::vector<std::vector<float>> results(const TwinGraph& twin) const {
    std::vector<std::vector<float>> all;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Shape shape = twin.shape(twin.outputs()[i]);
      const View<float> view = outputs[i]->view();
      std::vector<float>& values = all.emplace_back();
      for (int n = 0; n < shape.n; ++n) {
        for (int y = 0; y < shape.h; ++y) {
          for (int x = 0; x < shape.w; ++x) {
            values.insert(values.end(), view.at(n, y, x), view.at(n, y, x) + shape.c);
          }
        }
      }
    }
    return all;
  }
  bool only_outputs_written(const TwinGraph& twin) const {
    bool clean = true;
    for (size_t i = 0; i < outputs.size(); ++i) {
      clean &= outputs[i]->untouched_outside(twin.shape(twin.outputs()[i]).whole());
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Rect whole = twin.input_shapes()[i].whole();
      clean &= inputs[i]->untouched_outside(whole) && inputs[i]->equals(twin.inputs()[i], whole);
    }
    return clean;
  }
};

inline std::vector<ink::Shape> planned_shapes(const TwinGraph& twin) {
  std::vector<ink::Shape> shapes;
  for (const Shape& shape : twin.input_shapes()) shapes.push_back(engine_shape(shape));
  return shapes;
}

// Takes the graph out of the twin. A test fails where it cannot be prepared.
inline std::unique_ptr<PreparedModel> prepare(TwinGraph& twin, Isa isa = active_isa()) {
  Result<Graph> graph = twin.finish();
  if (!graph.ok()) {
    ADD_FAILURE() << graph.error().message;
    return nullptr;
  }
  Result<std::unique_ptr<PreparedModel>> model =
      PreparedModel::prepare(std::move(*graph), twin.weights(), isa);
  if (!model.ok()) {
    ADD_FAILURE() << model.error().message;
    return nullptr;
  }
  return std::move(*model);
}

inline std::shared_ptr<const Plan> plan(const PreparedModel& model, const TwinGraph& twin, int threads) {
  Result<std::shared_ptr<const Plan>> made = model.plan(planned_shapes(twin), threads);
  if (!made.ok()) {
    ADD_FAILURE() << made.error().message;
    return nullptr;
  }
  return *made;
}

// Runs a model on the inputs of the twin, in dense maps.
inline std::vector<std::vector<float>> run(const PreparedModel& model, const TwinGraph& twin,
                                           int threads = 1) {
  Session session(model, plan(model, twin, threads));
  SessionMaps maps(twin, [](size_t) { return Layout::dense; });
  maps.fill_inputs(twin);
  const Status status = session.run(maps.input_views, maps.output_views);
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(maps.only_outputs_written(twin));
  return maps.results(twin);
}

inline void expect_results(const TwinGraph& twin, const std::vector<std::vector<float>>& results) {
  ASSERT_EQ(results.size(), twin.outputs().size());
  for (size_t i = 0; i < results.size(); ++i) {
    ASSERT_TRUE(matches(twin.expected_of(twin.outputs()[i]), results[i])) << "output " << i;
  }
}

}  // namespace ink::test
