#include "engine/regions/spill_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace ink {
namespace {

std::string mebibytes(double bytes) {
  return std::to_string(static_cast<long long>(bytes / 1048576.0)) + " MiB";
}

// A file system without O_TMPFILE gets a name that is removed at once.
int open_nameless(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return file;
  std::string name = folder + "/.inkspill.XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

Result<SpillFile> SpillFile::create(const std::string& folder, size_t bytes) {
  SpillFile spill;
  spill.folder_ = folder;
  spill.bytes_ = bytes;
  struct statfs system = {};
  if (::statfs(folder.c_str(), &system) != 0)
    return Error{ErrorKind::cannot_create, folder + ": cannot hold a spill file: " + std::strerror(errno)};
  if (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC) {
    return Error{ErrorKind::cannot_create,
                 folder + ": is kept in memory; a spill file needs a folder on a disk"};
  }
  const double room = static_cast<double>(system.f_bavail) * static_cast<double>(system.f_bsize);
  if (room < static_cast<double>(bytes)) {
    return Error{ErrorKind::limit, folder + ": the spill file needs " +
                                       mebibytes(static_cast<double>(bytes)) + ", the disk has " +
                                       mebibytes(room) + " free"};
  }
  spill.file_ = open_nameless(folder);
  if (spill.file_ < 0)
    return Error{ErrorKind::cannot_create, folder + ": cannot hold a spill file: " + std::strerror(errno)};
  // Others may fill the disk meanwhile: the room is taken now. Not every file system can.
  const int failed = bytes == 0 ? 0 : ::posix_fallocate(spill.file_, 0, static_cast<off_t>(bytes));
  if (failed == ENOSPC || failed == EFBIG || failed == EDQUOT) {
    return Error{ErrorKind::limit, folder + ": the spill file of " + mebibytes(static_cast<double>(bytes)) +
                                       " does not fit: " + std::strerror(failed)};
  }
  return spill;
}

SpillFile::~SpillFile() {
  if (file_ >= 0) ::close(file_);
}

SpillFile::SpillFile(SpillFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)), bytes_(other.bytes_), folder_(std::move(other.folder_)) {}

SpillFile& SpillFile::operator=(SpillFile&& other) noexcept {
  if (this == &other) return *this;
  if (file_ >= 0) ::close(file_);
  file_ = std::exchange(other.file_, -1);
  bytes_ = other.bytes_;
  folder_ = std::move(other.folder_);
  return *this;
}

Status SpillFile::write(size_t offset, const void* data, size_t bytes) const {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::pwrite(file_, from, bytes, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return Error{ErrorKind::io, folder_ + ": writing the spill file failed: " +
                                      std::strerror(written < 0 ? errno : ENOSPC)};
    }
    from += written;
    offset += static_cast<size_t>(written);
    bytes -= static_cast<size_t>(written);
  }
  return {};
}

Status SpillFile::read(size_t offset, void* data, size_t bytes) const {
  char* to = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t got = ::pread(file_, to, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return Error{ErrorKind::io, folder_ + ": reading the spill file failed: " +
                                      (got < 0 ? std::strerror(errno) : "it is too short")};
    }
    to += got;
    offset += static_cast<size_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return {};
}

}  // namespace ink
