#include "converters/sources/open.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "converters/sources/huggingface/folder.h"
#include "converters/sources/huggingface/folder_json.h"
#include "converters/sources/keras/keras.h"
#include "converters/sources/ncnn.h"
#include "converters/sources/safetensors.h"
#include "converters/sources/tensorflow/tensorflow.h"
#include "converters/sources/torch/torch.h"
#include "weights/file.h"
#include "weights/message.h"
#include "weights/safetensors.h"
#include "weights/sniff.h"
#include "weights/zip.h"

namespace ink {

namespace {

using Opened = Result<std::unique_ptr<TensorSource>>;

constexpr std::string_view kExpected =
    ", expected a checkpoint of safetensors, torch, Keras, TensorFlow or ncnn, or a folder of them";
constexpr std::string_view kIndexEnd = ".index";
constexpr std::string_view kLatest = "checkpoint";

// A file whose format is known.
struct SniffedFile {
  std::string path;
  FileBytes file;
  FileFormat format;
};

FileAccess access_of(const OpenOptions& options) { return options.mmap ? FileAccess::map : FileAccess::read; }

Result<SniffedFile> open_sniffed(const std::string& path, const OpenOptions& options) {
  INK_TRY(FileBytes file, open_file(path, access_of(options), options.limits.file_bytes));
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
  Result<FileBytes> other_file = open_file(other_path, access_of(options), options.limits.file_bytes);
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

// What an archive that is none of ours may be.
struct Hint {
  std::string_view part;  // of a member's name
  std::string_view what;
};
constexpr Hint kHints[] = {
    {"saved_model.pb", "a packed SavedModel: unpack it first"},
    {"config.json", "a packed folder: unpack it first"},
    {".safetensors", "a packed folder: unpack it first"},
    {".index.json", "a packed folder: unpack it first"},
    {".dist-info/", "a Python package"},
    {"META-INF/", "a Java archive"},
    {"[Content_Types].xml", "an office document"},
    {".npy", "NumPy arrays"},
    {".pth", "a packed checkpoint: unpack it first"},
    {".h5", "a packed checkpoint: unpack it first"},
    {".param", "a packed pair of ncnn files: unpack it first"},
};

Error unknown_archive(const std::string& path, const ZipReader& zip) {
  constexpr size_t kShown = 3;
  std::string names, what;
  const std::span<const ZipMember> members = zip.members();
  for (const ZipMember& member : members.first(std::min(kShown, members.size()))) {
    names += concat(names.empty() ? " (" : ", ", quote(member.name));
  }
  if (!names.empty()) names += members.size() > kShown ? ", ...)" : ")";
  for (const Hint& hint : kHints) {
    const auto has = [&hint](const ZipMember& member) {
      return member.name.find(hint.part) != member.name.npos;
    };
    if (what.empty() && std::ranges::any_of(members, has)) what = concat(", as of ", hint.what);
  }
  return model_error(path, " is a zip archive of ", members.size(), " members", names, what,
                     ", expected one of torch, with a data.pkl, or of Keras, with a model.weights.h5");
}

Opened open_zip(const SniffedFile& file, const ModelLimits& limits, bool keras) {
  if (is_torch(file.file.bytes, limits)) return open_torch(file.file, file.path, limits);
  INK_TRY(const ZipReader zip, ZipReader::open(file.file.bytes, file.path, limits));
  if (keras && zip.find("model.weights.h5") != nullptr) {
    return open_keras_zip(file.file.bytes, file.file.owner, file.path, limits);
  }
  return unknown_archive(file.path, zip);
}

// Newer protocols of pickle begin torch's stream in other ways than the one that sniff() knows.
Opened open_stream(const SniffedFile& file, const ModelLimits& limits) {
  if (is_torch(file.file.bytes, limits)) return open_torch(file.file, file.path, limits);
  return model_error(file.path, " is ", describe(file.format),
                     " without torch's form around it, expected what torch.save() writes");
}

// A file that holds tensors under names, of the formats that folders of transformers are made of.
Opened open_named(const SniffedFile& file, const ModelLimits& limits) {
  switch (file.format) {
    case FileFormat::safetensors: return open_safetensors(file, limits);
    case FileFormat::zip: return open_zip(file, limits, false);
    case FileFormat::pickle:
    case FileFormat::torch_legacy: return open_stream(file, limits);
    default:
      return model_error(file.path, " is ", describe(file.format),
                         ", expected the weights of transformers: safetensors or torch");
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
    return open_named(sniffed, options_.limits);
  }

 private:
  std::string file(const std::string& name) const {
    return path_ == "/" ? path_ + name : concat(path_, "/", name);
  }

  std::string path_;
  const OpenOptions& options_;
};

// The file "checkpoint" of TensorFlow, text whose first line is: model_checkpoint_path: "NAME"
Opened open_latest(const DiskFolder& folder, const OpenOptions& options) {
  INK_TRY(const std::string text, folder.text(std::string(kLatest)));
  constexpr std::string_view kStart = "model_checkpoint_path: \"";
  const std::string_view line = std::string_view(text).substr(0, text.find('\n'));
  if (!line.starts_with(kStart) || line.size() < kStart.size() + 2 || !line.ends_with('"')) {
    return model_error(folder.path(), "/", kLatest, ": expected ", kStart, "NAME\" in its first line, found ",
                       quote(line));
  }
  const std::string_view name = line.substr(kStart.size(), line.size() - kStart.size() - 1);
  if (!is_plain_name(name)) {
    return model_error(folder.path(), "/", kLatest, ": expected the name of a checkpoint beside it, found ",
                       quote(name), "; the .index file can be named instead");
  }
  return open_tf_checkpoint(concat(folder.path(), "/", name, kIndexEnd), options.limits, access_of(options));
}

Opened open_folder(const std::string& path, const OpenOptions& options) {
  const DiskFolder folder(without_slashes(path), options);
  if (is_huggingface_folder(folder)) return open_huggingface(folder, options.limits);
  if (folder.has("saved_model.pb"))
    return open_saved_model(folder.path(), options.limits, access_of(options));
  if (folder.has(std::string(kLatest))) return open_latest(folder, options);
  return model_error(folder.path(),
                     ": is a folder that holds no checkpoint: expected model.safetensors or "
                     "pytorch_model.bin (or its .index.json), modules.json, saved_model.pb or checkpoint");
}

std::string parent_of(const std::string& path) {
  const size_t name = path.rfind('/') + 1;
  return name == 0 ? "." : without_slashes(path.substr(0, name));
}

Opened open_index(const std::string& path, const OpenOptions& options) {
  return open_shards(DiskFolder(parent_of(path), options), path.substr(path.rfind('/') + 1), options.limits);
}

}  // namespace

Result<std::unique_ptr<TensorSource>> open_source(const std::string& path, const OpenOptions& options) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status)) return open_folder(path, options);
  if (const std::string index = concat(path, kIndexEnd);
      !std::filesystem::exists(status) && std::filesystem::exists(index, ignored)) {
    return open_source(index, options);
  }
  INK_TRY(const SniffedFile file, open_sniffed(path, options));
  switch (file.format) {
    case FileFormat::safetensors: return open_safetensors(file, options.limits);
    case FileFormat::zip: return open_zip(file, options.limits, true);
    case FileFormat::pickle:
    case FileFormat::torch_legacy: return open_stream(file, options.limits);
    case FileFormat::hdf5: return open_keras_h5(file.file.bytes, file.file.owner, path, options.limits);
    case FileFormat::tensorflow_index: return open_tf_checkpoint(path, options.limits, access_of(options));
    case FileFormat::saved_model:
      return open_saved_model(parent_of(path), options.limits, access_of(options));
    case FileFormat::ncnn_param:
    case FileFormat::ncnn_bin: return open_pair(file, options);
    case FileFormat::json: return open_index(path, options);
    default: return model_error(path, " is ", describe(file.format), kExpected);
  }
}

}  // namespace ink
