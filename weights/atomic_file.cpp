#include "weights/atomic_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "weights/message.h"

namespace ink {

namespace {

struct Place {
  std::string folder;  // ends in '/', or is empty for the current one
  std::string name;
};

Place split(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

constexpr std::string_view kMark = ".inktmp.";

// A name may have 255 bytes in all.
std::string temporary_prefix(std::string_view name) { return concat(".", name.substr(0, 200), kMark); }

Error cannot_create(const std::string& path, std::string_view why) {
  return {ErrorKind::cannot_create, concat(path, ": cannot be created: ", why)};
}

struct Free {
  void operator()(char* text) const { std::free(text); }
};

Result<std::string> follow_link(const std::string& path) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return path;
  const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
  if (real == nullptr) return cannot_create(path, "it is a symbolic link to nothing");
  return std::string(real.get());
}

Status flush_folder(const std::string& folder) {
  const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return {};  // a folder may be writable and not readable: the rename has been done all the same
  const int failed = ::fsync(fd);
  const int reason = errno;
  ::close(fd);
  // Some file systems have nothing to flush for a folder and say so with EINVAL.
  if (failed != 0 && reason != EINVAL) {
    return Error{ErrorKind::io, concat(folder, ": the folder cannot be flushed: ", std::strerror(reason))};
  }
  return {};
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

bool is_running(pid_t pid) { return ::kill(pid, 0) == 0 || errno != ESRCH; }

// From ".NAME.inktmp.PID.RANDOM".
std::optional<pid_t> writer_of_temporary(std::string_view name) {
  const size_t mark = name.rfind(kMark);
  if (!name.starts_with('.') || mark == std::string_view::npos || mark == 0) return std::nullopt;
  const std::string_view rest = name.substr(mark + kMark.size());
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), pid);
  const std::string_view random = rest.substr(static_cast<size_t>(end - rest.data()));
  if (error != std::errc() || pid <= 0 || random.size() != 9 || random[0] != '.') return std::nullopt;
  return pid;
}

}  // namespace

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  INK_TRY(const std::string target, follow_link(path));
  const Place place = split(target);
  if (place.name.empty() || place.name == "." || place.name == "..") {
    return cannot_create(path, "it names a folder, expected a file");
  }
  mode_t mode = 0;
  struct stat info = {};
  if (::stat(target.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return cannot_create(path, "it is a folder");
    if (!S_ISREG(info.st_mode)) return cannot_create(path, "it exists and is not a regular file");
    mode = info.st_mode & 07777;
  } else if (errno != ENOENT) {
    return cannot_create(path, std::strerror(errno));
  }
  AtomicFile file;
  file.path_ = target;
  for (int attempt = 0; attempt < 16 && file.fd_ < 0; ++attempt) {
    uint32_t random = 0;
    if (::getrandom(&random, sizeof(random), 0) != sizeof(random)) {
      return cannot_create(path, std::strerror(errno));
    }
    file.temporary_ =
        concat(place.folder, temporary_prefix(place.name), ::getpid(), ".", hex32(random).substr(2));
    file.fd_ = ::open(file.temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file.fd_ < 0 && errno != EEXIST) return cannot_create(path, std::strerror(errno));
  }
  if (file.fd_ < 0) return cannot_create(path, std::strerror(EEXIST));
  ::flock(file.fd_, LOCK_EX | LOCK_NB);  // for remove_stale_temporaries(); a file system without locks may do
  if (mode != 0 && ::fchmod(file.fd_, mode) != 0) return cannot_create(path, std::strerror(errno));
  return file;
}

AtomicFile::~AtomicFile() { discard(); }

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this != &other) {
    discard();
    fd_ = std::exchange(other.fd_, -1);
    path_ = std::move(other.path_);
    temporary_ = std::exchange(other.temporary_, {});
  }
  return *this;
}

void AtomicFile::discard() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  fd_ = -1;
  temporary_.clear();
}

Status AtomicFile::write(std::span<const std::byte> bytes) {
  INK_CHECK(fd_ >= 0);
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return Error{ErrorKind::io, concat(path_, ": cannot be written: ", std::strerror(errno))};
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Status AtomicFile::commit() {
  INK_CHECK(fd_ >= 0);
  if (::fsync(fd_) != 0) {
    return Error{ErrorKind::io, concat(path_, ": cannot be flushed: ", std::strerror(errno))};
  }
  if (::close(std::exchange(fd_, -1)) != 0) {
    return Error{ErrorKind::io, concat(path_, ": cannot be written: ", std::strerror(errno))};
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return cannot_create(path_, std::strerror(errno));
  temporary_.clear();
  return flush_folder(split(path_).folder);
}

int remove_stale_temporaries(const std::string& folder) {
  const std::unique_ptr<DIR, CloseFolder> opened(::opendir(folder.empty() ? "." : folder.c_str()));
  if (opened == nullptr) return 0;
  const int folder_fd = ::dirfd(opened.get());
  std::vector<std::string> candidates;
  while (const dirent* entry = ::readdir(opened.get())) {
    const std::optional<pid_t> writer = writer_of_temporary(entry->d_name);
    if (writer && !is_running(*writer)) candidates.emplace_back(entry->d_name);
  }
  int removed = 0;
  for (const std::string& name : candidates) {
    const int fd = ::openat(folder_fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) continue;
    // Its writer is none of ours where it runs in another process id namespace; the lock tells.
    const bool abandoned = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (abandoned && ::unlinkat(folder_fd, name.c_str(), 0) == 0) ++removed;
    ::close(fd);
  }
  return removed;
}

}  // namespace ink
