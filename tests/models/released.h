#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "converters/load_model.h"
#include "models/realcugan.h"
#include "pictures/png.h"
#include "tests/harness/weights_dir.h"
#include "weights/file.h"

namespace ink::test {

// Of a released network, "se-2x-no-denoise"; weights_dir() has it.
inline std::unique_ptr<RealCugan> load_released(const std::string& network, Isa isa = active_isa()) {
  auto store = load_model(*weights_dir() + "/realcugan-" + network + ".safetensors");
  EXPECT_TRUE(store.ok()) << store.error().message;
  auto model = RealCugan::create(std::move(*store), isa);
  EXPECT_TRUE(model.ok()) << model.error().message;
  return std::move(*model);
}

// A line of the manifest of goldens that tests/reference made of a released network.
struct ReleasedCase {
  std::string network, picture, golden;
  float strength = 1;
  bool tta = false;
};

// `folder` below tests/goldens.
inline std::vector<ReleasedCase> released_cases(const std::string& folder) {
  std::ifstream file(golden_path(folder + "/manifest.txt"));
  std::vector<ReleasedCase> cases;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    ReleasedCase c;
    if (words >> c.network >> c.picture >> c.strength >> c.tta >> c.golden) cases.push_back(c);
  }
  return cases;
}

// RGB of that depth.
inline Picture golden_picture(const std::string& name, int depth) {
  const std::string path = golden_path(name);
  auto file = open_file(path, FileAccess::read, 1 << 24);
  EXPECT_TRUE(file.ok()) << path;
  auto picture = decode_png(file->bytes, path, {});
  EXPECT_TRUE(picture.ok()) << picture.error().message;
  EXPECT_EQ(picture->channels, 3);
  EXPECT_EQ(picture->depth, depth);
  return std::move(*picture);
}

}  // namespace ink::test
