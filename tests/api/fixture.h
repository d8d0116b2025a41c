#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "api/inkstone.h"
#include "tests/cli/command.h"

namespace ink::test {

// Memory for a picture with room after each row and around all of it, where nobody may write.
struct Canvas {
  Canvas(int w, int h, int channels, size_t gap = 0);

  ink_image image();
  // Without the gaps.
  std::vector<uint8_t> pixels() const;
  void fill(const std::vector<uint8_t>& dense);
  // Whether everything outside the rows is as it was.
  bool surroundings_kept() const;

  int w, h, channels;
  size_t row, stride;
  std::vector<uint8_t> memory;
};

// A made-up network of scale 2, loaded once for all tests, and the folder that its file lies in.
class Api : public testing::Test {
 public:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

 protected:
  static ink_upscale_options options();
  static Canvas source(int w, int h, int channels, size_t gap = 0);
  // The result for `src` in a canvas of its own.
  static std::vector<uint8_t> upscaled(Canvas& src, const ink_upscale_options* with = nullptr);
  static ink_status upscale(const ink_image& src, const ink_image& dst,
                            const ink_upscale_options* with = nullptr);

  static Workplace* place;
  static ink_model* model;
  static ink_error error;
};

}  // namespace ink::test
