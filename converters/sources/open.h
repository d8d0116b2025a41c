#pragma once

#include <memory>
#include <string>

#include "converters/sources/source.h"
#include "kernels/base/result.h"
#include "weights/limits.h"

namespace ink {

struct OpenOptions {
  bool mmap = true;  // false: files are read into memory
  ModelLimits limits;
};

// A released checkpoint in any form that is read (docs/checkpoints.md). What the bytes are decides which one
// reader is tried, whatever the name; a folder is known by the files in it.
//
// Files: safetensors; torch archives, TorchScript and the legacy stream; Keras .h5 and .keras; NAME.index of
// a TensorFlow checkpoint, also as NAME; saved_model.pb; the index of a checkpoint in pieces, which lie
// beside it; either of a pair of ncnn files, the other beside it under the same name. Folders, the first that
// fits: as transformers and sentence-transformers save them, SavedModels, those with TensorFlow's
// "checkpoint".
//
// origin() of what is opened is the file that holds the tensors (of an ncnn pair the .bin), or the folder
// where there are several. Errors: no_input (a file is missing), io, limit, model.
Result<std::unique_ptr<TensorSource>> open_source(const std::string& path, const OpenOptions& options = {});

}  // namespace ink
