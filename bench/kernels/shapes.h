#pragma once

#include <span>
#include <string_view>

namespace ink::bench {

struct ShapeFile {
  std::string_view network, text;
};

// The files of bench/shapes, which the build puts into the program (shapes.cpp.in).
std::span<const ShapeFile> shape_files();

}  // namespace ink::bench
