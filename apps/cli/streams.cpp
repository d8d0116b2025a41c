#include "apps/cli/streams.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "apps/cli/inputs.h"
#include "apps/cli/interrupt.h"
#include "weights/message.h"

namespace ink::cli {
namespace {

// A stream, without waiting for somebody at its other end, who is there already where a shell made it.
int open_stream(const std::string& path, int access) {
  const int fd = ::open(path.c_str(), access | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return fd;
}

Status check_interrupt() { return interrupted() ? Status(interruption()) : Status(); }

Result<FileBytes> read_all(int fd, const std::string& name, uint64_t most_bytes) {
  constexpr size_t kPiece = 1 << 16;
  const auto bytes = std::make_shared<std::vector<std::byte>>();
  try {
    for (;;) {
      INK_TRY_STATUS(check_interrupt());
      const size_t size = bytes->size();
      bytes->resize(size + kPiece);
      const ssize_t got = ::read(fd, bytes->data() + size, kPiece);
      bytes->resize(size + static_cast<size_t>(std::max<ssize_t>(got, 0)));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Error{ErrorKind::io, concat(name, ": cannot be read: ", std::strerror(errno))};
      if (bytes->size() > most_bytes) {
        return Error{ErrorKind::limit, concat(name, ": has more than ", most_bytes, " bytes, the limit")};
      }
      if (got == 0) break;
    }
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::limit, concat(name, ": there is no memory for all of it")};
  }
  const std::span<const std::byte> whole(*bytes);
  return FileBytes{whole, bytes};
}

}  // namespace

bool is_stream(const std::string& path) {
  if (is_standard_stream(path)) return true;
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) return false;
  return S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode) || S_ISSOCK(info.st_mode);
}

std::string input_name(const std::string& path) { return is_standard_stream(path) ? "standard input" : path; }

std::string output_name(const std::string& path) {
  return is_standard_stream(path) ? "standard output" : path;
}

Result<FileBytes> read_input(const std::string& path, uint64_t most_bytes) {
  if (is_standard_stream(path)) return read_all(STDIN_FILENO, input_name(path), most_bytes);
  if (!is_stream(path)) return open_file(path, FileAccess::read, most_bytes);
  const int fd = open_stream(path, O_RDONLY);
  if (fd < 0) {
    return Error{ErrorKind::no_input, concat(path, ": cannot be opened: ", std::strerror(errno))};
  }
  Result<FileBytes> bytes = read_all(fd, path, most_bytes);
  ::close(fd);
  return bytes;
}

Output::Output(AtomicFile file) : file_(std::move(file)) {}

Output::Output(Output&& other) noexcept
    : name_(std::move(other.name_)),
      stream_(std::exchange(other.stream_, -1)),
      file_(std::move(other.file_)) {}

Output::~Output() {
  if (stream_ > STDERR_FILENO) ::close(stream_);
}

Result<Output> Output::create(const std::string& path) {
  if (is_standard_stream(path)) return Output(output_name(path), STDOUT_FILENO);
  if (!is_stream(path)) {
    INK_TRY(AtomicFile file, AtomicFile::create(path));
    return Output(std::move(file));
  }
  const int fd = open_stream(path, O_WRONLY);
  if (fd < 0) {
    const char* const why = errno == ENXIO ? "it is a FIFO that nobody reads" : std::strerror(errno);
    return Error{ErrorKind::cannot_create, concat(path, ": cannot be opened: ", why)};
  }
  return Output(path, fd);
}

Status Output::write(std::span<const std::byte> bytes) {
  INK_TRY_STATUS(check_interrupt());
  if (file_) return file_->write(bytes);
  while (!bytes.empty()) {
    const ssize_t written = ::write(stream_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      INK_TRY_STATUS(check_interrupt());
      continue;
    }
    if (written < 0) {
      return Error{ErrorKind::io, concat(name_, ": cannot be written: ", std::strerror(errno))};
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Status Output::commit() {
  INK_TRY_STATUS(check_interrupt());
  return file_ ? file_->commit() : Status();
}

}  // namespace ink::cli
