#include "kernels/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "kernels/base/denormals.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace ink {
namespace {

// Runs a loop and expects each task once, and workers below `threads`.
void check_loop(int64_t tasks, int threads) {
  std::vector<std::atomic<int>> runs(static_cast<size_t>(tasks));
  std::atomic<bool> workers_fit{true};
  parallel_for(tasks, threads, [&](int64_t task, int worker) {
    if (worker < 0 || worker >= std::max(threads, 1)) workers_fit = false;
    runs[static_cast<size_t>(task)].fetch_add(1, std::memory_order_relaxed);
  });
  EXPECT_TRUE(workers_fit) << tasks << " tasks, " << threads << " threads";
  for (const auto& count : runs) ASSERT_EQ(count, 1) << tasks << " tasks, " << threads << " threads";
}

TEST(ParallelFor, RunsEveryTaskOnceOnWorkersInRange) {
  for (const int threads : {-1, 0, 1, 2, 3, 4, 7, 16}) {
    for (const int64_t tasks : {0, 1, 2, 3, 7, 64, 1000}) check_loop(tasks, threads);
  }
}

TEST(ParallelFor, SeesWhatWasWrittenBeforeAndLeavesWhatTasksWrote) {
  std::vector<int> values(5000, 0);
  for (int round = 1; round <= 20; ++round) {
    parallel_for(std::ssize(values), 4,
                 [&](int64_t task, int) { values[static_cast<size_t>(task)] += round; });
  }
  EXPECT_EQ(values, std::vector<int>(5000, 210));
}

TEST(ParallelFor, NoTwoTasksShareAWorkerAtATime) {
  std::vector<std::atomic<int>> busy(4);
  std::atomic<bool> alone{true};
  parallel_for(2000, 4, [&](int64_t, int worker) {
    std::atomic<int>& mine = busy[static_cast<size_t>(worker)];
    if (mine.fetch_add(1) != 0) alone = false;
    mine.fetch_sub(1);
  });
  EXPECT_TRUE(alone);
}

TEST(ParallelFor, ManyShortLoopsInARow) {
  with_workers(4, [] {
    int64_t sum = 0;
    for (int round = 0; round < 5000; ++round) {
      std::atomic<int> done{0};
      parallel_for(3, 4, [&](int64_t, int) { done.fetch_add(1, std::memory_order_relaxed); });
      sum += done;
    }
    EXPECT_EQ(sum, 15000);
  });
  for (int round = 0; round < 50; ++round) check_loop(5, 3);
}

TEST(ParallelFor, FromSeveralHostThreadsAtOnce) {
  std::vector<std::thread> hosts;
  for (int host = 0; host < 4; ++host) {
    hosts.emplace_back([host] {
      for (int round = 0; round < 20; ++round) {
        check_loop(50 + host, 1 + (host + round) % 4);
        with_workers(1 + host, [&] {
          for (int loop = 0; loop < 5; ++loop) check_loop(20 + host, 3);
        });
      }
    });
  }
  for (std::thread& host : hosts) host.join();
}

#if defined(__SSE2__)
constexpr float kDenormal = 1e-40f;

// Kept from the compiler, which would compute it without flushing.
float half(float x) {
  volatile float value = x;
  return value * 0.5f;
}

TEST(ParallelFor, FlushesDenormalsInsideAndRestoresTheCallersState) {
  const unsigned before = _mm_getcsr();
  // A state that nobody has by chance: rounding down, one exception flag up.
  const unsigned unusual = (before & ~0xe07fu) | 0x2000u | 0x0020u;
  for (const int threads : {1, 4}) {
    for (const bool standing_by : {false, true}) {
      _mm_setcsr(unusual);
      std::atomic<int> flushed{0};
      const auto loop = [&] {
        parallel_for(64, threads, [&](int64_t, int) { flushed += half(kDenormal) == 0.0f; });
      };
      standing_by ? with_workers(threads, loop) : loop();
      const unsigned after = _mm_getcsr();
      _mm_setcsr(before);
      EXPECT_EQ(flushed, 64) << threads << " threads";
      EXPECT_EQ(after, unusual) << threads << " threads";
    }
  }
  EXPECT_GT(half(kDenormal), 0.0f);
}

TEST(FlushDenormals, LastsAsLongAsItsObject) {
  EXPECT_GT(half(kDenormal), 0.0f);
  {
    const FlushDenormals flush;
    EXPECT_EQ(half(kDenormal), 0.0f);
    {
      const FlushDenormals again;
      EXPECT_EQ(half(kDenormal), 0.0f);
    }
    EXPECT_EQ(half(kDenormal), 0.0f);
  }
  EXPECT_GT(half(kDenormal), 0.0f);
}
#endif

TEST(WithWorkers, RunsItsBodyOnceOnTheCallingThread) {
  for (const int threads : {-1, 0, 1, 2, 5}) {
    int runs = 0;
    const std::thread::id caller = std::this_thread::get_id();
    with_workers(threads, [&] {
      EXPECT_EQ(std::this_thread::get_id(), caller);
      ++runs;
    });
    EXPECT_EQ(runs, 1);
  }
}

TEST(WithWorkers, InsideAnotherOnlyCallsItsBody) {
  int depth = 0;
  with_workers(3, [&] {
    with_workers(5, [&] {
      with_workers(1, [&] { depth = 3; });
      check_loop(100, 5);
    });
    check_loop(100, 2);
    check_loop(100, 8);  // more than stand by
  });
  EXPECT_EQ(depth, 3);
  check_loop(100, 4);
}

TEST(WithWorkers, ThrowsOnWhatItsBodyThrows) {
  for (const int threads : {1, 4}) {
    for (int round = 0; round < 10; ++round) {
      const auto fail = [&] {
        check_loop(10, threads);
        throw std::runtime_error("from the body");
      };
      EXPECT_THROW(with_workers(threads, fail), std::runtime_error);
      check_loop(30, threads);
      EXPECT_THROW(with_workers(threads, [&] { with_workers(2, fail); }), std::runtime_error);
      with_workers(threads, [&] { check_loop(30, threads); });
    }
  }
}

TEST(DefaultThreads, IsAtLeastOneAndAtMostWhatTheMachineHas) {
  EXPECT_GE(default_threads(), 1);
  const unsigned cpus = std::thread::hardware_concurrency();  // 0 where nobody knows
  EXPECT_TRUE(cpus == 0 || static_cast<unsigned>(default_threads()) <= cpus);
}

}  // namespace
}  // namespace ink
