#include "engine/ops/sequence_op.h"

namespace ink {
namespace {

class PreparedEmbedding : public PreparedOp {
 public:
  // owner keeps the table's bytes.
  PreparedEmbedding(Table table, std::shared_ptr<const void> owner, AlignedBuffer<float> positions,
                    bool segments)
      : table_(table), owner_(std::move(owner)), positions_(std::move(positions)), segments_(segments) {}

  const char* kernel() const override { return "embedding_reference"; }
  size_t packed_bytes() const override { return positions_.size() * sizeof(float); }
  // The rows of the table that the ids ask for are as large as the output.
  double bytes(std::span<const Shape> inputs, const Shape& output) const override {
    return PreparedOp::bytes(inputs, output) + static_cast<double>(output.elements()) * sizeof(float);
  }
  Rect input_region(size_t input, Rect region, std::span<const Shape> inputs,
                    const Shape& output) const override {
    return whole_map(region, inputs[input], output);
  }
  void run(const RunContext& context) const override {
    const View<const int32_t> ids = context.inputs[0].integers();
    const std::span<const int32_t> segments = segments_of(context, segments_, ids.w);
    for (int image = 0; image < ids.n; ++image) {
      for (int t = 0; t < ids.w; ++t)
        INK_CHECK(*ids.at(image, 0, t) >= 0 && *ids.at(image, 0, t) < table_.rows);
    }
    if (positions_.size() > 0) {
      const auto most = static_cast<int64_t>(positions_.size()) / table_.c;
      for (size_t s = 0; s + 1 < segments.size(); ++s) INK_CHECK(segments[s + 1] - segments[s] <= most);
      INK_CHECK(segments_ || ids.w <= most);
    }
    embed_tokens(table_, positions_.data(), ids, segments, context.output.floats(), context.threads);
  }

 private:
  Table table_;
  std::shared_ptr<const void> owner_;
  AlignedBuffer<float> positions_;
  bool segments_;
};

class Embedding : public Op {
 public:
  explicit Embedding(EmbeddingAttributes attributes) : attributes_(std::move(attributes)) {}

  const char* kind() const override { return "embedding"; }

  Result<Shape> infer(std::span<const Shape> inputs) const override {
    const size_t expected = attributes_.segments ? 2 : 1;
    if (inputs.size() != expected) return wrong_inputs(kind(), expected, inputs.size());
    const Shape& ids = inputs[0];
    if (ids.h != 1 || ids.c != 1 || (attributes_.segments && ids.n != 1)) {
      return Error{ErrorKind::model, "expected ids of shape 1x1x?x1, found " + ids.text()};
    }
    if (attributes_.segments) {
      INK_TRY_STATUS(count_of_segments(inputs[1]).status());
    } else if (!attributes_.positions.empty() && ids.w > attributes_.most_positions) {
      return Error{ErrorKind::limit, "expected at most " + std::to_string(attributes_.most_positions) +
                                         " tokens, found " + std::to_string(ids.w)};
    }
    return Shape{ids.n, 1, ids.w, attributes_.c};
  }

  Result<std::unique_ptr<PreparedOp>> prepare(const PrepareContext& context) const override {
    const int64_t shape[] = {attributes_.vocabulary, attributes_.c};
    INK_TRY(const StoredTensor* stored, context.weights.expect(attributes_.table, shape));
    std::shared_ptr<const void> owner = context.weights.owner_of(*stored);
    Table table{stored->bytes.data(), stored->dtype, attributes_.vocabulary, attributes_.c};
    if (owner == nullptr) {
      const auto copy = std::make_shared<AlignedBuffer<std::byte>>(stored->bytes.size());
      std::copy(stored->bytes.begin(), stored->bytes.end(), copy->data());
      table.data = copy->data();
      owner = copy;
    }
    AlignedBuffer<float> positions;
    if (!attributes_.positions.empty()) {
      const int64_t count = static_cast<int64_t>(attributes_.most_positions) * attributes_.c;
      INK_TRY(positions, stored_values(context.weights, attributes_.positions, count));
    }
    return std::unique_ptr<PreparedOp>(
        new PreparedEmbedding(table, std::move(owner), std::move(positions), attributes_.segments));
  }

 private:
  EmbeddingAttributes attributes_;
};

}  // namespace

std::unique_ptr<Op> embedding(EmbeddingAttributes attributes) {
  return std::make_unique<Embedding>(std::move(attributes));
}

}  // namespace ink
