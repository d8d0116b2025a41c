#pragma once

#include <map>
#include <string>
#include <vector>

#include "converters/sources/huggingface/folder.h"
#include "tests/weights/sample_files.h"

namespace ink::test {

// A checkpoint's folder in memory, whose tensors are in safetensors.
class MemoryFolder : public CheckpointFolder {
 public:
  using Files = std::map<std::string, Bytes>;
  explicit MemoryFolder(Files files) : files_(std::move(files)) {}

  const std::string& path() const override { return path_; }
  bool has(const std::string& name) const override { return files_.contains(name); }
  Result<std::string> text(const std::string& name) const override;
  Result<std::unique_ptr<TensorSource>> open(const std::string& name) const override;

 private:
  std::string path_ = "folder";
  Files files_;
};

// A safetensors file of float vectors of two elements, [t, -t] for the t-th, with these names.
Bytes vectors_file(const std::vector<std::string>& names);

}  // namespace ink::test
