#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace ink {

// What the first bytes of a file are. The name of a file decides nothing.
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
};

FileFormat sniff(std::span<const std::byte> bytes);

// For messages: "an HTML page (did the download fail?)".
std::string_view describe(FileFormat format);

}  // namespace ink
