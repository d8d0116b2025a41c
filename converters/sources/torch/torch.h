#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "converters/sources/source.h"
#include "kernels/base/result.h"
#include "weights/file.h"
#include "weights/limits.h"

namespace ink {

// Files that torch.save() and torch.jit.save() write: archives (format() "torch"), TorchScript archives
// ("TorchScript") and the stream of torch before 1.6 ("torch legacy stream").
//
// The pickle inside is read, never run: classes and functions are names. Tensors have the names of the state
// dict; of a training checkpoint only the model's tensors are given, and unknown() says what was left out.
// texts() are the plain values beside them: "epoch".
// A file whose tensors need code run is refused with the name of the class or function.

// Whether open_torch() is the reader for these bytes. Of an archive, whether it has a data.pkl in its only
// folder, as against one of Keras; false of a broken archive, about which ZipReader says more.
bool is_torch(std::span<const std::byte> bytes, const ModelLimits& limits = {});

// Opening reads the pickle and the directory; a tensor's bytes are touched, and their checksum compared, when
// it is read. Contiguous tensors are pieces of the file and share `file.owner`; others are copied into rows.
// read() may be called from several threads. Errors: model; limit where there is no memory.
Result<std::unique_ptr<TensorSource>> open_torch(const FileBytes& file, const std::string& origin,
                                                 const ModelLimits& limits = {});

}  // namespace ink
