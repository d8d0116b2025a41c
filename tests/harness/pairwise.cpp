#include "tests/harness/pairwise.h"

#include <random>
#include <set>
#include <tuple>

namespace ink::test {
namespace {

using Pair = std::tuple<size_t, int, size_t, int>;  // factor and level, and again

template <class F>
void for_each_pair(const std::vector<int>& combination, F&& visit) {
  for (size_t a = 0; a < combination.size(); ++a) {
    for (size_t b = a + 1; b < combination.size(); ++b) visit(Pair{a, combination[a], b, combination[b]});
  }
}

}  // namespace

// Greedy: of some random combinations that contain a missing pair, the one that adds the most.
std::vector<std::vector<int>> pairwise(std::span<const int> levels, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](int limit) { return static_cast<int>(random() % static_cast<uint64_t>(limit)); };
  std::set<Pair> missing;
  for (size_t a = 0; a < levels.size(); ++a) {
    for (size_t b = a + 1; b < levels.size(); ++b) {
      for (int i = 0; i < levels[a]; ++i) {
        for (int j = 0; j < levels[b]; ++j) missing.insert({a, i, b, j});
      }
    }
  }
  std::vector<std::vector<int>> chosen;
  while (!missing.empty()) {
    const auto [a, i, b, j] = *missing.begin();
    std::vector<int> best;
    int best_gain = 0;
    for (int attempt = 0; attempt < 40; ++attempt) {
      std::vector<int> combination;
      for (const int count : levels) combination.push_back(below(count));
      combination[a] = i;
      combination[b] = j;
      int gain = 0;
      for_each_pair(combination, [&](const Pair& pair) { gain += missing.count(pair) > 0; });
      if (gain > best_gain) {
        best_gain = gain;
        best = combination;
      }
    }
    for_each_pair(best, [&](const Pair& pair) { missing.erase(pair); });
    chosen.push_back(best);
  }
  return chosen;
}

}  // namespace ink::test
