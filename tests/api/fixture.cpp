#include "tests/api/fixture.h"

#include <algorithm>

namespace ink::test {
namespace {

constexpr size_t kMargin = 64;
constexpr uint8_t kCanary = 0xa5;

}  // namespace

Canvas::Canvas(int width, int height, int channel_count, size_t gap)
    : w(width),
      h(height),
      channels(channel_count),
      row(static_cast<size_t>(w) * static_cast<size_t>(channels)),
      stride(row + gap),
      memory(2 * kMargin + stride * static_cast<size_t>(h), kCanary) {}

ink_image Canvas::image() { return {memory.data() + kMargin, stride, w, h, channels, 8}; }

std::vector<uint8_t> Canvas::pixels() const {
  std::vector<uint8_t> dense;
  for (size_t y = 0; y < static_cast<size_t>(h); ++y) {
    const uint8_t* from = memory.data() + kMargin + y * stride;
    dense.insert(dense.end(), from, from + row);
  }
  return dense;
}

void Canvas::fill(const std::vector<uint8_t>& dense) {
  for (size_t y = 0; y < static_cast<size_t>(h); ++y)
    std::copy_n(dense.data() + y * row, row, memory.data() + kMargin + y * stride);
}

bool Canvas::surroundings_kept() const {
  for (size_t i = 0; i < memory.size(); ++i) {
    const bool inside = i >= kMargin && i < memory.size() - kMargin && (i - kMargin) % stride < row;
    if (!inside && memory[i] != kCanary) return false;
  }
  return true;
}

Workplace* Api::place = nullptr;
ink_model* Api::model = nullptr;
ink_error Api::error = {};

void Api::SetUpTestSuite() {
  place = new Workplace;
  place->write_model("model.safetensors", true);
  ASSERT_EQ(ink_model_load(place->path("model.safetensors").c_str(), nullptr, &model, &error), INK_OK)
      << error.message;
}

void Api::TearDownTestSuite() {
  EXPECT_EQ(ink_model_free(model), INK_OK);
  delete place;
}

ink_upscale_options Api::options() {
  ink_upscale_options options = {};
  options.struct_size = sizeof options;
  return options;
}

Canvas Api::source(int w, int h, int channels, size_t gap) {
  Canvas canvas(w, h, channels, gap);
  canvas.fill(test_picture(w, h, channels).pixels);
  return canvas;
}

ink_status Api::upscale(const ink_image& src, const ink_image& dst, const ink_upscale_options* with) {
  return ink_upscale(model, &src, &dst, with, &error);
}

std::vector<uint8_t> Api::upscaled(Canvas& src, const ink_upscale_options* with) {
  Canvas dst(src.w * 2, src.h * 2, src.channels);
  EXPECT_EQ(upscale(src.image(), dst.image(), with), INK_OK) << error.message;
  EXPECT_TRUE(dst.surroundings_kept());
  return dst.pixels();
}

}  // namespace ink::test
