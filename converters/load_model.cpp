#include "converters/load_model.h"

#include <string_view>
#include <utility>

#include "converters/convert.h"
#include "converters/sources/ncnn.h"
#include "converters/sources/safetensors.h"
#include "models/model.h"
#include "models/realcugan.h"
#include "weights/catalog.h"
#include "weights/file.h"
#include "weights/finite.h"
#include "weights/message.h"
#include "weights/safetensors.h"
#include "weights/sha256.h"
#include "weights/sniff.h"

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

Result<WeightStore> load_safetensors(const std::string& path, const FileBytes& file,
                                     const LoadOptions& options) {
  INK_TRY(WeightStore store, parse_safetensors(file.bytes, file.owner, path, options.limits));
  const std::string_view architecture = store.metadata(kArchitectureKey);
  if (architecture.empty()) {
    const auto source = open_safetensors_source(std::make_shared<const WeightStore>(std::move(store)));
    ConvertOptions convert_options;
    convert_options.pro = options.pro;
    convert_options.source = file_name(path);
    convert_options.source_sha256 = sha256_hex(file.bytes);
    return convert(*source, convert_options);
  }
  if (architecture != kRealCuganArchitecture) {
    return model_error(path, ": ", kArchitectureKey, " is ", quote(architecture),
                       ", supported: ", kRealCuganArchitecture);
  }
  INK_TRY_STATUS(check_finite(store));
  return store;
}

// The other file of the pair.
Result<std::string> partner(const std::string& path, std::string_view own, std::string_view other) {
  if (!path.ends_with(own)) {
    return model_error(path, " is an ncnn ", own, " file, but its name does not end so, and the ", other,
                       " file that belongs to it cannot be found");
  }
  return path.substr(0, path.size() - own.size()).append(other);
}

Result<WeightStore> load_ncnn_pair(const std::string& path, const FileBytes& file, bool is_param,
                                   const LoadOptions& options) {
  const std::string_view own = is_param ? ".param" : ".bin", other = is_param ? ".bin" : ".param";
  INK_TRY(const std::string other_path, partner(path, own, other));
  const FileAccess access = options.mmap ? FileAccess::map : FileAccess::read;
  Result<FileBytes> other_file = open_file(other_path, access, options.limits.file_bytes);
  if (!other_file.ok()) {
    return Error{other_file.error().kind, concat(other_file.error().message, " (it belongs to ", path, ")")};
  }
  const FileBytes& param = is_param ? file : *other_file;
  const FileBytes& bin = is_param ? *other_file : file;
  return load_ncnn(
      {is_param ? path : other_path, is_param ? other_path : path, param.bytes, bin.bytes, bin.owner},
      options);
}

}  // namespace

Result<WeightStore> load_ncnn(const NcnnFiles& files, const LoadOptions& options) {
  if (const FileFormat format = sniff(files.param); format != FileFormat::ncnn_param) {
    return model_error(files.param_origin, " is ", describe(format), ", expected an ncnn .param file");
  }
  const std::string_view text(reinterpret_cast<const char*>(files.param.data()), files.param.size());
  INK_TRY(const NcnnGraph graph, parse_ncnn_param(text, files.param_origin, options.limits));
  INK_TRY(const auto source, open_ncnn(graph, files.bin, files.bin_owner, files.bin_origin));

  ConvertOptions convert_options;
  convert_options.source_sha256 = sha256_hex(files.bin);
  const CatalogEntry* known = find_catalog_by_bin(convert_options.source_sha256);
  if (known != nullptr) {
    convert_options.source = concat(kCatalogSource, ": ", known->member);
    convert_options.license = kCatalogLicense;
    convert_options.pro = known->family == "pro";
  } else {
    convert_options.source = file_name(files.bin_origin);
    convert_options.pro = lies_in(files.bin_origin, "models-pro");
  }
  if (options.pro) convert_options.pro = options.pro;
  return convert(*source, convert_options);
}

Result<WeightStore> load_model(const std::string& path, const LoadOptions& options) {
  const FileAccess access = options.mmap ? FileAccess::map : FileAccess::read;
  INK_TRY(const FileBytes file, open_file(path, access, options.limits.file_bytes));
  const FileFormat format = sniff(file.bytes);
  switch (format) {
    case FileFormat::safetensors: return load_safetensors(path, file, options);
    case FileFormat::ncnn_param: return load_ncnn_pair(path, file, true, options);
    case FileFormat::ncnn_bin: return load_ncnn_pair(path, file, false, options);
    default:
      return model_error(path, " is ", describe(format),
                         ", expected a model: a .safetensors file or an ncnn .param/.bin pair");
  }
}

}  // namespace ink
