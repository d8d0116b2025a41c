#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/architecture.h"
#include "tests/weights/sample_files.h"

namespace ink::test {

// What tests/reference/transformer_golden.py wrote: a checkpoint's files with made-up values, what goes in,
// and what the original makes of it.
struct TransformerGolden {
  struct Tensor {
    std::string file, name;
    DType dtype = DType::f32;
    std::vector<int64_t> shape;
  };
  struct Output {
    int size = 0;
    double own_error = 0;  // of the original in float32, of the largest value
    std::vector<double> values;
  };
  std::map<std::string, std::string> texts;
  std::vector<Tensor> tensors;
  std::vector<std::vector<int32_t>> tokens;
  std::string pictures;
  int n = 0, side = 0;
  double low = 0, high = 0;
  std::map<std::string, Output> outputs;  // "text", "image"

  // Writes the checkpoint into a folder.
  void write(const TempFolder& folder) const;
  std::vector<float> pixels() const;
};

TransformerGolden transformer_golden(const std::string& name);

// A checkpoint as load_model() gives it, whose pictures are made as large as the golden's.
std::shared_ptr<WeightStore> load_golden(const std::string& path, const TransformerGolden& golden);

// Whether a model of the store gives the golden's rows: at most 2e-5 of the largest value off, or four times
// what the original's own float32 is, and the cosine at least 0.999999; and the same bits for all rows at
// once, for each alone and for any number of threads.
void expect_texts(const std::shared_ptr<const WeightStore>& store, const TransformerGolden& golden);
void expect_pictures(const std::shared_ptr<const WeightStore>& store, const TransformerGolden& golden);

}  // namespace ink::test
