#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "converters/sources/source.h"
#include "weights/limits.h"

namespace ink {

// Both read from bytes that `owner` keeps alive; `origin` is their name in messages. Contiguous tensors are
// borrowed from the bytes, chunked ones are unpacked by read(). Errors (model) name the file, an offset in it
// and the reason.

// An HDF5 file, whatever its name.
// - Whole models and weights of Keras 1 and 2, tf.keras and Keras 3 (format "Keras HDF5"): tensors in the
// order
//   of layer_names and weight_names, under the names there ("conv1_conv/kernel:0"); where several layers use
//   a name, each of these is "<layer>/<name>". texts() has "model_config" where the file does. The state of
//   an optimizer is unknown().
// - Weights of Keras 3 ("Keras 3 HDF5", NAME.weights.h5): tensors by path, "layers/conv2d/vars/0".
// - Any other ("HDF5"): every dataset by path.
// Datasets of types that no tensor has are unknown(), except where Keras names them as weights.
Result<std::unique_ptr<TensorSource>> open_keras_h5(std::span<const std::byte> bytes,
                                                    std::shared_ptr<const void> owner,
                                                    const std::string& origin,
                                                    const ModelLimits& limits = {});

// A .keras archive ("Keras zip"): metadata.json, config.json and model.weights.h5, whose tensors are named as
// in a file of weights of Keras 3. texts() has "config.json" and "metadata.json". Offsets in messages about
// tensors count from the beginning of model.weights.h5.
Result<std::unique_ptr<TensorSource>> open_keras_zip(std::span<const std::byte> bytes,
                                                     std::shared_ptr<const void> owner,
                                                     const std::string& origin,
                                                     const ModelLimits& limits = {});

}  // namespace ink
