#pragma once

#include <cstddef>
#include <string>

#include "kernels/base/result.h"

namespace ink {

// A file without a name that holds stored values. Whatever ends the process, it is gone.
class SpillFile {
 public:
  // Reserves `bytes` of the disk that `folder` is on. Errors: the folder cannot be written to, or is kept in
  // memory (cannot_create); the disk has less room (limit).
  static Result<SpillFile> create(const std::string& folder, size_t bytes);
  SpillFile() = default;
  ~SpillFile();
  SpillFile(SpillFile&& other) noexcept;
  SpillFile& operator=(SpillFile&& other) noexcept;

  size_t bytes() const { return bytes_; }
  // From many threads at once.
  Status write(size_t offset, const void* data, size_t bytes) const;
  Status read(size_t offset, void* data, size_t bytes) const;

 private:
  int file_ = -1;
  size_t bytes_ = 0;
  std::string folder_;
};

}  // namespace ink
