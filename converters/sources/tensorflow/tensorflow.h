#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "converters/sources/source.h"
#include "converters/sources/tensorflow/bundle.h"
#include "kernels/base/function_ref.h"
#include "kernels/base/result.h"
#include "weights/file.h"
#include "weights/limits.h"

namespace ink {

// TensorFlow's checkpoints: NAME.index, a table of what there is, and NAME.data-00000-of-0000N, which are
// opened as `access` says.
//
// A tensor's name is that of its variable, "conv1_conv/kernel", where the checkpoint has an object graph and
// no other variable has that name; otherwise its key without "/.ATTRIBUTES/VARIABLE_VALUE". What an
// optimizer, a metric or a counter of saves keeps, what is not of a type of kernels/base/dtype.h, and what is
// there a second time under the same name, is in unknown(). read() verifies the tensor's checksum, and joins
// what is stored in parts.

// index_path has to end in ".index", for the data files are found by it. Error: model, limit, no_input, io.
Result<std::unique_ptr<TensorSource>> open_tf_checkpoint(const std::string& index_path,
                                                         const ModelLimits& limits = {},
                                                         FileAccess access = FileAccess::map);

// A SavedModel: a folder with saved_model.pb and variables/. producer() is the TensorFlow that wrote it,
// texts() "signature_def", JSON with what the model takes and gives, and of a Keras model
// "keras_metadata.pb", the JSON in that file that describes it, with "class_name" and "config". Its graph is
// not read, so that one whose weights are constants of the graph is refused.
Result<std::unique_ptr<TensorSource>> open_saved_model(const std::string& folder,
                                                       const ModelLimits& limits = {},
                                                       FileAccess access = FileAccess::map);

// Whether the folder has a saved_model.pb.
bool is_saved_model(const std::string& folder);
// Whether the bytes are those of a NAME.index, by the mark at their end.
bool is_tf_index(std::span<const std::byte> bytes);

// What the source of a SavedModel has beside its tensors.
struct SavedModelInfo {
  std::string producer;  // "TensorFlow 2.15.0"
  std::vector<SourceText> texts;
  std::vector<std::string> variables;  // their names by the node of the object graph; empty for other nodes
};

// A saved_model.pb. Error (model): broken or without a model.
Result<SavedModelInfo> read_saved_model(std::span<const std::byte> bytes, const std::string& origin,
                                        const ModelLimits& limits = {});

// A keras_metadata.pb: the JSON that describes the model itself, empty where there is none. Error (model):
// broken.
Result<std::string> read_keras_metadata(std::span<const std::byte> bytes, const std::string& origin);

// A checkpoint of these bytes; what read() gives shares the shards.
Result<std::unique_ptr<TensorSource>> open_tf_bundle(
    std::span<const std::byte> index, const std::string& origin,
    FunctionRef<Result<BundleShard>(uint32_t, uint32_t)> open_shard, const ModelLimits& limits = {});

}  // namespace ink
