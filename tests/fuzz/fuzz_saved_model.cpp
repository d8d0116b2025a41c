#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "converters/sources/tensorflow/tensorflow.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate_proto.h"

using ink::fuzz::Input;
using ink::fuzz::Random;

namespace {

// Whether strings and braces of the JSON end, and no string ends before its time.
bool is_balanced(std::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c == '\\') ++i;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth < 0 || (depth == 0 && i + 1 != json.size())) return false;
    if (std::string_view("{}[]\":,-0123456789nul").find(c) == std::string_view::npos) return false;
  }
  return depth == 0 && !in_string;
}

}  // namespace

int fuzz_one(const uint8_t* data, size_t size) {
  const auto info = ink::read_saved_model(ink::fuzz::bytes_of(data, size), "fuzz");
  // Past the header: a model was found in it.
  if (!info.ok()) return info.error().message.find("the SavedModel") == std::string::npos ? 1 : 0;
  for (const ink::SourceText& text : info->texts) {
    if (!is_balanced(text.text)) std::abort();
  }
  return 1;
}

std::vector<Input> fuzz_seeds() {
  std::vector<Input> seeds;
  for (const char* name : {"saved_module", "saved_v1", "saved_empty", "saved_keras"}) {
    std::ifstream file(std::string(INK_GOLDENS_DIR "/tensorflow/") + name + "/saved_model.pb",
                       std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

void fuzz_mutate(Input& input, Random& random) {
  switch (random.below(16)) {
    case 0: ink::fuzz::mutate_bytes(input, random, 0, input.size()); return;
    case 1: input.resize(random.below(input.size() + 1)); return;
    default: break;
  }
  const std::string changed = ink::fuzz::mutate_proto({input.begin(), input.end()}, random);
  input.assign(changed.begin(), changed.end());
}
