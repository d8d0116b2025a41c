#pragma once

#include <string>
#include <vector>

#include "converters/recognise.h"
#include "converters/sources/source.h"
#include "kernels/base/result.h"
#include "weights/store.h"

namespace ink {

struct ConvertOptions {
  bool check_finite = true;  // as LoadOptions
  RecogniseOptions recognise;
  // For the metadata; left out where empty.
  std::string source, source_sha256, license;
  int threads = 1;  // which read the weights and look for those that are not finite
};

// What became of the tensors of a source.
struct ConvertReport {
  std::string format;  // the source's
  struct Used {
    std::string source, name;  // in the source, in the model file
  };
  std::vector<Used> used;              // in the order of the model's table
  std::vector<std::string> left_over;  // names in the source
};

// A released checkpoint as a model file's store: the tensors of the model's table under its names, their type
// as released, and the inkstone.* metadata (docs/model-file.md). Borrows nothing from `source` but what its
// bytes' owners keep. Fills `report` where it is given. Error (model): no model of ours answers to the
// source, or an element is not finite.
Result<WeightStore> convert(const TensorSource& source, const ConvertOptions& options = {},
                            ConvertReport* report = nullptr);

}  // namespace ink
