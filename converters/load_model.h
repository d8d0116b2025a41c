#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "kernels/base/result.h"
#include "weights/limits.h"
#include "weights/store.h"

namespace ink {

struct LoadOptions {
  // As ConvertOptions::pro; a converted file says itself what it is. Unset, a pair of ncnn files is pro where
  // the catalog knows its hash as such, or, unknown there, where it lies in a folder "models-pro".
  std::optional<bool> pro;
  bool mmap = true;
  ModelLimits limits;
};

// A model in any form that is understood; the content decides which: a converted .safetensors; a .safetensors
// with the tensor names of the original torch code; a pair of ncnn files, of which either may be named and
// the other lies beside it under the same name. Released forms are converted in memory.
// Errors: no_input (a file is missing), io, limit, model.
Result<WeightStore> load_model(const std::string& path, const LoadOptions& options = {});

// A pair of ncnn files in memory.
struct NcnnFiles {
  std::string param_origin, bin_origin;
  std::span<const std::byte> param, bin;
  std::shared_ptr<const void> bin_owner;  // what is loaded borrows from bin
};
Result<WeightStore> load_ncnn(const NcnnFiles& files, const LoadOptions& options = {});

}  // namespace ink
