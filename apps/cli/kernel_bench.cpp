#include "apps/cli/kernel_bench.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

namespace ink::cli {

Result<int> run_kernel_bench(const KernelBenchFlags& flags, const Common& common) {
  std::error_code problem;
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", problem);
  const std::string program = (own.parent_path() / "inkstone-bench-kernels").string();
  const std::string threads = flags.threads.empty() ? "1," + std::to_string(common.threads) : flags.threads;
  std::vector<std::string> arguments = {program,
                                        "--filter=" + flags.filter,
                                        "--isa=" + flags.isa,
                                        "--thread-counts=" + threads,
                                        "--rounds=" + flags.rounds,
                                        "--seconds=" + flags.seconds,
                                        "--format=" + (common.json ? "json" : flags.format)};
  if (flags.list) arguments.emplace_back("--list");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execv(program.c_str(), pointers.data());
  const int error = errno;
  if (error == ENOENT) {
    return Error{ErrorKind::usage, "no inkstone-bench-kernels beside " + own.string() +
                                       "; building all of the project makes it, unless with -DINK_BENCH=OFF"};
  }
  return Error{ErrorKind::io, "cannot start " + program + ": " + std::strerror(error)};
}

}  // namespace ink::cli
