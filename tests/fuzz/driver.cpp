#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/meter.h"

namespace {

using ink::fuzz::Cost;
using ink::fuzz::Input;
using ink::fuzz::Random;

// Parses the input; its cost is the lesser one of two where the first is too much.
int measured(const Input& input, Cost& cost) {
  int passed = 0;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const ink::fuzz::Meter meter;
    passed = fuzz_one(input.data(), input.size());
    const Cost taken = meter.cost();
    if (attempt == 0 || taken.seconds < cost.seconds) cost = taken;
    if (!ink::fuzz::is_excessive(cost, input.size())) break;
  }
  return passed;
}

struct Settings {
  uint64_t runs = 100'000, seed = 1;
  std::vector<Input> seeds;  // files named on the command line, besides the target's own
};

bool parse(int argc, char** argv, Settings& settings) {
  for (int i = 1; i < argc; ++i) {
    const bool is_runs = std::strcmp(argv[i], "--runs") == 0, is_seed = std::strcmp(argv[i], "--seed") == 0;
    if (is_runs || is_seed) {
      if (++i == argc) return false;
      (is_runs ? settings.runs : settings.seed) = std::strtoull(argv[i], nullptr, 10);
      continue;
    }
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) return false;
    settings.seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return true;
}

}  // namespace

// TARGET [--runs N] [--seed S] [FILE...]: each run changes a valid input a few times and parses the result.
// Sanitizers end the process on a finding; the same seed then finds it again at the same run. Exits with 1 on
// an input that takes too long or too much memory (tests/fuzz/meter.h), and where fewer than 30 % of the
// inputs got past the header, for then too little of the parser was exercised.
int main(int argc, char** argv) {
  constexpr size_t kLargestInput = 64 << 10;
  Settings settings;
  if (!parse(argc, argv, settings)) {
    std::fprintf(stderr, "usage: %s [--runs N] [--seed S] [FILE...]\n", argv[0]);
    return 64;
  }
  std::vector<Input> seeds = fuzz_seeds();
  for (const Input& seed : seeds) {
    if (fuzz_one(seed.data(), seed.size()) == 1) continue;
    std::fprintf(stderr, "%s: one of its own seeds is refused\n", argv[0]);
    return 1;
  }
  seeds.insert(seeds.end(), settings.seeds.begin(), settings.seeds.end());
  Random random(settings.seed);
  uint64_t passed = 0;
  Cost most;
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t run = 0; run < settings.runs; ++run) {
    Input input = random.pick(std::span<const Input>(seeds));
    for (size_t changes = 1 + random.below(4); changes > 0; --changes) fuzz_mutate(input, random);
    if (input.size() > kLargestInput) input.resize(kLargestInput);
    // Its own allocation, so that the first byte read beyond the end is found.
    const Input exact(input.begin(), input.end());
    Cost cost;
    passed += static_cast<uint64_t>(measured(exact, cost));
    if (ink::fuzz::is_excessive(cost, exact.size())) {
      std::fprintf(stderr, "%s: run %llu with seed %llu, an input of %zu bytes, took %.3f s and %llu bytes\n",
                   argv[0], static_cast<unsigned long long>(run),
                   static_cast<unsigned long long>(settings.seed), exact.size(), cost.seconds,
                   static_cast<unsigned long long>(cost.bytes));
      return 1;
    }
    most.seconds = std::max(most.seconds, cost.seconds);
    most.bytes = std::max(most.bytes, cost.bytes);
  }
  const std::chrono::duration<double> total = std::chrono::steady_clock::now() - start;
  const double share =
      settings.runs == 0 ? 1 : static_cast<double>(passed) / static_cast<double>(settings.runs);
  std::printf(
      "%s: %llu executions with seed %llu, %.1f %% past the header, no finding; %.0f s; slowest %.1f ms, "
      "most memory %.3f MiB\n",
      argv[0], static_cast<unsigned long long>(settings.runs), static_cast<unsigned long long>(settings.seed),
      share * 100, total.count(), most.seconds * 1000, static_cast<double>(most.bytes) / (1 << 20));
  return share >= 0.3 ? 0 : 1;
}
