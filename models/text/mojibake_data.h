#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "models/text/code_sets_data.h"

namespace ink {

// Of a one-byte encoding whose lower half is ASCII, the characters of the bytes 80 to FF. A byte without a
// character stands for the control of its number.
struct CodePage {
  std::array<uint16_t, 128> upper;
};

// Windows-1252, 1251, 1250, 1253, 1254, 1257, ISO 8859-2, Mac Roman and code page 437.
extern const std::span<const CodePage> kCodePages;

// The members of the first classes of mojibake_classes.h, in its order.
extern const std::span<const std::span<const CodeRange>> kMojibakeClasses;

}  // namespace ink
