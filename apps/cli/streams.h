#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "kernels/base/result.h"
#include "weights/atomic_file.h"
#include "weights/file.h"

namespace ink::cli {

// Whether `path` is no file to replace but something that takes bytes as they come: "-", a FIFO, a device, a
// socket.
bool is_stream(const std::string& path);

// What stands in messages for a path: "standard input" or "standard output" for "-".
std::string input_name(const std::string& path);
std::string output_name(const std::string& path);

// A file, or all that a stream gives until its end. Errors: as open_file(); interrupted.
Result<FileBytes> read_input(const std::string& path, uint64_t most_bytes);

// A file that appears complete or not at all, or a stream.
class Output {
 public:
  // Errors: as AtomicFile; cannot_create (a stream that cannot be opened).
  static Result<Output> create(const std::string& path);
  Output(Output&& other) noexcept;
  Output& operator=(Output&&) = delete;
  ~Output();

  // Errors: io, interrupted.
  Status write(std::span<const std::byte> bytes);
  Status commit();

 private:
  Output(std::string name, int stream) : name_(std::move(name)), stream_(stream) {}
  explicit Output(AtomicFile file);

  std::string name_;
  int stream_ = -1;
  std::optional<AtomicFile> file_;
};

}  // namespace ink::cli
