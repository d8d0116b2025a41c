#include "weights/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <new>
#include <vector>

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

// Without O_NONBLOCK, opening a FIFO would wait for a writer before its type can be seen.
Descriptor open_to_read(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

Result<uint64_t> regular_size(const std::string& path, const Descriptor& file) {
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
  return static_cast<uint64_t>(info.st_size);
}

// As many bytes as there are from `offset` on, up to the size of `dst`.
Result<size_t> read_at(const std::string& path, const Descriptor& file, std::span<std::byte> dst,
                       uint64_t offset) {
  size_t done = 0;
  while (done < dst.size()) {
    const ssize_t got =
        ::pread(file.get(), dst.data() + done, dst.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return Error{ErrorKind::io,
                   concat(path, ": cannot be read at offset ", offset + done, ": ", std::strerror(errno))};
    }
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

// The files that this process has mapped: giving pages back would wipe memory of any other kind.
class Mappings {
 public:
  void add(const void* start, size_t size) {
    const std::lock_guard lock(mutex_);
    ends_[address(start)] = address(start) + size;
  }
  void remove(const void* start) {
    const std::lock_guard lock(mutex_);
    ends_.erase(address(start));
  }
  bool hold(std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    const auto after = ends_.upper_bound(address(bytes.data()));
    return after != ends_.begin() && address(bytes.data()) + bytes.size() <= std::prev(after)->second;
  }
  static Mappings& all() {
    static Mappings* const mappings = new Mappings;  // outlives what is unmapped while the process ends
    return *mappings;
  }

 private:
  static uintptr_t address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

  std::mutex mutex_;
  std::map<uintptr_t, uintptr_t> ends_;  // by start
};

Result<FileBytes> map_file(const std::string& path, int fd, size_t size) {
  void* const map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED)
    return Error{ErrorKind::io, concat(path, ": cannot be mapped: ", std::strerror(errno))};
  Mappings::all().add(map, size);
  std::shared_ptr<const void> owner(map, [size](void* start) {
    Mappings::all().remove(start);
    ::munmap(start, size);
  });
  return FileBytes{{static_cast<const std::byte*>(map), size}, std::move(owner), true};
}

Result<FileBytes> copy_file(const std::string& path, const Descriptor& file, size_t size) {
  std::shared_ptr<AlignedBuffer<std::byte>> buffer;
  try {
    buffer = std::make_shared<AlignedBuffer<std::byte>>(size);
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::limit, concat(path, ": there is no memory for its ", size, " bytes")};
  }
  INK_TRY(const size_t done, read_at(path, file, {buffer->data(), size}, 0));
  if (done < size) {
    return Error{ErrorKind::io,
                 concat(path, ": ended at offset ", done, " while being read, expected ", size, " bytes")};
  }
  const std::span<const std::byte> bytes(buffer->data(), size);
  return FileBytes{bytes, std::move(buffer)};
}

}  // namespace

void expect_pages(std::span<const std::byte> bytes) {
#ifdef MADV_POPULATE_READ
  if (bytes.empty() || !Mappings::all().hold(bytes)) return;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data()), first = begin / page * page;
  // Only advice, too.
  ::madvise(reinterpret_cast<void*>(first), begin + bytes.size() - first, MADV_POPULATE_READ);
#else
  static_cast<void>(bytes);
#endif
}

void forget_pages(std::span<const std::byte> bytes) {
  if (!Mappings::all().hold(bytes)) return;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data());
  const uintptr_t first = (begin + page - 1) / page * page, last = (begin + bytes.size()) / page * page;
  // Only advice: where it is not taken, the pages stay.
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

Result<FileBytes> open_file(const std::string& path, FileAccess access, uint64_t most_bytes) {
  const Descriptor file = open_to_read(path);
  INK_TRY(const uint64_t size, regular_size(path, file));
  if (size > most_bytes) {
    return Error{ErrorKind::limit, concat(path, ": has ", size, " bytes, the limit is ", most_bytes)};
  }
  if (size == 0) return FileBytes{};
  if (access == FileAccess::map) return map_file(path, file.get(), static_cast<size_t>(size));
  return copy_file(path, file, static_cast<size_t>(size));
}

Status stream_file(const std::string& path, FunctionRef<void(std::span<const std::byte>)> piece) {
  const Descriptor file = open_to_read(path);
  INK_TRY_STATUS(regular_size(path, file).status());
  std::vector<std::byte> buffer(size_t{1} << 20);
  for (uint64_t offset = 0;;) {
    INK_TRY(const size_t got, read_at(path, file, buffer, offset));
    if (got == 0) return {};
    piece(std::span(buffer).first(got));
    offset += got;
  }
}

}  // namespace ink
