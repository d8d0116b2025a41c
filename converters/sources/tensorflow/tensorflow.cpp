#include "converters/sources/tensorflow/tensorflow.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "converters/sources/tensorflow/object_graph.h"
#include "converters/sources/tensorflow/table.h"
#include "converters/sources/tensorflow/tensor_names.h"
#include "weights/file.h"
#include "weights/message.h"
#include "weights/store.h"

namespace ink {

namespace {

constexpr std::string_view kIndex = ".index";

class TensorFlowSource : public TensorSource {
 public:
  TensorFlowSource(std::string origin, Bundle bundle)
      : origin_(std::move(origin)), bundle_(std::move(bundle)) {}

  std::string_view format() const override { return format_; }
  const std::string& origin() const override { return origin_; }
  std::span<const SourceTensor> tensors() const override { return tensors_; }
  Result<SourceBytes> read(size_t index) const override {
    INK_CHECK(index < entries_.size());
    return bundle_.read(bundle_.entries()[entries_[index]]);
  }
  std::string_view producer() const override { return info_.producer; }
  std::span<const SourceText> texts() const override { return info_.texts; }
  std::span<const std::string> unknown() const override { return unknown_; }

  Status name_all(const ModelLimits& limits, std::span<const std::string> variable_names);
  void be_saved_model(SavedModelInfo info) {
    format_ = "TensorFlow SavedModel";
    info_ = std::move(info);
  }

 private:
  std::string_view format_ = "TensorFlow checkpoint";
  std::string origin_;
  Bundle bundle_;
  std::vector<SourceTensor> tensors_;
  std::vector<size_t> entries_;  // of the bundle, for each tensor
  SavedModelInfo info_;
  std::vector<std::string> unknown_;
};

// Whether two tensors are the same to the last bit, as far as their checksums tell.
bool same_content(const BundleEntry& a, const BundleEntry& b) {
  return a.slices.empty() && b.slices.empty() && a.dtype == b.dtype && a.shape == b.shape &&
         a.masked_crc == b.masked_crc;
}

Status TensorFlowSource::name_all(const ModelLimits& limits, std::span<const std::string> variable_names) {
  std::vector<GraphVariable> variables;
  if (const BundleEntry* graph = bundle_.find(kObjectGraphKey)) {
    Place place;
    INK_TRY(const std::span<const std::byte> bytes, bundle_.read_string(*graph, place));
    INK_TRY(variables, read_object_graph(bytes, place, limits, variable_names));
  }
  const std::span<const BundleEntry> entries = bundle_.entries();
  std::vector<std::string_view> keys;
  for (const BundleEntry& entry : entries) keys.push_back(entry.key);
  std::vector<TensorName> names =
      name_tensors(keys, variables, [&](size_t a, size_t b) { return same_content(entries[a], entries[b]); });
  for (size_t i = 0; i < entries.size(); ++i) {
    const BundleEntry& entry = entries[i];
    if (entry.key == kObjectGraphKey) continue;
    const std::optional<DType> dtype = dtype_of_tf(entry.dtype);
    if (names[i].is_weight && dtype) {
      tensors_.push_back({std::move(names[i].name), *dtype, entry.shape});
      entries_.push_back(i);
    } else {
      unknown_.push_back(
          concat(quote(entry.key), ": ", tf_dtype_name(entry.dtype), " ", shape_text(entry.shape)));
    }
  }
  return {};
}

Result<std::unique_ptr<TensorFlowSource>> open_bundle(
    std::span<const std::byte> index, const std::string& index_path, const std::string& origin,
    FunctionRef<Result<BundleShard>(uint32_t, uint32_t)> open_shard, const ModelLimits& limits,
    std::span<const std::string> variable_names = {}) {
  INK_TRY(Bundle bundle, Bundle::open(index, index_path, open_shard, limits));
  auto source = std::make_unique<TensorFlowSource>(origin, std::move(bundle));
  INK_TRY_STATUS(source->name_all(limits, variable_names));
  return source;
}

// "-00002-of-00010".
std::string shard_suffix(uint32_t shard, uint32_t count) {
  const auto five_digits = [](uint32_t number) {
    std::string digits = std::to_string(number);
    while (digits.size() < 5) digits.insert(digits.begin(), '0');
    return digits;
  };
  return concat("-", five_digits(shard), "-of-", five_digits(count));
}

Result<std::unique_ptr<TensorFlowSource>> open_files(const std::string& index_path, const std::string& origin,
                                                     const ModelLimits& limits, FileAccess access,
                                                     std::span<const std::string> variable_names = {}) {
  INK_TRY(const FileBytes index, open_file(index_path, FileAccess::read, limits.tf_index_bytes));
  const std::string stem = index_path.substr(0, index_path.size() - kIndex.size());
  const auto open_shard = [&](uint32_t shard, uint32_t count) -> Result<BundleShard> {
    std::string path = concat(stem, ".data", shard_suffix(shard, count));
    INK_TRY(FileBytes file, open_file(path, access, limits.file_bytes));
    return BundleShard{std::move(path), file.bytes, std::move(file.owner)};
  };
  return open_bundle(index.bytes, index_path, origin, open_shard, limits, variable_names);
}

std::string path_in(const std::string& folder, std::string_view name) {
  return (std::filesystem::path(folder) / name).string();
}

bool exists(const std::string& path) {
  std::error_code failed;
  return std::filesystem::exists(path, failed);
}

Status add_keras_metadata(const std::string& folder, const ModelLimits& limits, SavedModelInfo& info) {
  constexpr std::string_view kName = "keras_metadata.pb";
  const std::string path = path_in(folder, kName);
  if (!exists(path)) return {};
  INK_TRY(const FileBytes file, open_file(path, FileAccess::read, limits.json_bytes));
  INK_TRY(std::string json, read_keras_metadata(file.bytes, path));
  if (!json.empty()) info.texts.push_back({std::string(kName), std::move(json)});
  return {};
}

constexpr std::string_view kNoVariables =
    ": holds no variables: weights that are constants of the graph are not supported";

}  // namespace

bool is_tf_index(std::span<const std::byte> bytes) { return is_table(bytes); }

bool is_saved_model(const std::string& folder) { return exists(path_in(folder, "saved_model.pb")); }

Result<std::unique_ptr<TensorSource>> open_tf_bundle(
    std::span<const std::byte> index, const std::string& origin,
    FunctionRef<Result<BundleShard>(uint32_t, uint32_t)> open_shard, const ModelLimits& limits) {
  INK_TRY(std::unique_ptr<TensorFlowSource> source, open_bundle(index, origin, origin, open_shard, limits));
  return std::unique_ptr<TensorSource>(std::move(source));
}

Result<std::unique_ptr<TensorSource>> open_tf_checkpoint(const std::string& index_path,
                                                         const ModelLimits& limits, FileAccess access) {
  if (!index_path.ends_with(kIndex)) {
    return model_error(index_path, ": an index of TensorFlow has to be called NAME", kIndex,
                       ", for its data files NAME.data-... to be found");
  }
  INK_TRY(std::unique_ptr<TensorFlowSource> source, open_files(index_path, index_path, limits, access));
  return std::unique_ptr<TensorSource>(std::move(source));
}

Result<std::unique_ptr<TensorSource>> open_saved_model(const std::string& folder, const ModelLimits& limits,
                                                       FileAccess access) {
  const std::string graph_path = path_in(folder, "saved_model.pb");
  INK_TRY(const FileBytes graph, open_file(graph_path, access, limits.file_bytes));
  INK_TRY(SavedModelInfo info, read_saved_model(graph.bytes, graph_path, limits));
  INK_TRY_STATUS(add_keras_metadata(folder, limits, info));
  const std::string index_path = path_in(folder, "variables/variables.index");
  if (!exists(index_path)) return model_error(folder, kNoVariables);
  INK_TRY(std::unique_ptr<TensorFlowSource> source,
          open_files(index_path, folder, limits, access, info.variables));
  if (source->tensors().empty()) return model_error(folder, kNoVariables);
  source->be_saved_model(std::move(info));
  return std::unique_ptr<TensorSource>(std::move(source));
}

}  // namespace ink
