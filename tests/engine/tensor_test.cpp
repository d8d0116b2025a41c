#include "engine/tensor.h"

#include <gtest/gtest.h>

#include <vector>

namespace ink {
namespace {

TEST(Shape, TextShowsUnknownSizes) {
  EXPECT_EQ((Shape{1, 256, 256, 3}).text(), "1x256x256x3");
  EXPECT_EQ((Shape{2, Shape::kUnknown, Shape::kUnknown, 64}).text(), "2x?x?x64");
  EXPECT_EQ(Shape{}.text(), "1x1x1x1");
}

TEST(Shape, IsKnownWhenEverySizeIs) {
  EXPECT_TRUE((Shape{1, 2, 3, 4}).known());
  EXPECT_FALSE((Shape{1, Shape::kUnknown, 3, 4}).known());
  EXPECT_FALSE((Shape{1, 2, Shape::kUnknown, 4}).known());
}

TEST(Shape, CountsElementsBeyond32Bits) {
  EXPECT_EQ((Shape{1, 2, 3, 4}).elements(), 24);
  EXPECT_EQ((Shape{2, 60000, 60000, 64}).elements(), 460'800'000'000);
}

TEST(TensorView, DenseStridesCountElements) {
  std::vector<float> values(2 * 3 * 4 * 5);
  const TensorView view = TensorView::dense(values.data(), DType::f32, {2, 3, 4, 5});
  EXPECT_EQ(view.pixel_stride, 5);
  EXPECT_EQ(view.row_stride, 20);
  EXPECT_EQ(view.image_stride, 60);
  const View<float> floats = view.floats();
  EXPECT_EQ(floats.at(1, 2, 3) + 4, values.data() + values.size() - 1);
  EXPECT_TRUE(floats.gapless());
  EXPECT_EQ(floats.whole(), (Rect{0, 0, 3, 4}));
}

TEST(TensorView, CropsAreViewsOfTheSameMemory) {
  std::vector<float> values(2 * 3 * 4 * 5);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const TensorView view = TensorView::dense(values.data(), DType::f32, {2, 3, 4, 5});
  const TensorView part = view.crop(1, 2, {2, 2, 2, 5});
  EXPECT_EQ(part.shape, (Shape{2, 2, 2, 5}));
  const View<float> floats = part.floats();
  for (int n = 0; n < 2; ++n) {
    for (int y = 0; y < 2; ++y) {
      for (int x = 0; x < 2; ++x) EXPECT_EQ(floats.at(n, y, x), view.floats().at(n, y + 1, x + 2));
    }
  }
  EXPECT_EQ(part.crop(1, 1, {2, 1, 1, 5}).floats().at(0, 0, 0), view.floats().at(0, 2, 3));
}

TEST(TensorView, CropsCountElementsOfTheirType) {
  std::vector<uint8_t> values(4 * 4 * 3);
  const TensorView view = TensorView::dense(values.data(), DType::u8, {1, 4, 4, 3});
  EXPECT_EQ(view.crop(1, 2, {1, 1, 1, 3}).data, values.data() + (1 * 4 + 2) * 3);
}

TEST(TensorView, RefusesWhatItDoesNotHold) {
  std::vector<float> values(12);
  const TensorView view = TensorView::dense(values.data(), DType::f32, {1, 3, 4, 1});
  EXPECT_THROW(view.crop(0, 0, {1, 4, 4, 1}), InternalError);
  EXPECT_THROW(view.crop(1, 0, {1, 3, 4, 1}), InternalError);
  EXPECT_THROW(view.crop(-1, 0, {1, 1, 1, 1}), InternalError);
  EXPECT_THROW(view.crop(0, 0, {1, 3, 4, 2}), InternalError);
  EXPECT_THROW(TensorView::dense(values.data(), DType::f16, {1, 3, 4, 1}).floats(), InternalError);
}

}  // namespace
}  // namespace ink
