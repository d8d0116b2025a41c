#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "apps/cli/exit_code.h"
#include "bench/kernels/measure.h"
#include "bench/kernels/opponents.h"
#include "bench/kernels/options.h"
#include "bench/kernels/results.h"

namespace ink::bench {
namespace {

// By this name tests/binary/instruction_counts.py asks callgrind for what is inside.
extern "C" [[gnu::noinline]] void run_counted(const ReadyCase& ready) { ready.run(); }

int run(const Options& options) {
  limit_libraries(options.limit());
  const std::vector<std::vector<const Case*>> groups = chosen_groups(options);
  if (groups.empty()) {
    std::fprintf(stderr, "--filter: nothing matches \"%s\"; --list names them\n", options.filter.c_str());
    return cli::kUsage;
  }
  if (options.list) {
    for (const auto& group : groups) {
      std::printf("%s/%s:", group.front()->kernel.c_str(), group.front()->shape.c_str());
      for (const Case* one : group) std::printf(" %s", one->variant.c_str());
      std::printf("\n");
    }
    return cli::kDone;
  }
  if (options.once) {
    for (const auto& group : groups) {
      for (const Case* one : group) {
        const ReadyCase ready = one->make(1);
        ready.run();  // makes its scratch
        run_counted(ready);
      }
    }
    return cli::kDone;
  }
  std::vector<Measurement> measurements;
  bool wrong = false;
  size_t done = 0;
  for (const auto& group : groups) {
    ++done;
    if (isatty(STDERR_FILENO) != 0) {
      std::fprintf(stderr, "\r\033[K%zu/%zu %s/%s", done, groups.size(), group.front()->kernel.c_str(),
                   group.front()->shape.c_str());
    }
    for (const int threads : options.threads) {
      for (Measurement& one : measure_group(group, threads, options)) {
        if (one.wrong) {
          wrong = true;
          std::fprintf(stderr, "%s/%s: %s on %d threads differs from the reference\n", one.of->kernel.c_str(),
                       one.of->shape.c_str(), one.of->variant.c_str(), threads);
        }
        measurements.push_back(std::move(one));
      }
    }
  }
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K");
  std::fputs(results_text(measurements, options).c_str(), stdout);
  return wrong ? cli::kInternal : cli::kDone;
}

}  // namespace
}  // namespace ink::bench

int main(int argc, char** argv) {
  const ink::Result<ink::bench::Options> options =
      ink::bench::parse_options(std::vector<std::string>(argv + 1, argv + argc));
  if (!options.ok()) {
    std::fprintf(stderr, "inkstone: %s\n", options.error().message.c_str());
    return ink::cli::exit_code(options.error().kind);
  }
  return ink::bench::run(*options);
}
