#pragma once

#include <filesystem>
#include <string>

#include "apps/cli/common.h"
#include "kernels/base/result.h"

namespace ink::cli {

// A folder of its own under $TMPDIR or /tmp, removed with all it holds.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> create();
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  TemporaryFolder() = default;
  std::filesystem::path path_;
};

// Has Python's own installer download the package of the catalog, unpacking and running nothing of it, up to
// three times. Gives the path of the file inside `folder`. Errors: io, with what the installer said last;
// interrupted.
Result<std::string> download_package(const TemporaryFolder& folder, const Common& common);

}  // namespace ink::cli
