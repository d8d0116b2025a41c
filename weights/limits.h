#pragma once

#include <cstddef>
#include <cstdint>

namespace ink {

// What a model file may ask for before it is refused. None is met by an honest file; each keeps a small
// hostile one from costing much memory or time.
struct ModelLimits {
  uint64_t file_bytes = uint64_t{1} << 40;
  // The format's own reader allows 100 MB; real headers stay below 1 MB.
  uint64_t safetensors_header_bytes = uint64_t{16} << 20;
  size_t tensors = 100'000;
  size_t tensor_rank = 8;
  uint64_t param_bytes = uint64_t{1} << 20;  // ncnn's .param; Real-CUGAN's have 5 KB
  uint64_t json_bytes = uint64_t{16} << 20;  // a configuration or an index of shards
  size_t shards = 10'000;
  size_t zip_entries = 100'000;
  uint64_t zip_expansion = 4;  // all members together, times the archive
};

}  // namespace ink
