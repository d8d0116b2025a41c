#pragma once

#include <cstdint>
#include <span>

namespace ink {

// Code points first to last.
struct CodeRange {
  uint32_t first, last;
};

// What a newer Unicode has, and an older one has not: known from `level` on.
struct LevelRange {
  uint32_t first, last;
  int level;
};

// first, first + stride, ... last become lower case by adding `delta`.
struct LowerRun {
  uint32_t first, last;
  uint32_t stride;
  int32_t delta;
  int level;
};

struct CodeTables {
  std::span<const LevelRange> letters, numbers;
  std::span<const CodeRange> digits;
  std::span<const LowerRun> lower;
  std::span<const CodeRange> case_ignorable, cased;
  std::span<const CodeRange> inert9, inert14;
  std::span<const CodeRange> word_piece_removed, word_piece_alone;
};

extern const CodeTables kCodeTables;

}  // namespace ink
