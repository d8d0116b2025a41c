#include "tests/models/text/made_up_texts.h"

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "models/text/mojibake_data.h"
#include "models/text/utf8.h"

namespace ink::test {
namespace {

constexpr char32_t kFirstSurrogate = 0xD800, kSurrogates = 0x800;

// \{41} is a code point by number.
std::u32string unescaped(const std::string& text) {
  std::u32string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\\{") == 0) {
      const size_t end = text.find('}', i);
      out += static_cast<char32_t>(std::stoul(text.substr(i + 2, end - i - 2), nullptr, 16));
      i = end;
    } else {
      out += static_cast<char32_t>(text[i]);
    }
  }
  return out;
}

std::u32string widened(const std::string& ascii) { return {ascii.begin(), ascii.end()}; }

std::string in_hex(size_t number) {
  std::ostringstream out;
  out << std::hex << number;
  return out.str();
}

}  // namespace

uint64_t SplitMix::next() {
  state_ += 0x9E3779B97F4A7C15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

MadeUpTexts::MadeUpTexts() {
  std::ifstream file(INK_GOLDENS_DIR "/tokenizers/parts.txt");
  if (!file) throw std::runtime_error("goldens/tokenizers/parts.txt is missing");
  for (std::string line; std::getline(file, line);) {
    const size_t space = line.find(' ');
    const std::string group = line.substr(0, space), rest = line.substr(space + 1);
    if (group == "script") {
      std::istringstream numbers(rest);
      Script script{};
      numbers >> std::hex >> script.first >> script.last;
      scripts_.push_back(script);
    } else if (group != "#") {
      parts_[group].push_back(unescaped(rest));
    }
  }
}

std::u32string MadeUpTexts::of(const std::string& group, SplitMix& random) const {
  return random.pick(parts_.at(group));
}

std::u32string MadeUpTexts::script(SplitMix& random) const {
  const Script script = random.pick(scripts_);
  std::u32string text;
  for (size_t count = 1 + random.below(8); count > 0; --count) {
    text += static_cast<char32_t>(script.first + random.below(script.last - script.first + 1));
  }
  return text;
}

std::u32string MadeUpTexts::anything(SplitMix& random) const {
  const auto point = static_cast<char32_t>(random.below(0x110000 - kSurrogates));
  return {point < kFirstSurrogate ? point : point + kSurrogates};
}

std::u32string MadeUpTexts::reference(SplitMix& random) const {
  const size_t kind = random.below(4);
  if (kind == 0) return widened("&#" + std::to_string(random.below(0x3000)) + ";");
  if (kind == 1) {
    const std::string number = in_hex(random.below(0x20000));
    return widened("&#x" + number + (random.below(2) == 0 ? ";" : ""));
  }
  return of("reference", random);
}

std::u32string MadeUpTexts::long_word(SplitMix& random) const {
  const char32_t letter = script(random)[0];
  if (random.below(4) == 0) return std::u32string(90 + random.below(60), letter);
  return std::u32string(1 + random.below(12), letter);
}

std::u32string MadeUpTexts::marked(SplitMix& random) const {
  std::u32string text{static_cast<char32_t>(0x61 + random.below(26))};
  for (size_t count = 1 + random.below(4); count > 0; --count) {
    text += static_cast<char32_t>(0x300 + random.below(0x70));
  }
  return text;
}

std::u32string MadeUpTexts::broken(SplitMix& random) const {
  std::u32string text = random.below(2) == 0 ? word(random) : script(random);
  for (size_t times = 1 + random.below(2); times > 0; --times) {
    const size_t page = random.below(kCodePages.size() + 1);
    std::u32string out;
    for (const char c : to_utf8(text)) {
      const auto byte = static_cast<uint8_t>(c);
      if (byte < 0x80) {
        out += static_cast<char32_t>(byte);
      } else if (byte == 0xA0 && random.below(3) == 0) {
        out += U' ';
      } else if (random.below(40) == 0) {
        out += random.below(3) == 0 ? U'?' : U'\uFFFD';
      } else {
        out += static_cast<char32_t>(page == 0 ? byte : kCodePages[page - 1].upper[byte - 0x80]);
      }
    }
    text = out;
  }
  return text;
}

std::u32string MadeUpTexts::upper_half(SplitMix& random) const {
  const size_t page = random.below(kCodePages.size());
  std::u32string text;
  for (size_t count = 1 + random.below(6); count > 0; --count) {
    const size_t kind = random.below(8);
    if (kind == 0) {
      text += static_cast<char32_t>(0x61 + random.below(26));
    } else if (kind == 1) {
      text += U' ';
    } else {
      text += static_cast<char32_t>(kCodePages[page].upper[random.below(128)]);
    }
  }
  return text;
}

std::u32string MadeUpTexts::mixed(SplitMix& random) const {
  switch (random.below(18)) {
    case 0:
    case 1: return word(random);
    case 2:
    case 3: return script(random);
    case 4: return anything(random);
    case 5: return of("space", random);
    case 6: return of("control", random);
    case 7: return reference(random);
    case 8: return of("special", random);
    case 9: return of("contraction", random);
    case 10: return of("emoji", random);
    case 11: return widened(std::to_string(random.below(100'000)));
    case 12: return long_word(random);
    case 13: return broken(random);
    case 14: return upper_half(random);
    case 15: return of("mojibake", random);
    case 16: return of("escape", random);
    default: return marked(random);
  }
}

std::u32string MadeUpTexts::piece(size_t kind, SplitMix& random) const {
  switch (kind) {
    case 0: return broken(random);
    case 1: return upper_half(random);
    case 2: return random.below(2) == 0 ? of("mojibake", random) : word(random);
    case 3: return script(random);
    default: return mixed(random);
  }
}

std::u32string MadeUpTexts::text(uint64_t index) const {
  SplitMix random(index * 0xD1B54A32D192ED03 + 1);
  const size_t count = index % 97 == 0 ? 40 + random.below(200) : random.below(12);
  std::vector<std::u32string> pieces;
  for (size_t i = 0; i < count; ++i) pieces.push_back(piece(index % 8, random));
  const bool apart = random.below(3) != 0;
  std::u32string text;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0 && apart) text += U' ';
    text += pieces[i];
  }
  return text;
}

std::u32string sweep_text(char32_t point) { return {U'a', point, U'B', point, U' ', point}; }

}  // namespace ink::test
