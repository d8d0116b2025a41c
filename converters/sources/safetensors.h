#pragma once

#include <memory>

#include "converters/sources/source.h"
#include "weights/store.h"

namespace ink {

// The tensors of a safetensors file, under the names of the file; texts() is its metadata. What read() gives
// shares the store.
std::unique_ptr<TensorSource> open_safetensors_source(std::shared_ptr<const WeightStore> store);

}  // namespace ink
