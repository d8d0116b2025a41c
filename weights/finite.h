#pragma once

#include <string_view>

#include "kernels/base/result.h"
#include "weights/store.h"

namespace ink {

// Error (model), naming tensor and index: some F32, F16, BF16 or F64 element is NaN or infinite; the first
// one, on any number of threads.
Status check_finite(const WeightStore& store, int threads = 1);

// The same of one tensor of `origin`, which is about to be read: its pages are kept.
Status check_finite(const StoredTensor& tensor, std::string_view origin);

}  // namespace ink
