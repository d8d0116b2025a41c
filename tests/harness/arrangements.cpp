#include "tests/harness/arrangements.h"

namespace ink::test {
namespace {

constexpr Layout kLayouts[] = {Layout::dense, Layout::crop, Layout::slice};

const char* layout_name(Layout layout) {
  switch (layout) {
    case Layout::dense: return "dense";
    case Layout::crop: return "crop";
    case Layout::slice: return "slice";
  }
  return "?";
}

}  // namespace

std::vector<Arrangement> arrangements(int h, int w) {
  const Rect regions[] = {{0, 0, h, w}, {h / 3, w / 4, h - h / 4, w - w / 5}, {h - 1, w - 1, h, w}};
  std::vector<Arrangement> all;
  for (const Layout src : kLayouts) {
    for (const Layout dst : kLayouts) {
      for (const Rect& region : regions) {
        for (const bool only_part : {false, true}) {
          const bool even = all.size() % 2 == 0;
          all.push_back({src, dst, GuardedFloats::Side::guard_after, region, only_part, even ? 1 : 3});
          all.push_back({src, dst, GuardedFloats::Side::guard_before, region, only_part, even ? 4 : 1});
        }
      }
    }
  }
  if (h * w < 1000) return all;
  // A large map is there for its many tasks; 7 shares no factor with the lists above, so each value still
  // comes up.
  std::vector<Arrangement> some;
  for (size_t i = 0; i < all.size(); i += 7) some.push_back(all[i]);
  return some;
}

std::string describe(const Arrangement& how) {
  const auto number = [](int value) { return std::to_string(value); };
  return std::string(layout_name(how.src)) + " to " + layout_name(how.dst) + ", rows " +
         number(how.region.y0) + " to " + number(how.region.y1) + ", columns " + number(how.region.x0) +
         " to " + number(how.region.x1) + (how.only_part ? ", only that in memory" : "") + ", guard " +
         (how.side == GuardedFloats::Side::guard_after ? "after" : "before") + ", threads " +
         number(how.threads);
}

}  // namespace ink::test
