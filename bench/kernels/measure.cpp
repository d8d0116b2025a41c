#include "bench/kernels/measure.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <regex>
#include <thread>

#include "bench/kernels/opponents.h"
#include "kernels/base/parallel.h"

namespace ink::bench {
namespace {

// Keeps what Google Benchmark measured last instead of printing it.
class LastRun : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    iterations_ = runs.front().iterations;
    seconds_ = runs.front().real_accumulated_time / static_cast<double>(iterations_);
  }
  double seconds() const { return seconds_; }  // of one iteration
  int64_t iterations() const { return iterations_; }

 private:
  double seconds_ = 0;
  int64_t iterations_ = 0;
};

// Runs `run` for at least `seconds`, or `iterations` times where that is known.
void time_run(const std::string& name, const std::function<void()>& run, int threads, double seconds,
              int64_t iterations, LastRun& last) {
  benchmark::internal::Benchmark* one =
      benchmark::RegisterBenchmark(name.c_str(), [&](benchmark::State& state) {
        with_workers(threads, [&] {
          for (auto iteration : state) {
            static_cast<void>(iteration);
            run();
            benchmark::ClobberMemory();
          }
        });
      });
  one->UseRealTime();
  if (iterations > 0) {
    one->Iterations(iterations);
  } else {
    one->MinTime(seconds);
  }
  benchmark::RunSpecifiedBenchmarks(&last, ".");
  benchmark::ClearRegisteredBenchmarks();
}

}  // namespace

std::vector<std::vector<const Case*>> chosen_groups(const Options& options) {
  const std::regex filter(options.filter);
  // Of each kernel and shape.
  std::map<std::string, Isa> strongest;
  const auto usable = [&](const Case& one) {
    return *one.isa <= options.limit() && (*one.isa != Isa::amx || allow_tiles());
  };
  for (const Case& one : cases()) {
    if (!one.isa.has_value() || !usable(one)) continue;
    Isa& best = strongest.try_emplace(one.kernel + "/" + one.shape, *one.isa).first->second;
    best = std::max(best, *one.isa);
  }
  std::vector<std::vector<const Case*>> groups;
  std::map<std::string, size_t> places;
  for (const Case& one : cases()) {
    const std::string name = one.kernel + "/" + one.shape;
    if (one.isa.has_value() && !usable(one)) continue;
    if (one.isa.has_value() &&
        !(options.isas.empty() ? *one.isa == strongest[name] : options.isas.contains(*one.isa)))
      continue;
    if (!std::regex_search(name + "/" + one.variant, filter)) continue;
    if (!one.isa.has_value() && (options.once || !has_library(one.variant))) continue;
    const auto [place, is_new] = places.try_emplace(name, groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(&one);
  }
  return groups;
}

std::vector<Measurement> measure_group(const std::vector<const Case*>& group, int threads,
                                       const Options& options) {
  std::vector<Measurement> measurements;
  std::vector<ReadyCase> ready;
  for (const Case* one : group) {
    ReadyCase made = one->make(threads);
    if (!made.run) continue;
    measurements.push_back({one, threads, {}, false});
    ready.push_back(std::move(made));
    ready.back().run();
    measurements.back().wrong = !(ready.back().error() <= one->tolerance);
  }
  LastRun last;
  std::vector<int64_t> iterations(ready.size(), 0);
  for (int round = 0; round < options.rounds; ++round) {
    for (size_t i = 0; i < ready.size(); ++i) {
      if (measurements[i].wrong) continue;
      // What the one before left spinning has gone to sleep by then.
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ready[i].run();
      // Another library has workers of its own: ours would stand in their way.
      const Case& of = *measurements[i].of;
      const int standing_by = of.isa.has_value() ? threads : 1;
      time_run(of.variant, ready[i].run, standing_by, options.seconds, iterations[i], last);
      iterations[i] = last.iterations();
      measurements[i].seconds.push_back(last.seconds());
    }
  }
  for (Measurement& one : measurements) std::ranges::sort(one.seconds);
  return measurements;
}

}  // namespace ink::bench
