#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "models/architecture.h"
#include "models/image_network.h"

namespace ink::test {

// What tests/reference/cnn_golden.py wrote: pictures by name, and what the original made of them.
struct CnnGolden {
  struct Output {
    std::string name;
    int size = 0;
    double own_error = 0;  // of the original in float32, of the largest value
    std::vector<double> values;
  };
  std::string picture;
  int n = 0, h = 0, w = 0;
  double low = 0, high = 1;
  double gain = 1.7;  // of the made-up weights
  std::vector<Output> outputs;

  std::vector<float> pixels() const;
  std::vector<std::string> output_names() const;
};

CnnGolden cnn_golden(const std::string& name);

// A store as a converter makes it of made-up weights.
std::shared_ptr<const WeightStore> made_up_store(std::string_view architecture, const std::string& config,
                                                 const ImagePreprocess& preprocess,
                                                 const std::vector<TensorSpec>& tensors, double gain);

// Runs all outputs of the golden, as one batch and picture by picture, and compares: at most 2e-5 of the
// largest value off, or four times what the original's own float32 is, and the cosine at least 0.999999.
void expect_golden(const std::shared_ptr<const WeightStore>& store, const CnnGolden& golden);
// The same for a checkpoint in tests/goldens, whose input is made as large as the golden's.
void expect_golden_of_file(const std::string& file, const CnnGolden& golden);

}  // namespace ink::test
