#include <gtest/gtest.h>

#include <cstdlib>

#include "kernels/base/isa.h"

namespace ink {
namespace {

// active_isa() falls back to the strongest set where INKSTONE_ISA is unusable; the tests of one set would
// then quietly test another.
TEST(ForcedIsa, IsTheOneThatRuns) {
  const char* forced = std::getenv("INKSTONE_ISA");
  if (forced == nullptr) GTEST_SKIP() << "INKSTONE_ISA is not set";
  ASSERT_TRUE(chosen_isa().ok()) << chosen_isa().error().message;
  EXPECT_STREQ(isa_name(active_isa()), forced);
}

}  // namespace
}  // namespace ink
