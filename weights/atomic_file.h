#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "kernels/base/result.h"

namespace ink {

// Writes a file that appears under its name complete or not at all, even across a power failure: the bytes go
// to
// `.NAME.inktmp.PID.RANDOM` in the same folder, which commit() flushes and renames. A file that was there
// keeps its permissions; a symbolic link keeps pointing where it did, and what it points to is replaced.
class AtomicFile {
 public:
  // Error (cannot_create): the folder does not exist or is not writable, or `path` is there and not a regular
  // file.
  static Result<AtomicFile> create(const std::string& path);
  // Removes the temporary unless commit() succeeded.
  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;

  // Appends. Error: io.
  Status write(std::span<const std::byte> bytes);
  // Errors: io (flushing failed), cannot_create (renaming failed); the old file is then still there.
  Status commit();

 private:
  AtomicFile() = default;
  void discard();

  int fd_ = -1;
  std::string path_;
  std::string temporary_;
};

// Deletes the temporaries that processes which died left in a folder ("" is the current one); returns how
// many. Those of a process that writes still are locked and stay, also where the process belongs to another
// container or machine.
int remove_stale_temporaries(const std::string& folder);

}  // namespace ink
