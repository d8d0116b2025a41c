#include "models/text/clip_vocabulary.h"

#include <algorithm>

#include "models/text/vocabulary_json.h"
#include "weights/message.h"

namespace ink {
namespace {

constexpr std::string_view kStart = "<|startoftext|>", kEnd = "<|endoftext|>";

// The lines of a text, without their ends. A last line that is empty is none.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    return line;
  }
  size_t number() const { return number_; }  // of the line that next() gave, from 1

 private:
  std::string_view rest_;
  size_t number_ = 0;
};

struct Pair {
  std::string_view left, right;
};

std::optional<Pair> pair_of(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == line.npos || space == 0 || space + 1 == line.size()) return std::nullopt;
  const Pair pair{line.substr(0, space), line.substr(space + 1)};
  return pair.right.find(' ') == pair.right.npos ? std::optional(pair) : std::nullopt;
}

Error bad_line(const std::string& file, const Lines& lines, std::string_view line) {
  return model_error(file, ": expected two tokens with a space between them in line ", lines.number(),
                     ", found ", quote(line));
}

Error in_line(const std::string& file, const Lines& lines, const Status& status) {
  return model_error(file, ": line ", lines.number(), ": ", status.error().message);
}

Error in_file(const std::string& file, const Status& status) {
  return model_error(file, ": ", status.error().message);
}

// The start, the end and what is padded with, once the tokens are there.
Status find_ends(ClipVocabulary& vocabulary, const TokenizerSettings& settings, const std::string& file) {
  const auto named = [&](std::string_view role, std::string_view usual) {
    const auto found = settings.special.find(role);
    return found == settings.special.end() ? std::string(usual) : found->second.text;
  };
  const std::string names[] = {named("bos_token", kStart), named("eos_token", kEnd),
                               named("pad_token", kEnd)};
  int32_t* const ids[] = {&vocabulary.start, &vocabulary.end, &vocabulary.pad};
  for (size_t i = 0; i < std::size(names); ++i) {
    const auto id = vocabulary.tokens.find(names[i]);
    if (!id) return model_error(file, ": expected a token ", quote(names[i]), ", found none");
    *ids[i] = *id;
  }
  return {};
}

Specials usual_specials(const TokenizerSettings& settings, const TokenTable& tokens) {
  return specials_of(settings,
                     {{"bos_token", kStart}, {"eos_token", kEnd}, {"unk_token", kEnd}, {"pad_token", kEnd}},
                     tokens, clean_as_tokenizers);
}

}  // namespace

Result<ClipVocabulary> read_simple_vocabulary(std::string_view text, const std::string& file) {
  constexpr size_t kTokens = 49408, kBytes = 256, kEnds = 2, kMostMerges = kTokens - 2 * kBytes - kEnds;
  ClipVocabulary made;
  TokenTable& tokens = made.tokens;
  tokens.reserve(kTokens, kTokens * 8);
  int32_t id = 0;
  for (const std::string_view mark : {std::string_view(), BytePairs::kEndOfWord}) {
    for (const uint8_t byte : BytePairs::byte_order())
      tokens.add(concat(BytePairs::letters()[byte], mark), id++);
  }
  INK_TRY_STATUS(made.pairs.set_bytes(tokens));
  made.pairs.reserve(kMostMerges);
  Lines lines(text);
  if (!lines.next()) return model_error(file, ": expected a line and merges, found nothing");
  size_t merges = 0;
  for (std::optional<std::string_view> line; merges < kMostMerges && (line = lines.next()); ++merges) {
    const auto pair = pair_of(*line);
    if (!pair) return bad_line(file, lines, *line);
    if (!tokens.add(concat(pair->left, pair->right), id++)) {
      return model_error(file, ": the token of line ", lines.number(), ", ", quote(*line),
                         ", is there twice");
    }
    if (const Status status = made.pairs.add_merge(tokens, pair->left, pair->right); !status.ok()) {
      return in_line(file, lines, status);
    }
  }
  if (merges == 0) return model_error(file, ": expected merges from line 2 on, found none");
  tokens.add(kStart, made.start = id++);
  tokens.add(kEnd, made.end = id);
  made.pad = 0;
  made.specials = usual_specials({}, tokens);
  return made;
}

Result<ClipVocabulary> read_vocabulary_and_merges(const VocabularyAndMerges& files,
                                                  const TokenizerSettings& settings) {
  ClipVocabulary made;
  INK_TRY(const rapidjson::Document json, parse_json_object(files.vocabulary, files.vocabulary_file));
  INK_TRY(made.tokens, read_token_ids(&json, files.vocabulary_file));
  if (const Status status = made.pairs.set_bytes(made.tokens); !status.ok()) {
    return in_file(files.vocabulary_file, status);
  }
  made.pairs.reserve(made.tokens.size());
  Lines lines(files.merges);
  while (const auto line = lines.next()) {
    if (line->starts_with("#version") || line->empty()) continue;
    const auto pair = pair_of(*line);
    if (!pair) return bad_line(files.merges_file, lines, *line);
    if (const Status status = made.pairs.add_merge(made.tokens, pair->left, pair->right); !status.ok()) {
      return in_line(files.merges_file, lines, status);
    }
  }
  INK_TRY_STATUS(find_ends(made, settings, files.vocabulary_file));
  made.specials = usual_specials(settings, made.tokens);
  made.length = settings.model_length;
  return made;
}

}  // namespace ink
