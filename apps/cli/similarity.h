#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/cli/vector_writer.h"
#include "kernels/base/result.h"

namespace ink::cli {

// How alike vectors are: pictures in rows and texts in columns, or, where there is only one kind, each with
// each. With CLIP's scale, the exponential of its logit_scale, also scale * cosine and its softmax over a
// row, CLIP's probability of each text for a picture. Printed as a table, tabs between cells, or as
//   {"rows":[names],"columns":[names],"cosine":[[...],...],"logits":[[...],...],"probabilities":[[...],...]}
// with null for what failed.
class Similarity : public VectorSink {
 public:
  Similarity(const VectorItems& items, std::optional<float> scale, bool json)
      : VectorSink(false), items_(items), scale_(scale), json_(json), vectors_(items.size()) {}

  Status finish() override;

 private:
  Status add(size_t item, std::span<const float> vector) override;
  Status lose(size_t, const Error&) override { return {}; }

  const VectorItems& items_;
  const std::optional<float> scale_;
  const bool json_;
  std::vector<std::vector<double>> vectors_;  // of length 1; empty for what failed
};

}  // namespace ink::cli
