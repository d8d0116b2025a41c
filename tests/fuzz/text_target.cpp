#include "tests/fuzz/text_target.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "models/text/utf8.h"
#include "tests/models/text/made_up_texts.h"

namespace ink::fuzz {
namespace {

constexpr std::string_view kMark = "@@", kText = "@@text\n";

TokenizerFiles unpack(std::string_view input) {
  TokenizerFiles files;
  for (size_t at = input.find(kMark); at != input.npos;) {
    const size_t line = input.find('\n', at);
    if (line == input.npos) break;
    const size_t next = input.find(kMark, line);
    files[std::string(input.substr(at + kMark.size(), line - at - kMark.size()))] =
        input.substr(line + 1, next == input.npos ? input.npos : next - line - 1);
    at = next;
  }
  return files;
}

void check_ids(const Tokenizer& tokenizer, const std::vector<int32_t>& ids) {
  const bool has_ends =
      ids.size() >= 2 && ids.front() == tokenizer.start_id() && ids.back() == tokenizer.end_id();
  if (!has_ends || ids.size() > static_cast<size_t>(tokenizer.max_length())) std::abort();
  for (const int32_t id : ids) {
    if (id < 0 || id >= tokenizer.vocabulary_size()) std::abort();
  }
}

// A made-up text, so that valid UTF-8 with much to do is common.
std::string made_up(Random& random) {
  static const test::MadeUpTexts texts;
  return to_utf8(texts.text(random.below(1 << 20)));
}

}  // namespace

Input pack_tokenizer(const TokenizerFiles& files, const std::string& text) {
  std::string out;
  for (const auto& [name, content] : files) out += std::string(kMark) + name + "\n" + content;
  out += std::string(kText) + text;
  return Input(out.begin(), out.end());
}

int run_tokenizer(std::string_view input, const TokenizerOptions& options) {
  TokenizerFiles files = unpack(input);
  const std::string text = files["text"];
  files.erase("text");
  const auto opened = open_tokenizer(files, options);
  if (!opened.ok()) {
    if (opened.error().message.empty() || opened.error().message.find('\n') != std::string::npos)
      std::abort();
    return opened.error().message.find("JSON") == std::string::npos ? 1 : 0;
  }
  const Tokenizer& tokenizer = **opened;
  const auto ids = tokenizer.encode(text);
  if (!ids.ok()) {
    const bool is_text = ids.error().kind == ErrorKind::bad_input || ids.error().kind == ErrorKind::limit;
    if (!is_text || ids.error().message.empty()) std::abort();
    return 1;
  }
  check_ids(tokenizer, *ids);
  return 1;
}

void mutate_tokenizer(Input& input, Random& random) {
  const auto text = std::search(input.begin(), input.end(), kText.begin(), kText.end());
  const auto begin = static_cast<size_t>(text - input.begin());
  const size_t text_begin = std::min(begin + kText.size(), input.size());
  switch (random.below(12)) {
    case 0: return mutate_bytes(input, random, 0, begin);
    case 1: {
      Input files(input.begin(), text);
      const Input rest(text, input.end());
      if (random.one_in(2)) {
        mutate_pieces(files, random, ",{}[]: \n\"");
      } else {
        mutate_number(files, random);
      }
      input = std::move(files);
      input.insert(input.end(), rest.begin(), rest.end());
      return;
    }
    case 2:
    case 3: return mutate_bytes(input, random, text_begin, input.size());
    case 4: {
      Input words(input.begin() + static_cast<ptrdiff_t>(text_begin), input.end());
      mutate_pieces(words, random, " &;<>[]'");
      input.resize(text_begin);
      input.insert(input.end(), words.begin(), words.end());
      return;
    }
    default: {
      const std::string made = made_up(random);
      if (random.one_in(2)) input.resize(text_begin);
      input.insert(input.end(), made.begin(), made.end());
      return;
    }
  }
}

}  // namespace ink::fuzz
