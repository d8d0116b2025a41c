#pragma once

#include <cstring>
#include <exception>
#include <vector>

#include "kernels/base/function_ref.h"
#include "kernels/base/result.h"
#include "pictures/bytes.h"

namespace ink {

// Takes a file piece by piece, in order. An error ends the writing.
using ByteSink = FunctionRef<Status(ByteSpan)>;

// Metadata as an encoder writes it; an empty block is not written. EXIF without the prefix of JPEG.
struct MetadataBlocks {
  ByteSpan icc, exif, xmp;
};

// Collects the small writes of a C library. The sink may fail or throw; both are kept until the library has
// been left, because no exception may pass through it.
class Gather {
 public:
  static constexpr size_t kBlock = 1 << 16;

  explicit Gather(ByteSink sink) : sink_(sink), pending_(kBlock) {}

  std::byte* block() { return pending_.data(); }
  // Passes on the first `count` bytes of the block.
  bool flush(size_t count) noexcept {
    try {
      if (status_.ok() && count > 0) status_ = sink_(ByteSpan(pending_).first(count));
    } catch (...) {
      thrown_ = std::current_exception();
      return false;
    }
    return status_.ok();
  }

  bool failed() const { return thrown_ != nullptr || !status_.ok(); }
  Status status() const {
    if (thrown_ != nullptr) std::rethrow_exception(thrown_);
    return status_;
  }

 private:
  ByteSink sink_;
  std::vector<std::byte> pending_;
  Status status_;
  std::exception_ptr thrown_;
};

}  // namespace ink
