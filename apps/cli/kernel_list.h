#pragma once

#include <string>
#include <vector>

#include "kernels/base/isa.h"

namespace ink::cli {

struct KernelName {
  Isa isa;
  const char* name;
};

// The variant table of one op, best first, reference last.
struct KernelList {
  const char* op;
  std::vector<KernelName> kernels;
};

std::vector<KernelList> kernel_lists();

const KernelName* chosen_kernel(const KernelList& list, Isa limit);

}  // namespace ink::cli
