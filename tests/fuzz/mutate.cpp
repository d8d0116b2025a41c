#include <algorithm>
#include <array>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace ink::fuzz {

uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15u;
  uint64_t x = state_;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

void mutate_bytes(Input& input, Random& random, size_t begin, size_t end) {
  end = std::min(end, input.size());
  if (begin >= end) return;
  const size_t at = begin + random.below(end - begin);
  const size_t run = std::min(end - at, 1 + random.below(8));
  const auto place = input.begin() + static_cast<ptrdiff_t>(at);
  switch (random.below(6)) {
    case 0: *place = static_cast<uint8_t>(*place ^ (1u << random.below(8))); break;
    case 1: *place = static_cast<uint8_t>(random.next()); break;
    case 2: std::fill_n(place, run, random.one_in(2) ? uint8_t{0xff} : uint8_t{0}); break;
    case 3: input.erase(place, place + static_cast<ptrdiff_t>(run)); break;
    case 4: {
      const Input copy(place, place + static_cast<ptrdiff_t>(run));
      input.insert(place, copy.begin(), copy.end());
      break;
    }
    default: input.insert(place, run, static_cast<uint8_t>(random.next())); break;
  }
}

namespace {

bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

Input text(std::string_view characters) { return Input(characters.begin(), characters.end()); }

void replace(Input& input, size_t begin, size_t end, const Input& by) {
  const auto at =
      input.erase(input.begin() + static_cast<ptrdiff_t>(begin), input.begin() + static_cast<ptrdiff_t>(end));
  input.insert(at, by.begin(), by.end());
}

}  // namespace

void mutate_number(Input& input, Random& random) {
  static constexpr std::array<std::string_view, 20> kNumbers = {"0",
                                                                "1",
                                                                "-1",
                                                                "2",
                                                                "3",
                                                                "4",
                                                                "7",
                                                                "8",
                                                                "16",
                                                                "64",
                                                                "255",
                                                                "256",
                                                                "65536",
                                                                "2147483647",
                                                                "2147483648",
                                                                "4294967295",
                                                                "9223372036854775807",
                                                                "18446744073709551615",
                                                                "1.5",
                                                                "-23310"};
  if (input.empty()) return;
  size_t begin = random.below(input.size());
  while (begin < input.size() && !is_digit(input[begin])) ++begin;
  while (begin > 0 && begin < input.size() && is_digit(input[begin - 1])) --begin;
  size_t end = begin;
  while (end < input.size() && is_digit(input[end])) ++end;
  if (begin == end) return;
  if (end - begin < 10 && random.one_in(2)) {
    const int64_t value = std::stoll(std::string(input.begin() + static_cast<ptrdiff_t>(begin),
                                                 input.begin() + static_cast<ptrdiff_t>(end)));
    const int64_t changes[] = {value + 1, value - 1, value * 2, value / 2};
    replace(input, begin, end, text(std::to_string(changes[random.below(4)])));
  } else {
    replace(input, begin, end, text(random.pick(std::span<const std::string_view>(kNumbers))));
  }
}

void mutate_pieces(Input& input, Random& random, std::string_view separators) {
  const auto is_separator = [&](uint8_t byte) {
    return separators.find(static_cast<char>(byte)) != separators.npos;
  };
  std::vector<std::pair<size_t, size_t>> pieces;
  for (size_t begin = 0; begin < input.size();) {
    size_t end = begin;
    while (end < input.size() && !is_separator(input[end])) ++end;
    if (end > begin) pieces.emplace_back(begin, end);
    begin = end + 1;
  }
  if (pieces.empty()) return;
  const auto [begin, end] = pieces[random.below(pieces.size())];
  const auto [other_begin, other_end] = pieces[random.below(pieces.size())];
  const Input other(input.begin() + static_cast<ptrdiff_t>(other_begin),
                    input.begin() + static_cast<ptrdiff_t>(other_end));
  switch (random.below(4)) {
    case 0: replace(input, begin, end, other); break;
    case 1: replace(input, begin, std::min(end + 1, input.size()), {}); break;
    case 2: {
      Input twice(input.begin() + static_cast<ptrdiff_t>(begin), input.begin() + static_cast<ptrdiff_t>(end));
      const Input copy = twice;
      twice.push_back(static_cast<uint8_t>(separators[random.below(separators.size())]));
      twice.insert(twice.end(), copy.begin(), copy.end());
      replace(input, begin, end, twice);
      break;
    }
    default: replace(input, end, end, other); break;
  }
}

std::span<const std::byte> bytes_of(const uint8_t* data, size_t size) {
  return std::as_bytes(std::span(data, size));
}

}  // namespace ink::fuzz
