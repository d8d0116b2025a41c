#pragma once

#include <memory>
#include <string>

#include "converters/sources/source.h"
#include "kernels/base/result.h"
#include "weights/limits.h"

namespace ink {

// What a checkpoint of several files is read through. Names are relative to the folder: a plain name
// (folder_json.h), or two with a '/' between them.
class CheckpointFolder {
 public:
  virtual ~CheckpointFolder() = default;
  // For messages; a file's path is path() + "/" + its name.
  virtual const std::string& path() const = 0;
  virtual bool has(const std::string& name) const = 0;
  // Error: not readable, or longer than ModelLimits::json_bytes.
  virtual Result<std::string> text(const std::string& name) const = 0;
  // The tensors of one file, whose content decides which reader is used.
  virtual Result<std::unique_ptr<TensorSource>> open(const std::string& name) const = 0;
};

// A folder as the libraries transformers and sentence-transformers save it.
//
// A part is a folder with config.json and its weights in the first that is there of model.safetensors,
// model.safetensors.index.json, pytorch_model.bin, pytorch_model.bin.index.json; other files of weights are
// named in unknown() and not opened. With modules.json, the checkpoint is all the parts that it lists, of
// which those without weights contribute only texts; the tensors of a part in a subfolder are named
// "2_Dense/linear.weight". texts() are the configurations, by their paths in the folder.

// Whether it is one: modules.json or one of the files of weights is there.
bool is_huggingface_folder(const CheckpointFolder& folder);

// Error (model): no weights, or what is wrong with a file; limit, io, no_input as the folder says.
Result<std::unique_ptr<TensorSource>> open_huggingface(const CheckpointFolder& folder,
                                                       const ModelLimits& limits = {});

// The checkpoint in pieces whose index is the file `index` of the folder. Every piece is opened, and has to
// hold what the index says it holds; a tensor that the index does not name is told in unknown().
Result<std::unique_ptr<TensorSource>> open_shards(const CheckpointFolder& folder, const std::string& index,
                                                  const ModelLimits& limits = {});

}  // namespace ink
