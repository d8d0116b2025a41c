#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"
#include "weights/limits.h"

namespace ink {

// Whether a name out of a file may name a file or folder beside it: one piece of a path, not hidden, nothing
// that leads elsewhere.
bool is_plain_name(std::string_view name);

// "model.safetensors.index.json": which file holds which tensor.
struct ShardIndex {
  std::vector<std::string> shards;  // plain names, in the order in which they first come
  struct Entry {
    std::string tensor;
    size_t shard;
  };
  std::vector<Entry> entries;  // at least one, no tensor twice, in the order of the text
};

// Error (model): not JSON, or "weight_map" is missing, empty or anything but plain file names by tensor.
Result<ShardIndex> parse_shard_index(std::string_view json, const std::string& origin,
                                     const ModelLimits& limits = {});

// "modules.json" of sentence-transformers: the parts that a text or picture passes in turn.
struct SentenceModule {
  std::string path;  // of its folder: a plain name, or empty for the folder of modules.json itself
  std::string type;  // a class's name
};

// Error (model): not JSON, not a list of objects, or a path that is missing, not plain or there twice.
Result<std::vector<SentenceModule>> parse_sentence_modules(std::string_view json, const std::string& origin);

// The strings of the object `json` and, as "outer.inner", of objects directly in it. Error (model): not JSON,
// or not an object.
Result<std::map<std::string, std::string>> config_strings(std::string_view json, const std::string& origin);

}  // namespace ink
