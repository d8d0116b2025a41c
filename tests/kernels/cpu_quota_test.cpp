#include "kernels/base/cpu_quota.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "kernels/base/parallel.h"

namespace ink {
namespace {

namespace fs = std::filesystem;

// A made-up system below a folder of its own.
class CpuQuota : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "inkstone-quota.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  double quota() const { return cpu_quota(root_); }

  void mount_v2(const std::string& top, const std::string& at) const {
    write("/proc/self/mountinfo",
          "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
          "30 21 0:26 " +
              top + " " + at + " rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  }

  std::string root_;
};

TEST_F(CpuQuota, WithoutControlGroupsNothingIsLimited) {
  EXPECT_EQ(quota(), INFINITY);
  write("/proc/self/mountinfo", "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n");
  EXPECT_EQ(quota(), INFINITY);
}

TEST_F(CpuQuota, OfAContainerIsThatOfTheMountedRoot) {
  mount_v2("/", "/sys/fs/cgroup");
  write("/proc/self/cgroup", "0::/\n");
  write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 1.5);
  write("/sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), INFINITY);
  write("/sys/fs/cgroup/cpu.max", "25000 50000\n");
  EXPECT_EQ(quota(), 0.5);
}

TEST_F(CpuQuota, IsTheLeastOfTheGroupAndOfThoseAboveIt) {
  mount_v2("/", "/sys/fs/cgroup");
  write("/proc/self/cgroup", "0::/user.slice/session.scope\n");
  write("/sys/fs/cgroup/user.slice/session.scope/cpu.max", "400000 100000\n");
  EXPECT_EQ(quota(), 4);
  write("/sys/fs/cgroup/user.slice/cpu.max", "300000 100000\n");
  EXPECT_EQ(quota(), 3);
  write("/sys/fs/cgroup/other.slice/cpu.max", "100000 100000\n");
  EXPECT_EQ(quota(), 3);
  write("/sys/fs/cgroup/user.slice/session.scope/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2);
}

TEST_F(CpuQuota, GroupsAreCountedFromTheTopThatIsMounted) {
  mount_v2("/docker/ab", "/sys/fs/cgroup");
  write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  write("/sys/fs/cgroup/inner/cpu.max", "200000 100000\n");
  write("/proc/self/cgroup", "0::/docker/ab\n");
  EXPECT_EQ(quota(), 3);
  write("/proc/self/cgroup", "0::/docker/ab/inner\n");
  EXPECT_EQ(quota(), 2);
  write("/proc/self/cgroup", "0::/docker/abc/inner\n");  // elsewhere: the top is all that is to be seen
  EXPECT_EQ(quota(), 3);
  write("/proc/self/cgroup", "0::/../inner\n");
  EXPECT_EQ(quota(), 3);
}

TEST_F(CpuQuota, OfVersion1) {
  write("/proc/self/mountinfo",
        "30 21 0:26 / /cg/memory rw - cgroup cgroup rw,memory\n"
        "31 21 0:27 / /cg/cpuset rw - cgroup cgroup rw,cpuset\n"
        "32 21 0:28 /docker/ab /cg/cpu\\040time rw - cgroup cgroup rw,cpu,cpuacct\n");
  write("/proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/docker/ab/job\n3:memory:/y\n");
  EXPECT_EQ(quota(), INFINITY);
  write("/cg/cpu time/cpu.cfs_quota_us", "-1\n");
  write("/cg/cpu time/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), INFINITY);
  write("/cg/cpu time/cpu.cfs_quota_us", "350000\n");
  EXPECT_EQ(quota(), 3.5);
  write("/cg/cpu time/job/cpu.cfs_quota_us", "120000\n");
  write("/cg/cpu time/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 1.2);
}

TEST_F(CpuQuota, OfBothVersionsTheLess) {
  write("/proc/self/mountinfo",
        "30 21 0:26 / /cg/unified rw - cgroup2 cgroup2 rw\n"
        "32 21 0:28 / /cg/cpu rw - cgroup cgroup rw,cpu\n");
  write("/proc/self/cgroup", "4:cpu:/a\n0::/b\n");
  write("/cg/unified/b/cpu.max", "600000 100000\n");
  write("/cg/cpu/a/cpu.cfs_quota_us", "500000\n");
  write("/cg/cpu/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 5);
  write("/cg/unified/b/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2);
}

TEST_F(CpuQuota, WithoutMountinfoTheUsualPlacesAreLookedAt) {
  write("/proc/self/cgroup", "0::/\n");
  write("/sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2);
  write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");
  write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 1);
}

TEST_F(CpuQuota, NonsenseLimitsNothing) {
  mount_v2("/", "/sys/fs/cgroup");
  write("/proc/self/cgroup", "nonsense\n0:\n0::/\n");
  for (const char* text : {"", "x", "0 100000", "100000 0", "-5 100000", "100000", "nan nan"}) {
    write("/sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(quota(), INFINITY) << text;
  }
  write("/proc/self/mountinfo", "30 21 - cgroup2\n - \n");
  EXPECT_EQ(quota(), INFINITY);
}

TEST(DefaultThreads, AreThoseThatTheThreadsAffinityAllows) {
  std::thread([] {
    cpu_set_t all, one;
    ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
    const int before = default_threads();
    EXPECT_LE(before, CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
      if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
    }
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(default_threads(), 1);
    ASSERT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
    EXPECT_EQ(default_threads(), before);
  }).join();
}

}  // namespace
}  // namespace ink
