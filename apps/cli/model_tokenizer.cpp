#include "apps/cli/model_tokenizer.h"

#include <rapidjson/document.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <system_error>

#include "apps/cli/text.h"
#include "converters/load_model.h"
#include "converters/sources/open.h"
#include "converters/tokenizer_files.h"
#include "models/model.h"

namespace ink::cli {
namespace {

// What a model file brings of its own.
struct Inside {
  TokenizerFiles files;
  std::string config;  // inkstone.config
};

std::string as_string(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<std::optional<ClipCleaning>> parse_cleaning(const std::string& text) {
  if (text.empty()) return std::optional<ClipCleaning>();
  if (text == "openai") return std::optional(ClipCleaning::openai);
  if (text == "hf") return std::optional(ClipCleaning::huggingface);
  return Error{ErrorKind::usage, "--clip-cleaning: expected openai or hf, found \"" + text + "\""};
}

// What a model's configuration says that its texts were cleaned by.
std::optional<ClipCleaning> configured_cleaning(const std::string& config) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(config.data(), config.size());
  if (document.HasParseError() || !document.IsObject() || !document.HasMember("cleaning") ||
      !document["cleaning"].IsString()) {
    return std::nullopt;
  }
  const std::string_view name = document["cleaning"].GetString();
  if (name == "openai") return ClipCleaning::openai;
  if (name == "huggingface") return ClipCleaning::huggingface;
  return std::nullopt;
}

Result<std::unique_ptr<Tokenizer>> open_for(const std::string& model_path, Inside inside,
                                            const TokenizerFlags& flags, int max_tokens) {
  TokenizerOptions options;
  INK_TRY(options.cleaning, parse_cleaning(flags.cleaning));
  if (!options.cleaning) options.cleaning = configured_cleaning(inside.config);
  FoundTokenizer found;
  if (!flags.path.empty()) {
    INK_TRY(found, read_tokenizer(flags.path));
  } else if (!inside.files.empty()) {
    found = {std::move(inside.files), concat(model_path, ": ", kTokenizerPrefix), ""};
  } else {
    INK_TRY(found, find_tokenizer(model_path));
  }
  if (!found.lacks.empty()) {
    return model_error(found.lacks, ": expected this file beside the tokenizer's other one, found none");
  }
  if (found.files.empty()) {
    return model_error(
        model_path, ": there is no tokenizer, neither in the model nor beside it (",
        "tokenizer.json, vocab.json with merges.txt, vocab.txt or bpe_simple_vocab_16e6.txt.gz",
        "); --tokenizer names its file or folder");
  }
  options.origin = found.folder;
  INK_TRY(std::unique_ptr<Tokenizer> tokenizer, open_tokenizer(found.files, options));
  if (max_tokens == 0 || tokenizer->max_length() <= max_tokens) return tokenizer;
  options.max_length = max_tokens;
  return open_tokenizer(found.files, options);
}

Result<Inside> look_inside(const std::string& path) {
  Inside inside;
  std::error_code ignored;
  if (path.empty() || !std::filesystem::is_regular_file(path, ignored)) return inside;
  const Result<std::unique_ptr<TensorSource>> source = open_source(path);
  // What is no model may still lie beside a tokenizer.
  if (!source.ok() || !is_model_file(**source)) return inside;
  for (const SourceText& text : (*source)->texts()) {
    if (text.name == kConfigKey) inside.config = text.text;
  }
  for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
    const std::string& name = (*source)->tensors()[i].name;
    if (!name.starts_with(kTokenizerPrefix)) continue;
    INK_TRY(const SourceBytes bytes, (*source)->read(i));
    inside.files[name.substr(kTokenizerPrefix.size())] = as_string(bytes.bytes);
  }
  return inside;
}

}  // namespace

void add_tokenizer_options(CLI::App& app, TokenizerFlags& flags) {
  const std::string group = "Texts";
  app.add_option("--tokenizer", flags.path, "Its file or folder; default: in the model or beside it")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--clip-cleaning", flags.cleaning,
                 "How CLIP's texts are cleaned: as OpenAI's code does it or as Hugging Face's; default: the "
                 "checkpoint's way")
      ->type_name("openai|hf")
      ->group(group);
}

Result<std::unique_ptr<Tokenizer>> load_tokenizer(const std::string& model_path, const WeightStore& store,
                                                  const TokenizerFlags& flags, int max_tokens) {
  Inside inside;
  inside.config = store.metadata(kConfigKey);
  for (const StoredTensor& tensor : store.tensors()) {
    if (!tensor.name.starts_with(kTokenizerPrefix)) continue;
    inside.files[tensor.name.substr(kTokenizerPrefix.size())] = as_string(tensor.bytes);
  }
  return open_for(model_path, std::move(inside), flags, max_tokens);
}

Result<std::unique_ptr<Tokenizer>> load_tokenizer(const std::string& model_path,
                                                  const TokenizerFlags& flags) {
  std::error_code ignored;
  if (!model_path.empty() && !std::filesystem::exists(model_path, ignored)) {
    return model_error(model_path, ": expected a model, found no such file or folder");
  }
  INK_TRY(Inside inside, look_inside(model_path));
  return open_for(model_path, std::move(inside), flags, 0);
}

}  // namespace ink::cli
