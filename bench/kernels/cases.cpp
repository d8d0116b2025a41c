#include "bench/kernels/cases.h"

#include <algorithm>
#include <utility>

namespace ink::bench {
namespace {

std::vector<Case>& registered() {
  static std::vector<Case> all;
  return all;
}

}  // namespace

const std::vector<Case>& cases() { return registered(); }

bool add_case(Case added) {
  registered().push_back(std::move(added));
  return true;
}

}  // namespace ink::bench
