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
// Files: safetensors; the index of one in pieces, which lie beside it; either of a pair of ncnn files, the
// other beside it under the same name. Folders: as transformers and sentence-transformers save them.
//
// origin() of what is opened is the file that holds the tensors (of an ncnn pair the .bin), or the folder
// where there are several. Errors: no_input (a file is missing), io, limit, model.
Result<std::unique_ptr<TensorSource>> open_source(const std::string& path, const OpenOptions& options = {});

}  // namespace ink
