#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ink {

// The checksum of zip archives: the polynomial 0x04c11db7, bits reflected.
uint32_t crc32_of(std::span<const std::byte> bytes);

}  // namespace ink
