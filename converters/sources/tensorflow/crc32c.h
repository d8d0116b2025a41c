#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ink {

// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78) of what `crc` is the checksum of, followed by
// `bytes`.
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t crc = 0);

// How LevelDB and TensorFlow store a CRC-32C, so that the checksum of data that contains checksums stays
// good: rotated right by 15, plus a constant.
uint32_t mask_crc32c(uint32_t crc);

}  // namespace ink
