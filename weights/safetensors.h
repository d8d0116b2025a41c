#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/result.h"
#include "weights/limits.h"
#include "weights/store.h"

namespace ink {

// The safetensors format: u64 length of the header, the header (JSON: name -> dtype, shape, data_offsets; and
// "__metadata__", string -> string), then the tensors' bytes without gap or overlap to the end of the file.

struct SafetensorsOptions {
  bool mmap = true;  // false: read the file into memory
  ModelLimits limits;
};

// Tensors in the order of their bytes. Errors: as open_file(); model.
Result<WeightStore> read_safetensors(const std::string& path, const SafetensorsOptions& options = {});

// The same from bytes that `owner` keeps alive; `origin` is their name in messages. Error: model.
Result<WeightStore> parse_safetensors(std::span<const std::byte> bytes,
                                      const std::shared_ptr<const void>& owner, const std::string& origin,
                                      const ModelLimits& limits = {});

// The same store gives the same bytes: metadata by key, tensors by name, those whose size is a multiple of 64
// bytes first, so that they start on 64 bytes (the format allows no gaps). The data section does too. Errors:
// as AtomicFile; model (a name or a text is not UTF-8, or the header exceeds the limit).
Status write_safetensors(const WeightStore& store, const std::string& path);

// What write_safetensors() writes.
Result<std::vector<std::byte>> safetensors_bytes(const WeightStore& store);

}  // namespace ink
