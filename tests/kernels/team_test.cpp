#include "kernels/base/team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace ink {
namespace {

TEST(Team, WorkersThatNeverComeDelayNobody) {
  Team team;
  team.assemble(4);
  std::vector<int> workers;
  for (int round = 0; round < 3; ++round) team.run(4, [&](int worker) { workers.push_back(worker); });
  EXPECT_EQ(workers, (std::vector<int>{0, 0, 0}));
}

TEST(Team, WaitsForAWorkerThatHasBegun) {
  Team team;
  team.assemble(2);
  std::thread worker([&] { team.serve(1); });
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> begun{false};
    int written = 0;
    team.run(2, [&](int index) {
      if (index == 0) {
        while (!begun) std::this_thread::yield();
      } else {
        begun = true;
        for (int i = 0; i < 50; ++i) std::this_thread::yield();
        written = round + 1;
      }
    });
    EXPECT_EQ(written, round + 1);
  }
  team.dismiss();
  worker.join();
}

TEST(Team, WorkersBeyondThoseOfTheJobStayOut) {
  Team team;
  team.assemble(3);
  std::vector<std::thread> workers;
  for (int index = 1; index < 3; ++index) workers.emplace_back([&, index] { team.serve(index); });
  std::atomic<int> highest{0};
  for (int round = 0; round < 200; ++round) {
    team.run(2, [&](int worker) {
      if (worker > highest) highest = worker;
      for (int i = 0; i < 5; ++i) std::this_thread::yield();
    });
  }
  team.dismiss();
  for (std::thread& worker : workers) worker.join();
  EXPECT_LE(highest, 1);
}

}  // namespace
}  // namespace ink
