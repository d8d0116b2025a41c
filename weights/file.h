#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "kernels/base/function_ref.h"
#include "kernels/base/result.h"

namespace ink {

// The bytes of a file. They live as long as a copy of `owner` does.
struct FileBytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
  bool mapped = false;
};

// Gives back the memory that whole pages among `bytes` take, which are not needed for now: touched again,
// they are read again. Nothing happens to bytes that do not lie in a file mapped by open_file().
void forget_pages(std::span<const std::byte> bytes);

// Makes them ready to be read, those that do not lie in such a file aside. Threads that come to a file's pages
// one by one wait for each other.
void expect_pages(std::span<const std::byte> bytes);

enum class FileAccess {
  read,  // a private copy
  map,  // mapped read-only: costs no memory before it is touched, but dies with the file if that is cut short
};

// A whole regular file. Errors: no_input (missing, not readable, not a regular file), limit (more than
// `most_bytes`, or more than memory holds), io.
Result<FileBytes> open_file(const std::string& path, FileAccess access, uint64_t most_bytes);

// A whole regular file from its start, in pieces of at most 1 MiB, which is the memory it takes. Errors:
// no_input, io.
Status stream_file(const std::string& path, FunctionRef<void(std::span<const std::byte>)> piece);

}  // namespace ink
