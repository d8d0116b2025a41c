#include <algorithm>
#include <cstdlib>
#include <string>

#include "converters/sources/ncnn.h"
#include "tests/converters/sample_ncnn.h"
#include "tests/fuzz/fuzz.h"

using ink::fuzz::Input;
using ink::fuzz::Random;

int fuzz_one(const uint8_t* data, size_t size) {
  static const ink::test::Bytes bin = ink::test::small_ncnn().bin;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto graph = ink::parse_ncnn_param(text, "fuzz");
  if (!graph.ok()) {
    // Past the header: refused for one of the layers, which have lines from 3 on.
    const std::string& message = graph.error().message;
    return message.starts_with("fuzz line ") && !message.starts_with("fuzz line 1:") &&
           !message.starts_with("fuzz line 2:");
  }
  const auto source = ink::open_ncnn(*graph, bin, nullptr, "bin");
  if (!source.ok()) return 1;
  for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
    if (!(*source)->read(i).ok()) std::abort();
  }
  return 1;
}

std::vector<Input> fuzz_seeds() {
  const std::string text = ink::test::small_ncnn().param;
  const std::string tiny = "7767517\r\n2 2\r\nInput in 0 1 a\r\nConvolution c 1 1 a b 0=1 1=1 5=1 6=3\r\n";
  return {Input(text.begin(), text.end()), Input(tiny.begin(), tiny.end())};
}

void fuzz_mutate(Input& input, Random& random) {
  // Most changes leave the first two lines alone.
  size_t second_line_end = 0;
  for (int line = 0; line < 2 && second_line_end < input.size(); ++line) {
    while (second_line_end < input.size() && input[second_line_end] != '\n') ++second_line_end;
    second_line_end = std::min(second_line_end + 1, input.size());
  }
  if (random.one_in(10)) second_line_end = 0;
  const auto layers = input.begin() + static_cast<ptrdiff_t>(second_line_end);
  Input rest(layers, input.end());
  input.erase(layers, input.end());
  switch (random.below(8)) {
    case 0: ink::fuzz::mutate_bytes(rest, random, 0, rest.size()); break;
    case 1: ink::fuzz::mutate_pieces(rest, random, " ="); break;
    case 2: ink::fuzz::mutate_pieces(rest, random, " =,\n"); break;
    case 3: ink::fuzz::mutate_pieces(rest, random, "\n"); break;
    default: ink::fuzz::mutate_number(rest, random); break;
  }
  if (random.one_in(20)) rest.resize(random.below(rest.size() + 1));
  input.insert(input.end(), rest.begin(), rest.end());
}
