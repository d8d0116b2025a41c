#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "engine/regions/region_session.h"
#include "tests/engine/random_graph.h"
#include "tests/engine/run_graph.h"

// Every allocation of this program is counted: by malloc itself where the C library is glibc (operator new
// calls it), by a hook of the sanitizer that has taken malloc over elsewhere.
#if defined(__has_feature)
#define INK_TEST_FEATURE(name) __has_feature(name)
#else
#define INK_TEST_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || INK_TEST_FEATURE(address_sanitizer) || \
    INK_TEST_FEATURE(thread_sanitizer) || INK_TEST_FEATURE(memory_sanitizer)
#define INK_TEST_SANITIZER 1
// GCC ships the function without its header.
extern "C" int __sanitizer_install_malloc_and_free_hooks(  // NOLINT(bugprone-reserved-identifier)
    void (*)(const volatile void*, size_t), void (*)(const volatile void*));
#else
#define INK_TEST_SANITIZER 0
#endif

namespace {

std::atomic<int64_t> allocations{0};

#if INK_TEST_SANITIZER
const bool kCounted =
    __sanitizer_install_malloc_and_free_hooks(
        [](const volatile void*, size_t) { allocations.fetch_add(1, std::memory_order_relaxed); },
        [](const volatile void*) {}) > 0;
#elif defined(__GLIBC__)
const bool kCounted = true;
#else
const bool kCounted = false;
#endif

}  // namespace

#if !INK_TEST_SANITIZER && defined(__GLIBC__)
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, bytes);
}
void* realloc(void* old, size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(old, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, bytes);
}
}
// NOLINTEND(bugprone-reserved-identifier)
#endif

namespace ink {
namespace {

TEST(Allocations, AreCounted) {
  if (!kCounted) GTEST_SKIP() << "no way to count allocations here";
  // Through volatile pointers, or the compiler would leave both out.
  const int64_t before = allocations;
  int* volatile number = new int(1);
  EXPECT_EQ(allocations, before + 1);
  delete number;
#if !INK_TEST_SANITIZER
  // ThreadSanitizer's hook does not see these.
  void* volatile block = std::aligned_alloc(64, 128);
  EXPECT_EQ(allocations, before + 2);
  std::free(block);
#endif
}

TEST(Session, AllocatesNothingWhileItRuns) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    test::RandomGraph graph(seed, 10);
    const std::unique_ptr<PreparedModel> model = test::prepare(graph.twin());
    ASSERT_NE(model, nullptr);
    for (const int threads : {1, 3}) {
      Session session(*model, test::plan(*model, graph.twin(), threads));
      test::SessionMaps maps(graph.twin(), [](size_t) { return test::Layout::dense; });
      maps.fill_inputs(graph.twin());
      double share = 0;
      const Session::Progress progress = [&](double done) {
        share = done;
        return true;
      };
      // The first run on several threads starts them.
      ASSERT_TRUE(session.run(maps.input_views, maps.output_views, progress).ok());
      const int64_t before = allocations;
      const bool ok = session.run(maps.input_views, maps.output_views, progress).ok();
      const int64_t after = allocations;
      ASSERT_TRUE(ok);
      EXPECT_EQ(after, before) << "seed " << seed << ", " << threads << " threads";
      EXPECT_GT(share, 0);
    }
  }
}

TEST(Allocation, RunningRegionsAllocatesNothing) {
  if (!kCounted) GTEST_SKIP() << "allocations cannot be counted here";
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    test::RandomGraph graph(seed, 10, true);
    const std::unique_ptr<PreparedModel> model = test::prepare(graph.twin());
    ASSERT_NE(model, nullptr);
    for (const int threads : {1, 3}) {
      RegionRequest request;
      request.threads = threads;
      request.region = 16;
      RegionSession session(*model->regions(test::planned_shapes(graph.twin()), request));
      test::SessionMaps maps(graph.twin(), [](size_t) { return test::Layout::dense; });
      maps.fill_inputs(graph.twin());
      ASSERT_TRUE(session.run(maps.input_views, maps.output_views).ok());
      const int64_t before = allocations;
      const bool ok = session.run(maps.input_views, maps.output_views).ok();
      const int64_t after = allocations;
      ASSERT_TRUE(ok);
      EXPECT_EQ(after, before) << "seed " << seed << ", " << threads << " threads";
    }
  }
}

}  // namespace
}  // namespace ink
