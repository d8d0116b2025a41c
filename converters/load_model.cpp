#include "converters/load_model.h"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "converters/sources/open.h"
#include "models/architecture.h"
#include "models/model.h"
#include "weights/catalog.h"
#include "weights/finite.h"
#include "weights/message.h"
#include "weights/sha256.h"

namespace ink {

namespace {

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool lies_in(std::string_view path, std::string_view folder) {
  while (!path.empty()) {
    const size_t slash = path.find('/');
    if (slash == std::string_view::npos) return false;
    if (path.substr(0, slash) == folder) return true;
    path.remove_prefix(slash + 1);
  }
  return false;
}

Result<WeightStore> load_model_file(const TensorSource& source, const LoadOptions& options,
                                    ConvertReport* report) {
  WeightStore store;
  store.set_origin(source.origin());
  for (const SourceText& text : source.texts()) store.set_metadata(text.name, text.text);
  INK_TRY_STATUS(architecture_of(store).status());
  if (report != nullptr) *report = {.format = std::string(source.format()), .used = {}, .left_over = {}};
  for (size_t i = 0; i < source.tensors().size(); ++i) {
    const SourceTensor& tensor = source.tensors()[i];
    INK_TRY(SourceBytes data, source.read(i));
    INK_TRY_STATUS(
        store.add_borrowed({tensor.name, tensor.dtype, tensor.shape, data.bytes}, std::move(data.owner)));
    if (report != nullptr) report->used.push_back({tensor.name, tensor.name});
  }
  if (options.check_finite) INK_TRY_STATUS(check_finite(store, options.threads));
  return store;
}

// The hash of the weights tells who released them, for names in an ncnn file tell nothing.
Result<WeightStore> convert_ncnn(const TensorSource& source, std::string bin_sha256,
                                 const LoadOptions& options, ConvertReport* report) {
  ConvertOptions convert_options;
  convert_options.check_finite = options.check_finite;
  if (const CatalogEntry* known = find_catalog_by_bin(bin_sha256); known != nullptr) {
    convert_options.source = concat(kCatalogSource, ": ", known->member);
    convert_options.license = kCatalogLicense;
    convert_options.recognise.pro = known->family == "pro";
  } else {
    convert_options.source = file_name(source.origin());
    convert_options.recognise.pro = lies_in(source.origin(), "models-pro");
  }
  convert_options.source_sha256 = std::move(bin_sha256);
  convert_options.threads = options.threads;
  if (options.recognise.pro) convert_options.recognise.pro = options.recognise.pro;
  return convert(source, convert_options, report);
}

Result<WeightStore> convert_named(const TensorSource& source, const LoadOptions& options,
                                  ConvertReport* report) {
  ConvertOptions convert_options;
  convert_options.check_finite = options.check_finite;
  convert_options.recognise = options.recognise;
  convert_options.threads = options.threads;
  convert_options.source = file_name(source.origin());
  INK_TRY(WeightStore store, convert(source, convert_options, report));
  std::error_code ignored;
  if (options.hash_source && std::filesystem::is_regular_file(source.origin(), ignored)) {
    // After the model was recognised, for this reads all of what may be gigabytes; and through a buffer, so
    // that they are not held in memory for the tensors that are used.
    INK_TRY(std::string sha256, sha256_of_file(source.origin()));
    store.set_metadata(std::string(kSourceSha256Key), std::move(sha256));
  }
  return store;
}

}  // namespace

bool is_model_file(const TensorSource& source) {
  if (source.format() != "safetensors") return false;
  for (const SourceText& text : source.texts()) {
    if (text.name == kArchitectureKey) return !text.text.empty();
  }
  return false;
}

Result<WeightStore> load_ncnn(const NcnnFiles& files, const LoadOptions& options) {
  INK_TRY(const auto source, open_ncnn_pair(files, options.limits));
  return convert_ncnn(*source, sha256_hex(files.bin), options, nullptr);
}

Result<WeightStore> load_model(const std::string& path, const LoadOptions& options, ConvertReport* report) {
  INK_TRY(const auto source, open_source(path, {options.mmap, options.limits}));
  if (is_model_file(*source)) return load_model_file(*source, options, report);
  if (source->format() != "ncnn") return convert_named(*source, options, report);
  INK_TRY(std::string bin_sha256, sha256_of_file(source->origin()));
  return convert_ncnn(*source, std::move(bin_sha256), options, report);
}

}  // namespace ink
