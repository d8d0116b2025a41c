#include "kernels/base/cpu_quota.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace ink {
namespace {

double granted(double quota, double period) {
  return quota > 0 && period > 0 ? quota / period : static_cast<double>(INFINITY);
}

double quota_of_group(const std::string& folder, bool v2) {
  double quota = 0, period = 0;
  if (v2) {
    std::ifstream max(folder + "/cpu.max");  // "150000 100000", or "max 100000"
    return max >> quota >> period ? granted(quota, period) : static_cast<double>(INFINITY);
  }
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us"), period_file(folder + "/cpu.cfs_period_us");
  // A quota of -1 is none.
  return quota_file >> quota && period_file >> period ? granted(quota, period)
                                                      : static_cast<double>(INFINITY);
}

bool lists(const std::string& options, std::string_view wanted) {
  std::istringstream words(options);
  for (std::string word; std::getline(words, word, ',');) {
    if (word == wanted) return true;
  }
  return false;
}

// mountinfo writes blanks and the like as \ooo.
std::string unescaped(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '\\' && i + 3 < text.size() &&
        std::all_of(&text[i + 1], &text[i + 1] + 3, [](char c) { return c >= '0' && c <= '7'; });
    if (!escape) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return plain;
}

// Where the groups of one hierarchy are to be seen: group `top` of it at folder `at`.
struct Mount {
  std::string top, at;
  bool v2 = false;
};

std::vector<Mount> mounts(const std::string& root) {
  std::vector<Mount> found;
  std::ifstream file(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    // 36 35 98:0 /top /at rw,noatime master:1 - cgroup2 cgroup2 rw,nsdelegate
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line), after(line.substr(dash + 3));
    std::string skipped, top, at, type, source, options;
    before >> skipped >> skipped >> skipped >> top >> at;
    after >> type >> source >> options;
    const bool v2 = type == "cgroup2";
    if (v2 || (type == "cgroup" && lists(options, "cpu")))
      found.push_back({unescaped(top), root + unescaped(at), v2});
  }
  if (found.empty()) {
    for (const auto& [at, v2] : {std::pair{"/sys/fs/cgroup", true}, std::pair{"/sys/fs/cgroup/cpu", false}})
      found.push_back({"/", root + at, v2});
  }
  return found;
}

// The group of this process in one hierarchy, as "/a/b".
std::optional<std::string> own_group(const std::string& root, bool v2) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    // 4:cpu,cpuacct:/a/b, or 0::/a/b
    const size_t first = line.find(':');
    if (first == std::string::npos) continue;
    const size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (v2 ? controllers.empty() : lists(controllers, "cpu")) return line.substr(second + 1);
  }
  return std::nullopt;
}

// The path of `group` below `top`, "" for top itself; nothing where it lies elsewhere.
std::optional<std::string> below(const std::string& group, const std::string& top) {
  const std::string base = top == "/" ? "" : top;
  if (!group.starts_with(base)) return std::nullopt;
  std::string rest = group.substr(base.size());
  if (!rest.empty() && rest[0] != '/') return std::nullopt;
  while (rest.ends_with('/')) rest.pop_back();
  // A group outside this process's namespace is written as "/../x".
  return (rest + "/").find("/../") == std::string::npos ? std::optional(rest) : std::nullopt;
}

}  // namespace

double cpu_quota(const std::string& root) {
  double least = INFINITY;
  for (const Mount& mount : mounts(root)) {
    const std::string group = own_group(root, mount.v2).value_or("/");
    // A group that is not to be seen: the mounted top is the container's.
    std::string path = below(group, mount.top).value_or("");
    for (;;) {
      least = std::min(least, quota_of_group(mount.at + path, mount.v2));
      if (path.empty()) break;
      path.resize(path.rfind('/'));
    }
  }
  return least;
}

}  // namespace ink
