#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

// A fuzz target is one parser: it defines fuzz_one(), fuzz_seeds() and fuzz_mutate(); the driver does the
// rest.

namespace ink::fuzz {

using Input = std::vector<uint8_t>;

// Reproducible random numbers (splitmix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  // From 0 to count - 1; count > 0.
  size_t below(size_t count) { return static_cast<size_t>(next() % count); }
  bool one_in(size_t count) { return below(count) == 0; }
  template <class T>
  const T& pick(std::span<const T> choices) {
    return choices[below(choices.size())];
  }

 private:
  uint64_t state_;
};

// Turns bits, overwrites, removes, repeats and inserts bytes of [begin, end) of the input.
void mutate_bytes(Input& input, Random& random, size_t begin, size_t end);
// Replaces one decimal number in the text by one that is near a limit.
void mutate_number(Input& input, Random& random);
// Replaces, removes, doubles or swaps one piece of the text between separators.
void mutate_pieces(Input& input, Random& random, std::string_view separators);

std::span<const std::byte> bytes_of(const uint8_t* data, size_t size);

}  // namespace ink::fuzz

// Parses the input. 1: the input got past the parser's header, so that what follows was exercised; 0: it did
// not.
int fuzz_one(const uint8_t* data, size_t size);
// Valid inputs.
std::vector<ink::fuzz::Input> fuzz_seeds();
// Changes the input once, so that what a parser checks first mostly stays right.
void fuzz_mutate(ink::fuzz::Input& input, ink::fuzz::Random& random);
