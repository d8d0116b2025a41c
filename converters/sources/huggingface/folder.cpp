#include "converters/sources/huggingface/folder.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "converters/sources/huggingface/folder_json.h"
#include "converters/sources/huggingface/joined.h"
#include "weights/message.h"
#include "weights/sniff.h"

namespace ink {

namespace {

constexpr std::string_view kModules = "modules.json";
constexpr std::string_view kConfig = "config.json";
constexpr std::string_view kSentenceConfig = "config_sentence_transformers.json";
constexpr std::string_view kIndexEnd = ".index.json";

// Best first.
constexpr std::array<std::string_view, 4> kWeights = {"model.safetensors", "model.safetensors.index.json",
                                                      "pytorch_model.bin", "pytorch_model.bin.index.json"};
// The same weights in forms that are not read from here.
constexpr std::array<std::string_view, 4> kOtherWeights = {"tf_model.h5", "tf_model.h5.index.json",
                                                           "flax_model.msgpack", "saved_model.pb"};
// Modules of sentence-transformers that have no weights.
constexpr std::array<std::string_view, 6> kWeightless = {"BoW",     "Dropout",       "Normalize",
                                                         "Pooling", "SpladePooling", "WordWeights"};
constexpr std::array<std::string_view, 5> kTexts = {kSentenceConfig, kConfig, "preprocessor_config.json",
                                                    "sentence_bert_config.json", "tokenizer_config.json"};

std::string in_part(std::string_view part, std::string_view name) {
  return part.empty() ? std::string(name) : concat(part, "/", name);
}

std::string_view find_weights(const CheckpointFolder& folder, std::string_view part) {
  for (const std::string_view name : kWeights) {
    if (folder.has(in_part(part, name))) return name;
  }
  return {};
}

Status add_texts(const CheckpointFolder& folder, std::string_view part, JoinedSource& joined) {
  for (const std::string_view file : kTexts) {
    const std::string name = in_part(part, file);
    if (!folder.has(name)) continue;
    INK_TRY(std::string text, folder.text(name));
    const FileFormat format = sniff(std::as_bytes(std::span(text)));
    if (format == FileFormat::git_lfs_pointer || format == FileFormat::html || format == FileFormat::empty) {
      return model_error(folder.path(), "/", name, ": expected JSON, found ", describe(format));
    }
    if (file == kConfig || file == kSentenceConfig) {
      INK_TRY(const auto strings, config_strings(text, concat(folder.path(), "/", name)));
      const auto version =
          strings.find(file == kConfig ? "transformers_version" : "__version__.sentence_transformers");
      if (version != strings.end() && joined.producer().empty()) {
        joined.set_producer(
            concat(file == kConfig ? "transformers " : "sentence-transformers ", version->second));
      }
    }
    joined.add_text(name, std::move(text));
  }
  return {};
}

// Its weights, under names that begin with the part's. Empty answer: it has none.
Result<std::string> add_weights(const CheckpointFolder& folder, std::string_view part, JoinedSource& joined,
                                const ModelLimits& limits) {
  const std::string_view chosen = find_weights(folder, part);
  if (chosen.empty()) return std::string();
  const std::string path = in_part(part, chosen);
  Result<std::unique_ptr<TensorSource>> opened =
      chosen.ends_with(kIndexEnd) ? open_shards(folder, path, limits) : folder.open(path);
  if (!opened.ok()) return opened.error();
  const std::shared_ptr<const TensorSource> source = std::move(*opened);
  if (joined.tensors().size() + source->tensors().size() > limits.tensors) {
    return model_error(folder.path(), ": more than ", limits.tensors, " tensors");
  }
  for (size_t i = 0; i < source->tensors().size(); ++i) {
    INK_TRY_STATUS(joined.add(source, i, in_part(part, source->tensors()[i].name)));
  }
  if (joined.producer().empty()) joined.set_producer(std::string(source->producer()));
  for (const std::string& line : source->unknown()) joined.add_unknown(in_part(part, line));
  const auto say_unread = [&](std::string_view other) {
    const std::string name = in_part(part, other);
    if (name != path && folder.has(name)) joined.add_unknown(concat(name, ", not read: ", chosen, " is"));
  };
  for (const std::string_view other : kWeights) say_unread(other);
  for (const std::string_view other : kOtherWeights) say_unread(other);
  return std::string(source->format());
}

std::string names_of(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text += concat(text.empty() ? "" : ", ", name);
  return text;
}

Error no_weights(const CheckpointFolder& folder) {
  std::vector<std::string_view> found;
  for (const std::string_view name : kOtherWeights) {
    if (folder.has(std::string(name))) found.push_back(name);
  }
  return model_error(folder.path(), ": expected weights in one of ", names_of(kWeights), ", found ",
                     found.empty() ? "none" : names_of(found));
}

Result<std::unique_ptr<TensorSource>> open_modules(const CheckpointFolder& folder,
                                                   const ModelLimits& limits) {
  INK_TRY(std::string text, folder.text(std::string(kModules)));
  INK_TRY(const std::vector<SentenceModule> modules,
          parse_sentence_modules(text, concat(folder.path(), "/", kModules)));
  auto joined = std::make_unique<JoinedSource>(folder.path(), "");
  joined->add_text(std::string(kModules), std::move(text));
  // The root's texts are everyone's, whether or not the root is a part.
  INK_TRY_STATUS(add_texts(folder, "", *joined));
  std::set<std::string> formats;
  for (const SentenceModule& module : modules) {
    if (!module.path.empty()) INK_TRY_STATUS(add_texts(folder, module.path, *joined));
    INK_TRY(std::string format, add_weights(folder, module.path, *joined, limits));
    if (!format.empty()) {
      formats.insert(std::move(format));
      continue;
    }
    const std::string_view type = std::string_view(module.type).substr(module.type.rfind('.') + 1);
    if (std::ranges::find(kWeightless, type) == kWeightless.end()) {
      return model_error(folder.path(), ": the module ", quote(module.path), " of type ", quote(module.type),
                         " has no weights: expected one of ", names_of(kWeights));
    }
  }
  if (formats.empty()) return no_weights(folder);
  std::string all;
  for (const std::string& format : formats) all += concat(all.empty() ? "" : " and ", format);
  joined->set_format(concat("sentence-transformers folder (", all, ")"));
  return std::unique_ptr<TensorSource>(std::move(joined));
}

}  // namespace

bool is_huggingface_folder(const CheckpointFolder& folder) {
  return folder.has(std::string(kModules)) || !find_weights(folder, "").empty();
}

Result<std::unique_ptr<TensorSource>> open_huggingface(const CheckpointFolder& folder,
                                                       const ModelLimits& limits) {
  if (folder.has(std::string(kModules))) return open_modules(folder, limits);
  auto joined = std::make_unique<JoinedSource>(folder.path(), "");
  INK_TRY_STATUS(add_texts(folder, "", *joined));
  INK_TRY(const std::string format, add_weights(folder, "", *joined, limits));
  if (format.empty()) return no_weights(folder);
  joined->set_format(concat("Hugging Face folder (", format, ")"));
  return std::unique_ptr<TensorSource>(std::move(joined));
}

Result<std::unique_ptr<TensorSource>> open_shards(const CheckpointFolder& folder, const std::string& index,
                                                  const ModelLimits& limits) {
  INK_TRY(const std::string text, folder.text(index));
  const std::string origin = concat(folder.path(), "/", index);
  INK_TRY(const ShardIndex parsed, parse_shard_index(text, origin, limits));
  const std::string part = index.substr(0, index.rfind('/') + 1);
  struct Shard {
    std::shared_ptr<const TensorSource> source;
    std::unordered_map<std::string_view, size_t> left;  // tensors that no entry has asked for
  };
  std::vector<Shard> shards;
  size_t tensors = 0;
  for (const std::string& name : parsed.shards) {
    Result<std::unique_ptr<TensorSource>> opened = folder.open(part + name);
    if (!opened.ok()) {
      const Error& error = opened.error();
      return Error{error.kind, concat(error.message, " (", origin, " asks for it)")};
    }
    Shard& shard = shards.emplace_back();
    shard.source = std::move(*opened);
    const auto held = shard.source->tensors();
    tensors += held.size();
    if (tensors > limits.tensors) return model_error(origin, ": more than ", limits.tensors, " tensors");
    for (size_t i = 0; i < held.size(); ++i) shard.left.emplace(held[i].name, i);
  }
  const auto& first = shards.front().source;
  auto joined = std::make_unique<JoinedSource>(
      folder.path(), concat(first->format(), ", ", shards.size(), shards.size() == 1 ? " shard" : " shards"));
  joined->set_producer(std::string(first->producer()));
  for (const ShardIndex::Entry& entry : parsed.entries) {
    Shard& shard = shards[entry.shard];
    const auto found = shard.left.find(entry.tensor);
    if (found == shard.left.end()) {
      return model_error(origin, ": expected the tensor ", quote(entry.tensor), " in ",
                         parsed.shards[entry.shard], ", which has none of that name");
    }
    INK_TRY_STATUS(joined->add(shard.source, found->second, entry.tensor));
    shard.left.erase(found);
  }
  for (size_t s = 0; s < shards.size(); ++s) {
    const Shard& shard = shards[s];
    for (const SourceTensor& tensor : shard.source->tensors()) {
      if (!shard.left.contains(tensor.name)) continue;
      joined->add_unknown(
          concat("the tensor ", tensor.name, " of ", parsed.shards[s], ", which the index does not name"));
    }
    for (const std::string& line : shard.source->unknown()) {
      joined->add_unknown(concat(parsed.shards[s], ": ", line));
    }
  }
  return std::unique_ptr<TensorSource>(std::move(joined));
}

}  // namespace ink
