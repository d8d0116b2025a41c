#pragma once

#include <string>

namespace ink {

// How many CPUs' time the control groups of this process grant it, or infinity: the least quota / period of
// its group and of those above it, in cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us), wherever they are
// mounted. In a container the topmost group that is to be seen is usually the container's own. What cannot be
// read grants everything. `root`: where /proc and the groups are looked for, for tests.
double cpu_quota(const std::string& root = "");

}  // namespace ink
