#include "bench/kernels/comparison.h"

#include <cmath>
#include <map>
#include <tuple>
#include <utility>

namespace ink::bench {

std::vector<Comparison> compare(const std::vector<Measurement>& measurements) {
  const auto work_of = [](const Measurement& one) {
    return std::pair{one.of->kernel + "/" + one.of->shape, one.threads};
  };
  std::map<std::pair<std::string, int>, double> ours;  // the least time
  for (const Measurement& one : measurements) {
    if (!one.of->isa.has_value() || one.wrong) continue;
    double& least = ours.try_emplace(work_of(one), one.median()).first->second;
    least = std::min(least, one.median());
  }
  std::map<std::tuple<std::string, std::string, int>, Comparison> found;
  for (const Measurement& one : measurements) {
    const Case& of = *one.of;
    if (of.isa.has_value() || of.family.empty() || one.wrong) continue;
    const auto best = ours.find(work_of(one));
    if (best == ours.end()) continue;
    const double ratio = one.median() / best->second;
    Comparison& all = found[{of.family, of.variant, one.threads}];
    if (all.shapes == 0 || ratio < all.least) {
      all.least = ratio;
      all.least_at = best->first.first;
    }
    all.geometric_mean += std::log(ratio);  // of all in the end
    ++all.shapes;
  }
  std::vector<Comparison> comparisons;
  for (auto& [key, all] : found) {
    std::tie(all.family, all.library, all.threads) = key;
    all.geometric_mean = std::exp(all.geometric_mean / all.shapes);
    comparisons.push_back(std::move(all));
  }
  return comparisons;
}

}  // namespace ink::bench
