#pragma once

#include <string>

#include "converters/convert.h"
#include "converters/sources/ncnn.h"
#include "kernels/base/result.h"
#include "weights/limits.h"
#include "weights/store.h"

namespace ink {

struct LoadOptions {
  // A converted file says itself what it is. Where `pro` is unset, a pair of ncnn files is pro where the
  // catalog knows its hash as such, or, unknown there, where it lies in a folder "models-pro".
  RecogniseOptions recognise;
  // Whether kSourceSha256Key is wanted of a file that is not ours: its hash takes longer than all the rest.
  bool hash_source = false;
  bool mmap = true;
  int threads = 1;  // which read the weights and look for those that are not finite
  // Whether every value has to be finite. Otherwise those that a network is made of have to be when it is
  // prepared, and the others are not read: a tower of CLIP that is not asked for, rows of tables of tokens.
  bool check_finite = true;
  ModelLimits limits;
};

// Whether it was written by us: safetensors with kArchitectureKey.
bool is_model_file(const TensorSource& source);

// A model in any form that is understood: a converted .safetensors, or a released checkpoint in any form of
// converters/sources/open.h, which is converted in memory; `report` then says which of its tensors were used.
// Errors: no_input (a file is missing), io, limit, model.
Result<WeightStore> load_model(const std::string& path, const LoadOptions& options = {},
                               ConvertReport* report = nullptr);

// A pair of ncnn files in memory; what is loaded borrows from them.
Result<WeightStore> load_ncnn(const NcnnFiles& files, const LoadOptions& options = {});

}  // namespace ink
