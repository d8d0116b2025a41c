#include <algorithm>
#include <string_view>

#include "tests/fuzz/torch_target.h"

using ink::fuzz::Input;
using ink::fuzz::Random;

int fuzz_one(const uint8_t* data, size_t size) { return ink::fuzz::read_torch(data, size); }

std::vector<Input> fuzz_seeds() {
  std::vector<Input> seeds;
  for (const char* file : {"legacy.pt", "legacy_types.pt", "legacy_views.pt", "legacy_module.pt",
                           "legacy_checkpoint.pt", "legacy_protocol3.pt", "legacy_protocol4.pt"}) {
    seeds.push_back(ink::fuzz::torch_seed(file));
  }
  return seeds;
}

// The magic number stays; then one of the pickles is changed, or the storages behind them.
void fuzz_mutate(Input& input, Random& random) {
  constexpr size_t kMagicBytes = 15;
  if (input.size() <= kMagicBytes) return;
  if (random.one_in(8)) {
    ink::fuzz::mutate_bytes(input, random, kMagicBytes, input.size());
    return;
  }
  // The object's pickle is the longest stretch.
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  const size_t facts = text.find("type_sizes");
  const size_t begin = facts == text.npos ? kMagicBytes : text.find("\x80", facts);
  if (begin == text.npos) return;
  Input pickle(input.begin() + static_cast<ptrdiff_t>(begin), input.end());
  ink::fuzz::mutate_pickle(pickle, random);
  input.resize(begin);
  input.insert(input.end(), pickle.begin(), pickle.end());
}
