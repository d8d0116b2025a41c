#include <CLI/CLI.hpp>

#include "apps/cli/common.h"
#include "apps/cli/exit_code.h"
#include "apps/cli/memory.h"
#include "apps/cli/text.h"
#include "pictures/picture.h"
#include "weights/limits.h"

namespace ink::cli {
namespace {

struct Limit {
  const char* name;
  uint64_t value;
  const char* meaning;
};

Result<int> run_limits(const Common& common) {
  const PictureLimits picture;
  const ModelLimits model;
  const Limit limits[] = {
      {"picture.side", static_cast<uint64_t>(picture.side), "pixels of a picture's width or height"},
      {"picture.pixels", static_cast<uint64_t>(picture.pixels), "pixels of a picture in all"},
      {"picture.file_bytes", picture.file_bytes, "bytes of a picture's file"},
      {"picture.scans", static_cast<uint64_t>(picture.scans), "passes that a JPEG may ask for"},
      {"picture.metadata_bytes", picture.metadata_bytes, "bytes of a profile or XMP block, unpacked"},
      {"model.file_bytes", model.file_bytes, "bytes of a model file"},
      {"model.safetensors_header_bytes", model.safetensors_header_bytes, "bytes of a safetensors header"},
      {"model.tensors", model.tensors, "tensors of a model"},
      {"model.tensor_rank", model.tensor_rank, "dimensions of a tensor"},
      {"model.param_bytes", model.param_bytes, "bytes of an ncnn .param file"},
      {"model.json_bytes", model.json_bytes, "bytes of a checkpoint's configuration or index"},
      {"model.shards", model.shards, "files of a checkpoint in pieces"},
      {"model.tf_index_bytes", model.tf_index_bytes, "bytes of the index of a TensorFlow checkpoint"},
      {"model.tf_key_bytes", model.tf_key_bytes, "bytes of a key of it"},
      {"model.tf_keys_bytes", model.tf_keys_bytes, "bytes of all its keys"},
      {"model.tf_shards", model.tf_shards, "data files of a TensorFlow checkpoint"},
      {"model.tf_slices", model.tf_slices, "parts that a tensor of it is stored in"},
      {"model.tf_graph_items", model.tf_graph_items, "nodes, edges and attributes of its object graph"},
      {"model.tf_signature_bytes", model.tf_signature_bytes, "bytes of a SavedModel's signatures as JSON"},
      {"model.zip_entries", model.zip_entries, "members of an archive"},
      {"model.zip_expansion", model.zip_expansion, "times its size that an archive may unpack to"},
      {"memory.default", default_memory_budget(), "bytes that a job may take now, unless --max-memory says"},
  };
  std::string table;
  JsonObject object;
  for (const Limit& limit : limits) {
    std::string name = limit.name, value = std::to_string(limit.value);
    name.resize(34, ' ');
    value.insert(0, value.size() < 16 ? 16 - value.size() : 0, ' ');
    table += name + value + "  " + limit.meaning + "\n";
    object.number(limit.name, static_cast<int64_t>(limit.value));
  }
  INK_TRY_STATUS(print(common.json ? object.str() + "\n" : table));
  return int{kDone};
}

}  // namespace

void add_limits(Commands& commands) {
  commands.add(commands.root, "limits", "What is refused for its size", run_limits);
}

}  // namespace ink::cli
