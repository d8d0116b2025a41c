#include "kernels/concat/concat.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/harness/arrangements.h"

namespace ink {
namespace {

using test::Arrangement;
using test::Shape;
using test::TestMap;

void check(int n, int h, int w, const std::vector<int>& channels) {
  Shape whole{n, h, w, 0};
  for (const int c : channels) whole.c += c;
  SCOPED_TRACE(testing::Message() << h << "x" << w << ", " << channels.size() << " inputs, " << whole.c);
  const std::vector<float> want = test::random_floats(whole, 1);
  std::vector<std::vector<float>> inputs;
  for (int first = 0; const int c : channels) {
    std::vector<float>& input = inputs.emplace_back();
    for (size_t pixel = 0; pixel < want.size(); pixel += static_cast<size_t>(whole.c)) {
      const auto begin = want.begin() + static_cast<std::ptrdiff_t>(pixel) + first;
      input.insert(input.end(), begin, begin + c);
    }
    first += c;
  }
  for (const ConcatVariant& variant : test::runnable(concat_variants())) {
    test::expect_same_bits_everywhere(
        {n, h, w, channels[0]}, inputs[0], whole, want, [](Rect region) { return region; },
        [&](const Arrangement& how, View<const float> first, View<float> dst) {
          std::deque<TestMap<float>> maps;
          std::vector<View<const float>> srcs{first};
          for (size_t k = 1; k < channels.size(); ++k) {
            const Shape shape{n, h, w, channels[k]};
            maps.emplace_back(shape, how.only_part ? how.region : shape.whole(), how.src, how.side);
            maps.back().fill(inputs[k], how.region);
            srcs.push_back(maps.back().view());
          }
          concat_run(variant, srcs, dst, how.region, how.threads);
          for (const TestMap<float>& map : maps) ASSERT_TRUE(map.untouched_outside(how.region));
        });
  }
}

TEST(Concat, LaysChannelsSideBySideInEveryArrangement) {
  check(1, 1, 1, {1});
  check(2, 3, 5, {4});
  check(2, 3, 5, {1, 2});
  check(1, 4, 6, {64, 64});
  check(1, 5, 3, {3, 17, 1, 16, 5});
  check(1, 37, 61, {7, 9});
}

TEST(Concat, AnInputAlreadyInPlaceIsLeftAlone) {
  std::vector<float> dst = test::random_floats({1, 2, 3, 5}, 1);
  const std::vector<float> second = test::random_floats({1, 2, 3, 2}, 2);
  std::vector<float> want = dst;
  for (size_t p = 0; p < 6; ++p) {
    for (size_t c = 0; c < 2; ++c) want[p * 5 + 3 + c] = second[p * 2 + c];
  }
  const View<float> whole = dense_view(dst.data(), 1, 2, 3, 5);
  View<const float> first = whole;
  first.c = 3;
  const View<const float> srcs[] = {first, dense_view(second.data(), 1, 2, 3, 2)};
  concat_run(choose_concat(active_isa()), srcs, whole, whole.whole(), 1);
  EXPECT_EQ(dst, want);
}

TEST(Concat, RefusesMapsThatDoNotFit) {
  std::vector<float> memory(64);
  const View<float> dst = dense_view(memory.data(), 1, 2, 2, 4);
  const View<const float> narrow = dense_view(memory.data() + 32, 1, 2, 2, 3),
                          tall = dense_view(memory.data() + 32, 1, 3, 2, 4);
  EXPECT_THROW(concat_run(choose_concat(active_isa()), {&narrow, 1}, dst, dst.whole(), 1), InternalError);
  EXPECT_THROW(concat_run(choose_concat(active_isa()), {&tall, 1}, dst, dst.whole(), 1), InternalError);
}

}  // namespace
}  // namespace ink
