#include "apps/cli/text_inputs.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/cli/streams.h"
#include "apps/cli/text.h"

namespace ink::cli {
namespace {

constexpr uint64_t kMostBytes = uint64_t{4} << 30;

Status add_lines(std::string_view text, const std::string& name, TextInputs& into) {
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view one = text.substr(0, end);
    if (one.ends_with('\r')) one.remove_suffix(1);
    into.texts.emplace_back(one);
    into.names.push_back(concat(name, ":", line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

Status add_json(std::string_view text, const std::string& name, TextInputs& into) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text.data(),
                                                                                         text.size());
  if (document.HasParseError()) {
    return Error{ErrorKind::bad_input, concat(name, ": expected a JSON array of strings: ",
                                              rapidjson::GetParseError_En(document.GetParseError()),
                                              " (at byte ", document.GetErrorOffset(), ")")};
  }
  if (!document.IsArray()) {
    return Error{ErrorKind::bad_input, name + ": expected a JSON array of strings, found another value"};
  }
  for (rapidjson::SizeType i = 0; i < document.Size(); ++i) {
    if (!document[i].IsString()) {
      return Error{ErrorKind::bad_input,
                   concat(name, ": expected a JSON array of strings, and item ", i + 1, " is none")};
    }
    into.texts.emplace_back(document[i].GetString(), document[i].GetStringLength());
    into.names.push_back(concat(name, ":", i + 1));
  }
  return {};
}

}  // namespace

void add_text_options(CLI::App& app, TextFlags& flags) {
  const std::string group = "Texts";
  app.add_option("--text", flags.texts, "A text; may come several times")
      ->allow_extra_args(false)
      ->type_name("STRING")
      ->group(group);
  app.add_option("--text-file", flags.file,
                 "A text a line, or a JSON array of strings where it ends in .json; - is standard input")
      ->type_name("FILE")
      ->group(group);
}

Result<TextInputs> read_texts(const TextFlags& flags) {
  TextInputs inputs;
  for (const std::string& text : flags.texts) {
    inputs.texts.push_back(text);
    inputs.names.push_back(concat("text ", inputs.texts.size()));
  }
  if (flags.file.empty()) return inputs;
  const std::string name = input_name(flags.file);
  INK_TRY(const FileBytes file, read_input(flags.file, kMostBytes));
  std::string_view text(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  INK_TRY_STATUS((flags.file.ends_with(".json") ? add_json : add_lines)(text, name, inputs));
  return inputs;
}

}  // namespace ink::cli
