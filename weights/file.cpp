#include "weights/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "kernels/base/aligned_buffer.h"
#include "weights/message.h"

namespace ink {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<FileBytes> map_file(const std::string& path, int fd, size_t size) {
  void* const map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED)
    return Error{ErrorKind::io, concat(path, ": cannot be mapped: ", std::strerror(errno))};
  std::shared_ptr<const void> owner(map, [size](void* start) { ::munmap(start, size); });
  return FileBytes{{static_cast<const std::byte*>(map), size}, std::move(owner)};
}

Result<FileBytes> copy_file(const std::string& path, int fd, size_t size) {
  std::shared_ptr<AlignedBuffer<std::byte>> buffer;
  try {
    buffer = std::make_shared<AlignedBuffer<std::byte>>(size);
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::limit, concat(path, ": there is no memory for its ", size, " bytes")};
  }
  for (size_t done = 0; done < size;) {
    const ssize_t got = ::pread(fd, buffer->data() + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return Error{ErrorKind::io,
                   concat(path, ": cannot be read at offset ", done, ": ", std::strerror(errno))};
    }
    if (got == 0) {
      return Error{ErrorKind::io,
                   concat(path, ": ended at offset ", done, " while being read, expected ", size, " bytes")};
    }
    done += static_cast<size_t>(got);
  }
  const std::span<const std::byte> bytes(buffer->data(), size);
  return FileBytes{bytes, std::move(buffer)};
}

}  // namespace

Result<FileBytes> open_file(const std::string& path, FileAccess access, uint64_t most_bytes) {
  // Without O_NONBLOCK, opening a FIFO would wait for a writer before its type can be seen.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return Error{ErrorKind::no_input, concat(path, ": cannot be opened: ", std::strerror(errno))};
  }
  struct stat info = {};
  if (::fstat(file.get(), &info) != 0) {
    return Error{ErrorKind::io, concat(path, ": cannot be examined: ", std::strerror(errno))};
  }
  if (!S_ISREG(info.st_mode)) {
    return Error{ErrorKind::no_input, concat(path, S_ISDIR(info.st_mode) ? ": is a folder, expected a file"
                                                                         : ": is not a regular file")};
  }
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size > most_bytes) {
    return Error{ErrorKind::limit, concat(path, ": has ", size, " bytes, the limit is ", most_bytes)};
  }
  if (size == 0) return FileBytes{};
  if (access == FileAccess::map) return map_file(path, file.get(), static_cast<size_t>(size));
  return copy_file(path, file.get(), static_cast<size_t>(size));
}

}  // namespace ink
