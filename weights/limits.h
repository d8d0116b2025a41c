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
  uint64_t tf_index_bytes = uint64_t{64}
                            << 20;  // TensorFlow's .index; real ones have about 60 bytes a tensor
  size_t tf_key_bytes = 4096;
  uint64_t tf_keys_bytes = uint64_t{32} << 20;  // all keys of an index, which hold back what they share
  size_t tf_shards = 1024;
  size_t tf_slices = 1024;              // of one tensor
  size_t tf_graph_items = 1'000'000;    // nodes, edges and attributes of the object graph
  size_t tf_signature_bytes = 1 << 20;  // of all signatures as JSON
  size_t zip_entries = 100'000;
  uint64_t zip_expansion = 4;  // all members together, times the archive
  // Pickles of torch. The largest of the released checkpoints has 30,000 opcodes and 400 KB.
  uint64_t pickle_bytes = uint64_t{64} << 20;
  size_t pickle_opcodes = 1'000'000;
  size_t pickle_stack = 10'000;
  size_t pickle_memo = 400'000;
  size_t nesting = 64;                              // of modules or dicts in each other
  size_t tensor_name_bytes = 1024;                  // of one name
  uint64_t names_bytes = uint64_t{16} << 20;        // of all together
  uint64_t tensor_expansion = 4;                    // all tensors together, times the file
  uint64_t materialised_bytes = uint64_t{8} << 30;  // of those that are no plain piece of the file
  // HDF5's packed tensors together, beyond tensor_expansion times the file: zeros pack a thousandfold.
  uint64_t hdf5_unpacked_bytes = uint64_t{32} << 20;
  size_t hdf5_objects = 100'000;  // groups and datasets; the largest Keras model seen has 2,500
  size_t hdf5_depth = 32;
};

}  // namespace ink
