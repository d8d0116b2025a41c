#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "apps/cli/lane.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/base/result.h"
#include "models/image/preprocess.h"
#include "pictures/picture.h"

namespace ink::cli {

struct ReaderSettings {
  ImagePreprocess how;
  PictureSize size;                  // what `how` gives for every picture
  int threads = 1;                   // to read with
  size_t ahead = 8;                  // pictures that may wait for next()
  uint64_t most_bytes = UINT64_MAX;  // of pictures that are decoded at one time
  bool refuse = false;               // a picture that takes more by itself
  PictureLimits limits;
};

// Reads pictures and makes them a network's input, on threads of its own ahead of whoever takes them; a
// single one on the caller's.
class PictureReader {
 public:
  PictureReader(const std::vector<std::string>& files, ReaderSettings settings);
  ~PictureReader();
  PictureReader(const PictureReader&) = delete;
  PictureReader& operator=(const PictureReader&) = delete;

  using Pixels = AlignedBuffer<float>;  // (size.h, size.w, 3)
  // That of the next file; waits for it. Errors: those of reading and decoding; limit (it takes more
  // memory than it may, or than there is); interrupted.
  Result<Pixels> next();

 private:
  struct Slot {
    std::optional<Result<Pixels>> result;
    std::exception_ptr bug;
  };
  void read_all();
  Result<Pixels> read(const std::string& file, int threads);
  Result<Pixels> read_safely(const std::string& file, int threads);

  const std::vector<std::string>& files_;
  const ReaderSettings settings_;
  Lane<int> decoding_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;  // by file
  size_t begun_ = 0, taken_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ink::cli
