#include "kernels/sequence/sequence.h"

#include "engine/ops/sequence_op.h"

namespace ink {
namespace {

class PatchSequence : public Op {
 public:
  explicit PatchSequence(PatchSequenceAttributes attributes) : attributes_(std::move(attributes)) {}

  const char* kind() const override { return "patch_sequence"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    if (inputs.size() != 1) return wrong_inputs(kind(), 1, inputs.size());
    const Shape& src = inputs[0];
    if (src.c != attributes_.c) {
      return Error{ErrorKind::model,
                   "expected " + std::to_string(attributes_.c) + " channels, found " + std::to_string(src.c)};
    }
    if (src.h == Shape::kUnknown || src.w == Shape::kUnknown) return Shape{src.n, 1, Shape::kUnknown, src.c};
    const int64_t rows = static_cast<int64_t>(src.h) * src.w + (attributes_.first.empty() ? 0 : 1);
    const auto given = static_cast<int64_t>(attributes_.position_values.size());
    if (given != 0 && given != rows * src.c) {
      return Error{ErrorKind::model, "expected positions for " + std::to_string(given / src.c) +
                                         " rows, found " + std::to_string(rows)};
    }
    return Shape{src.n, 1, checked_size(rows), src.c};
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    AlignedBuffer<float> first, positions;
    if (!attributes_.first.empty()) {
      INK_TRY(first, stored_values(context.weights, attributes_.first, attributes_.c));
    }
    if (!attributes_.position_values.empty()) {
      positions = AlignedBuffer<float>(attributes_.position_values.size());
      std::copy(attributes_.position_values.begin(), attributes_.position_values.end(), positions.begin());
    } else if (!attributes_.positions.empty()) {
      INK_TRY(const Shape shape, infer(context.inputs));
      if (shape.w == Shape::kUnknown) {
        return Error{ErrorKind::model,
                     "stored positions need a map of known size, found " + context.inputs[0].text()};
      }
      INK_TRY(positions,
              stored_values(context.weights, attributes_.positions, static_cast<int64_t>(shape.w) * shape.c));
    }
    return simple_prepared(
        {"patch_sequence_reference", 1, false},
        [first = std::move(first), positions = std::move(positions)](const RunContext& run) {
          const View<float> dst = run.output.floats();
          INK_CHECK(positions.size() == 0 ||
                    positions.size() == static_cast<size_t>(dst.w) * static_cast<size_t>(dst.c));
          join_patches(first.data(), positions.data(), run.inputs[0].floats(), dst, run.threads);
        },
        whole_map);
  }

 private:
  PatchSequenceAttributes attributes_;
};

class LearnedRows : public Op {
 public:
  LearnedRows(std::string name, int rows, int c) : name_(std::move(name)), rows_(rows), c_(c) {}

  const char* kind() const override { return "learned_rows"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    if (inputs.size() != 1) return wrong_inputs(kind(), 1, inputs.size());
    return Shape{inputs[0].n, 1, rows_, c_};
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    INK_TRY(AlignedBuffer<float> rows,
            stored_values(context.weights, name_, static_cast<int64_t>(rows_) * c_));
    return simple_prepared(
        {"learned_rows_reference", 1, false},
        [rows = std::move(rows)](const RunContext& run) {
          const View<float> dst = run.output.floats();
          for (int image = 0; image < dst.n; ++image) {
            for (int t = 0; t < dst.w; ++t)
              std::copy_n(rows.data() + static_cast<int64_t>(t) * dst.c, dst.c, dst.at(image, 0, t));
          }
        },
        [](Rect, const Shape&, const Shape&) { return Rect{}; });
  }

 private:
  std::string name_;
  int rows_, c_;
};

class SequencePooling : public Op {
 public:
  SequencePooling(SequencePool pool, bool segments) : pool_(pool), segments_(segments) {}

  const char* kind() const override { return sequence_pool_name(pool_); }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    if (inputs.size() != (segments_ ? 2u : 1u)) return wrong_inputs(kind(), segments_ ? 2 : 1, inputs.size());
    const Shape& src = inputs[0];
    if (src.h != 1 || (segments_ && src.n != 1)) {
      return Error{ErrorKind::model, "expected a map of one row, found " + src.text()};
    }
    if (!segments_) return Shape{src.n, 1, 1, src.c};
    INK_TRY(const int count, count_of_segments(inputs[1]));
    return Shape{1, 1, count, src.c};
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext&) const override {
    return simple_prepared(
        {"sequence_pool_reference", 1, false},
        [pool = pool_, segments = segments_](const RunContext& run) {
          const View<const float> src = run.inputs[0].floats();
          pool_sequences(pool, src, segments_of(run, segments, src.w), run.output.floats(), run.threads);
        },
        whole_map);
  }

 private:
  SequencePool pool_;
  bool segments_;
};

class PickRows : public Op {
 public:
  const char* kind() const override { return "pick_rows"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    if (inputs.size() != 2) return wrong_inputs(kind(), 2, inputs.size());
    const Shape &src = inputs[0], &rows = inputs[1];
    if (src.n != 1 || src.h != 1 || rows.n != 1 || rows.h != 1 || rows.c != 1) {
      return Error{ErrorKind::model, "cannot pick rows " + rows.text() + " of " + src.text()};
    }
    return Shape{1, 1, rows.w, src.c};
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext&) const override {
    return simple_prepared(
        {"pick_rows_reference", 1, false},
        [](const RunContext& run) {
          const View<const float> src = run.inputs[0].floats();
          const std::span<const int32_t> rows = integers_of(run.inputs[1]);
          for (const int32_t row : rows) INK_CHECK(row >= 0 && row < src.w);
          pick_rows(src, rows, run.output.floats());
        },
        whole_map);
  }
};

}  // namespace

std::unique_ptr<Op> patch_sequence(PatchSequenceAttributes attributes) {
  return std::make_unique<PatchSequence>(std::move(attributes));
}

std::unique_ptr<Op> learned_rows(std::string name, int rows, int c) {
  return std::make_unique<LearnedRows>(std::move(name), rows, c);
}

std::unique_ptr<Op> sequence_pool(SequencePool pool, bool segments) {
  return std::make_unique<SequencePooling>(pool, segments);
}

std::unique_ptr<Op> pick_rows() { return std::make_unique<PickRows>(); }

}  // namespace ink
