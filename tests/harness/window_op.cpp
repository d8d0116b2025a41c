#include "tests/harness/window_op.h"

#include <algorithm>
#include <cmath>

namespace ink::test {
namespace {

constexpr Layout kLayouts[] = {Layout::crop, Layout::slice, Layout::dense};

// As much scratch as the op asks for, no float more, full of NaN.
GuardedFloats make_scratch(const WindowOp& op, int threads) {
  return GuardedFloats(op.scratch_floats(threads), GuardedFloats::Side::guard_after);
}

void run_in(const WindowOp& op, const Arrangement& how, Layout residual_layout,
            const std::vector<float>& want) {
  const Rect needed = op.source(how.region);
  TestMap<float> src(op.src_shape, how.only_part ? needed : op.src_shape.whole(), how.src, how.side);
  const Rect held = how.only_part ? how.region : op.dst_shape.whole();
  TestMap<float> dst(op.dst_shape, held, how.dst, how.side);
  TestMap<float> residual(op.dst_shape, held, residual_layout, how.side);
  src.fill(op.src, needed);  // what memory holds beyond that stays poison
  if (!op.residual.empty()) residual.fill(op.residual, how.region);
  GuardedFloats scratch = make_scratch(op, how.threads);
  std::fill(scratch.span().begin(), scratch.span().end(), NAN);
  op.run(src.view(), dst.view(),
         op.residual.empty() ? View<const float>{} : View<const float>(residual.view()), how.region,
         how.threads, scratch.data());
  ASSERT_TRUE(dst.equals(want, how.region) && dst.untouched_outside(how.region)) << describe(how);
  ASSERT_TRUE(src.equals(op.src, needed) && src.untouched_outside(needed)) << describe(how);
  ASSERT_TRUE(scratch.intact()) << describe(how);
  if (!op.residual.empty()) {
    ASSERT_TRUE(residual.equals(op.residual, how.region) && residual.untouched_outside(how.region))
        << describe(how);
  }
}

}  // namespace

void expect_everywhere(const WindowOp& op, const Expected& want, size_t first, size_t step) {
  ASSERT_EQ(op.dst_shape.size(), want.values.size());
  std::vector<float> got(op.dst_shape.size(), NAN);
  const auto dense = [](auto& values, Shape s) { return dense_view(values.data(), s.n, s.h, s.w, s.c); };
  GuardedFloats scratch = make_scratch(op, 1);
  op.run(dense(op.src, op.src_shape), dense(got, op.dst_shape),
         op.residual.empty() ? View<const float>{} : dense(op.residual, op.dst_shape), op.dst_shape.whole(),
         1, scratch.data());
  ASSERT_TRUE(matches(want, got));
  const std::vector<Arrangement> all = arrangements(op.dst_shape.h, op.dst_shape.w);
  for (size_t i = first; i < all.size(); i += step) {
    ASSERT_NO_FATAL_FAILURE(run_in(op, all[i], kLayouts[i % 3], got));
  }
}

Span1d cut_to_axis(int begin, int end, int size) {
  begin = std::clamp(begin, 0, size);
  end = std::clamp(end, 0, size);
  return begin < end ? Span1d{begin, end} : Span1d{0, 0};
}

Rect conv_source(const ConvParams& p, Shape src, Rect region) {
  const Span1d rows = cut_to_axis(region.y0 * p.sh - p.pad_top,
                                  (region.y1 - 1) * p.sh - p.pad_top + (p.kh - 1) * p.dh + 1, src.h);
  const Span1d columns = cut_to_axis(region.x0 * p.sw - p.pad_left,
                                     (region.x1 - 1) * p.sw - p.pad_left + (p.kw - 1) * p.dw + 1, src.w);
  if (rows.end == 0 || columns.end == 0) return {};
  return {rows.begin, columns.begin, rows.end, columns.end};
}

}  // namespace ink::test
