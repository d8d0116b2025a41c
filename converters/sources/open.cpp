#include "converters/sources/open.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "converters/sources/huggingface/folder.h"
#include "converters/sources/ncnn.h"
#include "converters/sources/safetensors.h"
#include "weights/file.h"
#include "weights/message.h"
#include "weights/safetensors.h"
#include "weights/sniff.h"

namespace ink {

namespace {

using Opened = Result<std::unique_ptr<TensorSource>>;

constexpr std::string_view kExpected =
    ", expected a checkpoint: a safetensors file, a pair of ncnn files, or a folder of transformers";

// A file whose format is known.
struct SniffedFile {
  std::string path;
  FileBytes file;
  FileFormat format;
};

Result<SniffedFile> open_sniffed(const std::string& path, const OpenOptions& options) {
  const FileAccess access = options.mmap ? FileAccess::map : FileAccess::read;
  INK_TRY(FileBytes file, open_file(path, access, options.limits.file_bytes));
  const FileFormat format = sniff(file.bytes);
  return SniffedFile{path, std::move(file), format};
}

// The other file of the pair.
Result<std::string> partner(const std::string& path, std::string_view own, std::string_view other) {
  if (!path.ends_with(own)) {
    return model_error(path, " is an ncnn ", own, " file, but its name does not end so, and the ", other,
                       " file that belongs to it cannot be found");
  }
  return path.substr(0, path.size() - own.size()).append(other);
}

Opened open_pair(const SniffedFile& named, const OpenOptions& options) {
  const bool is_param = named.format == FileFormat::ncnn_param;
  const std::string_view own = is_param ? ".param" : ".bin", other = is_param ? ".bin" : ".param";
  INK_TRY(const std::string other_path, partner(named.path, own, other));
  const FileAccess access = options.mmap ? FileAccess::map : FileAccess::read;
  Result<FileBytes> other_file = open_file(other_path, access, options.limits.file_bytes);
  if (!other_file.ok()) {
    return Error{other_file.error().kind,
                 concat(other_file.error().message, " (it belongs to ", named.path, ")")};
  }
  const FileBytes& param = is_param ? named.file : *other_file;
  const FileBytes& bin = is_param ? *other_file : named.file;
  return open_ncnn_pair({is_param ? named.path : other_path, is_param ? other_path : named.path, param.bytes,
                         bin.bytes, bin.owner},
                        options.limits);
}

Opened open_safetensors(const SniffedFile& file, const ModelLimits& limits) {
  INK_TRY(WeightStore store, parse_safetensors(file.file.bytes, file.file.owner, file.path, limits));
  return open_safetensors_source(std::make_shared<const WeightStore>(std::move(store)));
}

// A file that holds tensors by names that mean something.
Opened open_tensors(const SniffedFile& file, const OpenOptions& options, std::string_view expected) {
  switch (file.format) {
    case FileFormat::safetensors: return open_safetensors(file, options.limits);
    default: return model_error(file.path, " is ", describe(file.format), expected);
  }
}

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

class DiskFolder : public CheckpointFolder {
 public:
  DiskFolder(std::string path, const OpenOptions& options) : path_(std::move(path)), options_(options) {}

  const std::string& path() const override { return path_; }
  bool has(const std::string& name) const override {
    std::error_code ignored;
    return std::filesystem::exists(file(name), ignored);
  }
  Result<std::string> text(const std::string& name) const override {
    INK_TRY(const FileBytes bytes, open_file(file(name), FileAccess::read, options_.limits.json_bytes));
    return std::string(reinterpret_cast<const char*>(bytes.bytes.data()), bytes.bytes.size());
  }
  Opened open(const std::string& name) const override {
    INK_TRY(const SniffedFile sniffed, open_sniffed(file(name), options_));
    return open_tensors(sniffed, options_, ", expected a safetensors file");
  }

 private:
  std::string file(const std::string& name) const {
    return path_ == "/" ? path_ + name : concat(path_, "/", name);
  }

  std::string path_;
  const OpenOptions& options_;
};

Opened open_folder(const std::string& path, const OpenOptions& options) {
  const DiskFolder folder(without_slashes(path), options);
  if (is_huggingface_folder(folder)) return open_huggingface(folder, options.limits);
  return model_error(folder.path(),
                     ": is a folder that holds no checkpoint: expected model.safetensors or "
                     "pytorch_model.bin (or its .index.json), or modules.json");
}

Opened open_index(const std::string& path, const OpenOptions& options) {
  const size_t name = path.rfind('/') + 1;
  const std::string parent = name == 0 ? "." : without_slashes(path.substr(0, name));
  return open_shards(DiskFolder(parent, options), path.substr(name), options.limits);
}

}  // namespace

Result<std::unique_ptr<TensorSource>> open_source(const std::string& path, const OpenOptions& options) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return open_folder(path, options);
  INK_TRY(const SniffedFile file, open_sniffed(path, options));
  switch (file.format) {
    case FileFormat::ncnn_param:
    case FileFormat::ncnn_bin: return open_pair(file, options);
    case FileFormat::json: return open_index(path, options);
    default: return open_tensors(file, options, kExpected);
  }
}

}  // namespace ink
