#pragma once

#include <span>

#include "engine/op.h"
#include "weights/store.h"

namespace ink {

// A copy of a store in which `weights` are bytes beside their scales (kScaleSuffix), one an output channel:
// q = round(w * 127 / largest |w|), ties to even, scale = largest / 127; and which says so (kPrecisionKey).
// Tensors that stay borrow what the store's owner keeps alive. Errors: as WeightStore::floats().
Result<WeightStore> to_int8(const std::shared_ptr<const WeightStore>& store,
                            std::span<const ReducedWeight> weights);

}  // namespace ink
