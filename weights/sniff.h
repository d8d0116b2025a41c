#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace ink {

// What a file is by its bytes. Its name decides nothing.
enum class FileFormat {
  unknown,
  empty,
  html,
  git_lfs_pointer,
  safetensors,
  ncnn_param,
  ncnn_bin,
  zip,
  hdf5,
  pickle,
  torch_legacy,
  tensorflow_index,
  saved_model,
  json,
  gzip,
  tar,
  seven_zip,
  xz,
  bzip2,
  zstd,
  rar,
  gguf,
  onnx,
  tflite,
  numpy,
  picture,
};

// The bytes are the whole file: TensorFlow's tables end with their mark.
FileFormat sniff(std::span<const std::byte> bytes);

// For messages: "an HTML page (did the download fail?)".
std::string_view describe(FileFormat format);

}  // namespace ink
