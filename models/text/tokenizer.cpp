#include "models/text/tokenizer.h"

#include <algorithm>

#include "models/text/clip_tokenizer.h"
#include "models/text/gunzip.h"
#include "models/text/word_piece.h"
#include "weights/message.h"

namespace ink {
namespace {

constexpr std::string_view kJson = "tokenizer.json", kVocabulary = "vocab.json", kMerges = "merges.txt",
                           kWords = "vocab.txt", kSimple = "bpe_simple_vocab_16e6.txt",
                           kSimpleGz = "bpe_simple_vocab_16e6.txt.gz";
constexpr std::string_view kSettings[] = {"tokenizer_config.json", "special_tokens_map.json",
                                          "sentence_bert_config.json"};
constexpr size_t kMostBytes = size_t{256} << 20;
constexpr int kClipLength = 77, kBertLength = 512;

// The files of the form that counts; none where no form is whole.
std::vector<std::string_view> form_of(const TokenizerFiles& files) {
  static const std::vector<std::string_view> kForms[] = {
      {kJson}, {kVocabulary, kMerges}, {kWords}, {kSimpleGz}, {kSimple}};
  for (const auto& form : kForms) {
    if (std::all_of(form.begin(), form.end(), [&](std::string_view name) { return files.contains(name); })) {
      return form;
    }
  }
  return {};
}

Status check_length(const std::optional<int>& length) {
  if (!length || *length >= 2) return {};
  return Error{ErrorKind::usage, concat("expected a length of at least 2 tokens, found ", *length)};
}

class Opener {
 public:
  Opener(const TokenizerFiles& files, const TokenizerOptions& options) : files_(files), options_(options) {}

  Result<std::unique_ptr<Tokenizer>> open() {
    INK_TRY_STATUS(check_length(options_.max_length));
    const std::vector<std::string_view> form = form_of(files_);
    if (form.empty()) return no_form();
    for (const auto& [name, bytes] : files_) {
      if (bytes.size() > kMostBytes) {
        return model_error(path(name), ": expected at most ", kMostBytes, " bytes, found ", bytes.size());
      }
    }
    INK_TRY(const TokenizerSettings settings, read_settings(files_, options_.origin));
    if (form[0] == kJson) return open_json(settings);
    if (form[0] == kVocabulary) {
      const VocabularyAndMerges both{text(kVocabulary), text(kMerges), path(kVocabulary), path(kMerges)};
      INK_TRY(ClipVocabulary vocabulary, read_vocabulary_and_merges(both, settings));
      return clip(std::move(vocabulary), ClipCleaning::huggingface);
    }
    if (form[0] == kWords) {
      INK_TRY(WordPieceVocabulary vocabulary,
              read_word_list(text(kWords), settings, path(kWords), options_.origin));
      return word_piece(std::move(vocabulary));
    }
    return open_simple(form[0]);
  }

 private:
  std::string path(std::string_view name) const { return concat(options_.origin, name); }
  std::string_view text(std::string_view name) const { return files_.find(name)->second; }

  Error no_form() const {
    const std::string_view lacks = files_.contains(kVocabulary) ? kMerges
                                   : files_.contains(kMerges)   ? kVocabulary
                                                                : std::string_view();
    if (!lacks.empty()) return model_error(path(lacks), ": expected this file beside the other, found none");
    return model_error(options_.origin.empty() ? "" : options_.origin + ": ", "expected a tokenizer in ",
                       kJson, ", ", kVocabulary, " with ", kMerges, ", ", kWords, " or ", kSimpleGz,
                       ", found none");
  }

  Result<std::unique_ptr<Tokenizer>> open_json(const TokenizerSettings& settings) const {
    INK_TRY(const rapidjson::Document json, parse_json_object(text(kJson), path(kJson)));
    const Json* const type = member(member(&json, "model"), "type");
    if (text_or_none(type) == "BPE") {
      INK_TRY(ClipVocabulary vocabulary, read_clip_json(json, settings, path(kJson)));
      return clip(std::move(vocabulary), ClipCleaning::huggingface);
    }
    if (text_or_none(type) == "WordPiece") {
      INK_TRY(WordPieceVocabulary vocabulary, read_word_piece_json(json, settings, path(kJson)));
      return word_piece(std::move(vocabulary));
    }
    return model_error(path(kJson), ": expected 'BPE' or 'WordPiece' as the type of its model, found ",
                       found_in(type));
  }

  Result<std::unique_ptr<Tokenizer>> open_simple(std::string_view name) const {
    std::string unpacked;
    std::string_view lines = text(name);
    if (is_gzip(lines)) {
      INK_TRY(unpacked, gunzip(lines, kMostBytes, path(name)));
      lines = unpacked;
    }
    INK_TRY(ClipVocabulary vocabulary, read_simple_vocabulary(lines, path(name)));
    return clip(std::move(vocabulary), ClipCleaning::openai);
  }

  std::unique_ptr<Tokenizer> clip(ClipVocabulary vocabulary, ClipCleaning usual) const {
    const int length = options_.max_length.value_or(vocabulary.length.value_or(kClipLength));
    return make_clip_tokenizer(std::move(vocabulary), options_.cleaning.value_or(usual), length);
  }

  std::unique_ptr<Tokenizer> word_piece(WordPieceVocabulary vocabulary) const {
    const int length = options_.max_length.value_or(vocabulary.length.value_or(kBertLength));
    return make_word_piece_tokenizer(std::move(vocabulary), length);
  }

  const TokenizerFiles& files_;
  const TokenizerOptions& options_;
};

}  // namespace

std::vector<std::string_view> tokenizer_file_names() {
  std::vector<std::string_view> names{kJson, kVocabulary, kMerges, kWords, kSimpleGz, kSimple};
  names.insert(names.end(), std::begin(kSettings), std::end(kSettings));
  return names;
}

bool has_tokenizer(const TokenizerFiles& files) { return !form_of(files).empty(); }

Result<std::unique_ptr<Tokenizer>> open_tokenizer(const TokenizerFiles& files,
                                                  const TokenizerOptions& options) {
  return Opener(files, options).open();
}

TokenizerFiles needed_files(const TokenizerFiles& files) {
  std::vector<std::string_view> names = form_of(files);
  if (names.empty()) return {};
  names.insert(names.end(), std::begin(kSettings), std::end(kSettings));
  TokenizerFiles needed;
  for (const std::string_view name : names) {
    if (const auto found = files.find(name); found != files.end()) needed.insert(*found);
  }
  return needed;
}

}  // namespace ink
