// What a host may have set up for itself: the library must neither suffer from it nor change it.

#include <sched.h>

#include <cfenv>
#include <csignal>

#include "tests/api/fixture.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

namespace ink::test {
namespace {

#if defined(__SSE2__)
constexpr unsigned kDefault = 0x1f80, kDown = 0x2000, kUp = 0x4000, kToZero = 0x6000, kFlush = 0x8040;
constexpr unsigned kModes[] = {kDefault | kDown,
                               kDefault | kUp,
                               kDefault | kToZero,
                               kDefault | kFlush,
                               kDefault | kDown | kFlush | 0x20,
                               0x1f80 & ~0x1e80u,  // traps on everything but denormals
                               0x1000 | kToZero};  // traps on everything but inexact results

TEST_F(Api, TheFloatingPointModeNeitherShowsNorChanges) {
  Canvas src = source(70, 31, 4);
  ink_upscale_options with = options();
  with.tile = 32;
  for (const int threads : {1, 3}) {
    with.threads = threads;
    const std::vector<uint8_t> wanted = upscaled(src, &with);
    for (const unsigned mode : kModes) {
      for (const bool new_model : {false, true}) {
        Canvas dst(140, 62, 4);
        const ink_image from = src.image(), to = dst.image();
        const std::string path = place->path("model.safetensors");
        ink_model* used = model;
        _mm_setcsr(mode);
        const ink_status loaded = new_model ? ink_model_load(path.c_str(), nullptr, &used, &error) : INK_OK;
        const unsigned after_load = _mm_getcsr();
        const ink_status done = ink_upscale(used, &from, &to, &with, &error);
        const unsigned after = _mm_getcsr();
        _mm_setcsr(kDefault);
        EXPECT_EQ(loaded, INK_OK) << error.message;
        EXPECT_EQ(done, INK_OK) << error.message;
        EXPECT_EQ(after_load, mode);
        EXPECT_EQ(after, mode);
        EXPECT_TRUE(dst.pixels() == wanted) << std::hex << mode << ", " << threads << " threads";
        if (new_model) {
          EXPECT_EQ(ink_model_free(used), INK_OK);
        }
      }
    }
  }
}

TEST_F(Api, ACallbackOnTheCallersThreadSeesTheCallersMode) {
  Canvas src = source(20, 14, 3), dst(40, 28, 3);
  ink_upscale_options with = options();
  with.threads = 1;
  unsigned mode = 0;
  with.user = &mode;
  with.progress = [](double, void* user) { *static_cast<unsigned*>(user) = _mm_getcsr(); };
  const std::vector<uint8_t> wanted = upscaled(src);
  const ink_image from = src.image(), to = dst.image();
  _mm_setcsr(kDefault | kUp);
  const ink_status done = ink_upscale(model, &from, &to, &with, &error);
  const unsigned after = _mm_getcsr();
  _mm_setcsr(kDefault);
  EXPECT_EQ(done, INK_OK);
  EXPECT_EQ(mode, kDefault | kUp);
  EXPECT_EQ(after, kDefault | kUp);
  EXPECT_TRUE(dst.pixels() == wanted);
}

#ifdef _OPENMP
TEST_F(Api, TheHostsOpenMpThreadsMayHaveAModeOfTheirOwn) {
  Canvas src = source(150, 90, 3);
  ink_upscale_options with = options();
  with.threads = 4;
  with.tile = 32;  // something to do for each
  const std::vector<uint8_t> wanted = upscaled(src, &with);
#pragma omp parallel num_threads(4)
  _mm_setcsr(kDefault | kDown);
  const std::vector<uint8_t> found = upscaled(src, &with);
  bool kept = true;
#pragma omp parallel num_threads(4) reduction(&& : kept)
  {
    kept = kept && _mm_getcsr() == (kDefault | kDown);
    _mm_setcsr(kDefault);
  }
  EXPECT_TRUE(found == wanted);
  EXPECT_TRUE(kept);
}
#endif
#endif

#ifdef _OPENMP
TEST_F(Api, WorksWithinTheHostsParallelRegions) {
  Canvas src = source(45, 31, 2);
  const std::vector<uint8_t> wanted = upscaled(src);
  int right = 0;
#pragma omp parallel num_threads(3) reduction(+ : right)
  {
    Canvas dst(90, 62, 2);
    const ink_image from = src.image(), to = dst.image();
    ink_upscale_options with = options();
    with.threads = 2;
    ink_error mine;
    right += ink_upscale(model, &from, &to, &with, &mine) == INK_OK && dst.pixels() == wanted;
  }
  EXPECT_EQ(right, 3);
  EXPECT_EQ(omp_get_max_active_levels(), 1);
}
#endif

TEST_F(Api, AffinityAndSignalHandlersStay) {
  cpu_set_t before, after;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  Canvas src = source(20, 14, 3);
  upscaled(src);
  ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
#ifndef __SANITIZE_ADDRESS__
#ifndef __SANITIZE_THREAD__
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGINT, SIGTERM, SIGPIPE}) {
    struct sigaction action = {};
    ASSERT_EQ(sigaction(number, nullptr, &action), 0);
    EXPECT_EQ(action.sa_handler, SIG_DFL) << number;
  }
#endif
#endif
}

}  // namespace
}  // namespace ink::test
