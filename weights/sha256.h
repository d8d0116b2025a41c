#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "kernels/base/result.h"

namespace ink {

// FIPS 180-4 SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  void update(std::span<const std::byte> bytes);
  // 64 lower-case hex digits. Ends the computation.
  std::string finish();

 private:
  void block(const std::byte* bytes);

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> pending_ = {};
  size_t pending_size_ = 0;
  uint64_t total_ = 0;  // bytes
};

std::string sha256_hex(std::span<const std::byte> bytes);
// Of a file, read in pieces. Errors: as stream_file().
Result<std::string> sha256_of_file(const std::string& path);

}  // namespace ink
