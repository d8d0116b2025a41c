#pragma once

#include <map>
#include <string>

#include "pictures/picture.h"
#include "tests/cli/command.h"

namespace ink::test {

// What architectures.cpp makes of pictures: "features" is their mean colour, and of texts how often they have
// the words red, green and blue.

// The scores of its tags: red, green, blue, green / 2, (red + green) / 2, blue / 2, green / 4.
inline constexpr const char* kTags =
    "red\ngreen\nblue\nhalf_green\nhatsune_miku\nrating:safe\nrating:explicit\n";
inline constexpr const char* kCategories =
    R"([{"name":"General","start_index":0},{"name":"Character","start_index":4},{"name":"System","start_index":5}])";

// A whole WordPiece vocabulary; the ids of red, green and blue are 5, 6 and 7.
inline constexpr const char* kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\ngreen\nblue\n";

struct MadeUp {
  std::string architecture;                       // made-up-tagger, -scorer, -pair, -texts
  std::map<std::string, std::string> texts = {};  // U8 tensors by name
  float logit_scale = 0;                          // where it is not 0
};
void write_made_up(const Workplace& work, const std::string& name, const MadeUp& model);

// tags.txt and categories.json inside.
MadeUp tagger();

Picture solid(uint8_t red, uint8_t green, uint8_t blue, int w = 8, int h = 6);

}  // namespace ink::test
