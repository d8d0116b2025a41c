#include "converters/tokenizer_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "weights/file.h"
#include "weights/message.h"
#include "weights/sniff.h"

namespace ink {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostBytes = uint64_t{256} << 20;

bool is_folder(const fs::path& path) {
  std::error_code unknown;
  return fs::is_directory(path, unknown);
}

bool is_there(const fs::path& path) {
  std::error_code unknown;
  return fs::exists(path, unknown);
}

Result<std::string> read_text(const fs::path& path) {
  INK_TRY(const FileBytes file, open_file(path.string(), FileAccess::read, kMostBytes));
  const FileFormat format = sniff(file.bytes);
  if (format == FileFormat::git_lfs_pointer || format == FileFormat::html || format == FileFormat::empty) {
    return model_error(path.string(), ": expected a tokenizer's file, found ", describe(format));
  }
  return std::string(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
}

Error lacking_file(const std::string& path) {
  return Error{ErrorKind::no_input,
               concat(path, ": expected this file beside the tokenizer's other one, found none")};
}

// The files of a tokenizer in a folder; none where they make no whole form.
Result<FoundTokenizer> in_folder(const fs::path& folder) {
  FoundTokenizer found;
  found.folder = (folder / "").string();
  TokenizerFiles names;
  for (const std::string_view name : tokenizer_file_names()) {
    if (is_there(folder / name) && !is_folder(folder / name)) names.emplace(name, "");
  }
  if (!has_tokenizer(names)) {
    const bool has_merges = names.contains("merges.txt"), has_vocabulary = names.contains("vocab.json");
    if (has_merges != has_vocabulary)
      found.lacks = (folder / (has_merges ? "vocab.json" : "merges.txt")).string();
  }
  for (const auto& [name, none] : needed_files(names)) {
    INK_TRY(found.files[name], read_text(folder / name));
  }
  return found;
}

// By what it holds, the name under which open_tokenizer() knows a file that has another one.
std::string_view usual_name(std::string_view text) {
  if (text.starts_with("\x1F\x8B")) return "bpe_simple_vocab_16e6.txt.gz";
  if (text.find_first_not_of(" \t\r\n") != text.npos && text[text.find_first_not_of(" \t\r\n")] == '{') {
    return "tokenizer.json";
  }
  return text.find("\n[UNK]") != text.npos ? "vocab.txt" : "bpe_simple_vocab_16e6.txt";
}

}  // namespace

Result<FoundTokenizer> find_tokenizer(const std::string& checkpoint) {
  const fs::path path(checkpoint);
  const fs::path start = is_folder(path) ? path : path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::vector<fs::path> folders{start, start / "0_CLIPModel", start / "0_Transformer", start / "assets"};
  if (is_there(start / ".." / "modules.json")) folders.push_back(start / "..");
  FoundTokenizer none;
  for (const fs::path& folder : folders) {
    INK_TRY(FoundTokenizer found, in_folder(folder));
    if (!found.files.empty()) return found;
    if (none.lacks.empty()) none.lacks = std::move(found.lacks);
  }
  return none;
}

Result<FoundTokenizer> read_tokenizer(const std::string& path) {
  const fs::path named(path);
  if (is_folder(named)) {
    INK_TRY(FoundTokenizer found, in_folder(named));
    if (!found.files.empty()) return found;
    if (!found.lacks.empty()) return lacking_file(found.lacks);
    return Error{ErrorKind::no_input,
                 concat(path,
                        ": expected a folder with a tokenizer (tokenizer.json, vocab.json "
                        "with merges.txt, vocab.txt or bpe_simple_vocab_16e6.txt.gz), "
                        "found none")};
  }
  INK_TRY(std::string text, read_text(named));
  FoundTokenizer found;
  found.folder = named.has_parent_path() ? (named.parent_path() / "").string() : "";
  const std::string name = named.filename().string();
  const std::vector<std::string_view> known = tokenizer_file_names();
  const bool is_known = std::find(known.begin(), known.end(), name) != known.end();
  if (!is_known) {
    // A message then names the file as it is called.
    found.folder = path + " as ";
    found.files.emplace(usual_name(text), std::move(text));
    return found;
  }
  found.files.emplace(name, std::move(text));
  std::vector<std::string_view> beside{"tokenizer_config.json", "special_tokens_map.json",
                                       "sentence_bert_config.json"};
  if (name == "vocab.json") beside.push_back("merges.txt");
  if (name == "merges.txt") beside.push_back("vocab.json");
  for (const std::string_view other : beside) {
    const fs::path other_path = named.parent_path() / other;
    if (!is_there(other_path)) continue;
    INK_TRY(found.files[std::string(other)], read_text(other_path));
  }
  return found;
}

}  // namespace ink
