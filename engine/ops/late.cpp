#include "engine/ops/late.h"

#include <atomic>
#include <utility>

#include "weights/file.h"
#include "weights/finite.h"

namespace ink {
namespace {

class PreparedLate : public PreparedOp {
 public:
  PreparedLate(MakeOp make, ReleasedTensors released)
      : released_(std::move(released)), make_(std::move(make)) {
    Packing counted;
    shape_ = make_(counted);
    packed_bytes_ = counted.taken;
  }

  const char* kernel() const override { return shape_->kernel(); }
  std::string note() const override { return shape_->note(); }
  size_t scratch_bytes(std::span<const Shape> inputs, const Shape& output, int threads) const override {
    return packed_bytes_ + shape_->scratch_bytes(inputs, output, threads);
  }
  size_t packed_bytes() const override { return shape_->packed_bytes(); }
  bool image_by_image() const override { return shape_->image_by_image(); }
  bool may_overwrite(size_t input) const override { return shape_->may_overwrite(input); }
  double flops(std::span<const Shape> inputs, const Shape& output) const override {
    return shape_->flops(inputs, output);
  }
  double bytes(std::span<const Shape> inputs, const Shape& output) const override {
    return shape_->bytes(inputs, output);
  }
  Rect input_region(size_t input, Rect region, std::span<const Shape> inputs,
                    const Shape& output) const override {
    return shape_->input_region(input, region, inputs, output);
  }
  int grid() const override { return shape_->grid(); }
  bool elementwise_in(size_t input) const override { return shape_->elementwise_in(input); }
  bool gives_sums() const override { return shape_->gives_sums(); }

  void run(const RunContext& context) const override {
    Packing packing;
    packing.memory = reinterpret_cast<std::byte*>(context.scratch);
    packing.threads = context.threads;
    const std::unique_ptr<PreparedOp> op = make_(packing);
    INK_CHECK(packing.taken == packed_bytes_);
    for (const StoredTensor& tensor : released_.tensors) forget_pages(tensor.bytes);
    if (packing.non_finite) non_finite_.store(true, std::memory_order_relaxed);
    RunContext inner = context;
    inner.scratch += packed_bytes_ / sizeof(float);
    op->run(inner);
  }
  Status fault() const override {
    return non_finite_.load(std::memory_order_relaxed) ? released_.fault() : Status();
  }

 private:
  ReleasedTensors released_;  // outlives what borrows from it
  MakeOp make_;
  std::unique_ptr<PreparedOp> shape_;  // without weights
  size_t packed_bytes_ = 0;            // of scratch
  mutable std::atomic<bool> non_finite_{false};
};

}  // namespace

void ReleasedTensors::add(const WeightStore& store, const StoredTensor& tensor) {
  tensors.push_back(tensor);
  owners.push_back(store.owner_of(tensor));
  origin = store.origin();
}

Status ReleasedTensors::fault() const {
  for (const StoredTensor& tensor : tensors) INK_TRY_STATUS(check_finite(tensor, origin));
  return {};
}

std::unique_ptr<PreparedOp> prepared_late(MakeOp make, ReleasedTensors released) {
  return std::make_unique<PreparedLate>(std::move(make), std::move(released));
}

}  // namespace ink
