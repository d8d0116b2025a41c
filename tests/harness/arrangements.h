#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "kernels/base/isa.h"
#include "tests/harness/test_map.h"

namespace ink::test {

// One way to run an op on the same maps: none may change a bit of the result.
struct Arrangement {
  Layout src, dst;
  GuardedFloats::Side side;
  Rect region;     // of dst
  bool only_part;  // memory holds the region and what it needs of src, nothing else
  int threads;
};

// Every pair of layouts, the whole of an (h, w) dst and parts of it, both guards, one thread and several; of
// a large map a sample of these.
std::vector<Arrangement> arrangements(int h, int w);

std::string describe(const Arrangement& arrangement);

// Calls run(arrangement, src, dst) in every arrangement and expects in dst the bits of `want` and nothing
// else written. source(region) is the part of src that a region of dst needs; src_values and want are the
// whole maps.
template <class S, class D, class Source, class Run>
void expect_same_bits_everywhere(Shape src_shape, const std::vector<S>& src_values, Shape dst_shape,
                                 const std::vector<D>& want, Source&& source, Run&& run) {
  for (const Arrangement& how : arrangements(dst_shape.h, dst_shape.w)) {
    const Rect needed = source(how.region);
    TestMap<S> src(src_shape, how.only_part ? needed : src_shape.whole(), how.src, how.side);
    TestMap<D> dst(dst_shape, how.only_part ? how.region : dst_shape.whole(), how.dst, how.side);
    src.fill(src_values, needed);  // what memory holds beyond that stays poison
    run(how, View<const S>(src.view()), dst.view());
    ASSERT_TRUE(dst.equals(want, how.region)) << describe(how);
    ASSERT_TRUE(dst.untouched_outside(how.region)) << describe(how);
    ASSERT_TRUE(src.equals(src_values, needed) && src.untouched_outside(needed)) << describe(how);
  }
}

// The variants of a table that this CPU can run.
template <class Variant>
std::vector<Variant> runnable(std::span<const Variant> table) {
  std::vector<Variant> variants;
  for (const Variant& variant : table) {
    if (variant.isa <= supported_isas().back()) variants.push_back(variant);
  }
  return variants;
}

inline std::vector<float> random_floats(Shape shape, uint64_t seed) {
  std::vector<float> values(shape.size());
  fill_random(values, seed);
  return values;
}

}  // namespace ink::test
