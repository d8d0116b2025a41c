#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ink::test {

// Few combinations of factors in which every two levels of every two factors meet at least once. levels: how
// many each factor has; a combination holds one level a factor. The same seed gives the same combinations.
std::vector<std::vector<int>> pairwise(std::span<const int> levels, uint64_t seed);

}  // namespace ink::test
