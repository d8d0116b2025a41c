#include "apps/cli/memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

namespace ink::cli {
namespace {

std::optional<uint64_t> read_number(const std::string& path) {
  std::ifstream stream(path);
  uint64_t value = 0;
  if (stream >> value) return value;
  return std::nullopt;  // also "max": no limit
}

// The value behind `key` in lines of "key value [unit]".
uint64_t read_field(const std::string& path, const std::string& key) {
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with(key)) return std::strtoull(line.c_str() + key.size(), nullptr, 10);
  }
  return 0;
}

uint64_t room(const std::string& folder, const char* limit_file, const char* usage_file,
              const char* cache_key) {
  const auto limit = read_number(folder + limit_file);
  if (!limit) return UINT64_MAX;
  const uint64_t usage = read_number(folder + usage_file).value_or(0);
  // The kernel drops file pages that nobody uses before it refuses memory.
  const uint64_t cache = read_field(folder + "/memory.stat", cache_key);
  return *limit - std::min(*limit, usage - std::min(usage, cache));
}

// The least that this process's control group and those above it have left; in a container the mounted root
// is the container's own.
uint64_t control_group_room() {
  uint64_t least = UINT64_MAX;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t colon = line.find(':'), path_at = line.find(':', colon + 1);
    if (path_at == std::string::npos) continue;
    const std::string controllers = line.substr(colon + 1, path_at - colon - 1);
    const bool v2 = controllers.empty();
    if (!v2 && controllers.find("memory") == std::string::npos) continue;
    const std::string root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    for (std::string path = line.substr(path_at + 1);;) {
      if (path == "/") path.clear();
      const std::string folder = root + path;
      least = std::min(least, v2 ? room(folder, "/memory.max", "/memory.current", "inactive_file ")
                                 : room(folder, "/memory.limit_in_bytes", "/memory.usage_in_bytes",
                                        "total_inactive_file "));
      if (path.empty()) break;
      path.resize(path.rfind('/'));
    }
  }
  return least;
}

}  // namespace

uint64_t resident_bytes() {
  std::ifstream stream("/proc/self/statm");
  uint64_t total = 0, resident = 0;
  stream >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t default_memory_budget() {
  const uint64_t machine = read_field("/proc/meminfo", "MemAvailable:") * 1024;
  return (std::min(machine == 0 ? UINT64_MAX : machine, control_group_room()) + resident_bytes()) / 2;
}

}  // namespace ink::cli
