#include <CLI/CLI.hpp>
#include <memory>

#include "apps/cli/common.h"
#include "apps/cli/exit_code.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/model_tokenizer.h"
#include "apps/cli/models_folder.h"
#include "apps/cli/tally.h"
#include "apps/cli/text.h"
#include "apps/cli/text_inputs.h"

namespace ink::cli {
namespace {

struct Flags {
  TextFlags texts;
  TokenizerFlags tokenizer;
  std::string model, model_folder;
};

std::string id_list(std::span<const int32_t> ids) {
  std::string text = "[";
  for (const int32_t id : ids) text += (text.size() > 1 ? ", " : "") + std::to_string(id);
  return text + "]";
}

Result<int> run_tokenize(const Flags& flags, const Common& common) {
  if (flags.model.empty() && flags.tokenizer.path.empty()) {
    return Error{ErrorKind::usage, "name a model (-m) or a tokenizer (--tokenizer)"};
  }
  INK_TRY(TextInputs inputs, read_texts(flags.texts));
  if (inputs.texts.empty() && flags.texts.file.empty()) {
    return Error{ErrorKind::usage, "name a text (--text) or a file of texts (--text-file)"};
  }
  std::string path;
  if (!flags.model.empty()) {
    INK_TRY(path, find_model(flags.model, flags.model_folder));
  }
  INK_TRY(const std::unique_ptr<Tokenizer> tokenizer, load_tokenizer(path, flags.tokenizer));
  catch_interrupts();
  Common silent = common;
  silent.progress = ProgressMode::none;
  Tally tally(silent, std::move(inputs.names), "texts");
  for (size_t i = 0; i < inputs.texts.size(); ++i) {
    if (interrupted()) return tally.interruption();
    const Result<std::vector<int32_t>> ids = tokenizer->encode(inputs.texts[i]);
    if (ids.ok()) {
      const std::string list = id_list(*ids);
      const std::string line =
          common.json ? JsonObject().text("text", inputs.texts[i]).raw("ids", list).str() : list;
      INK_TRY_STATUS(print(line + "\n"));
      tally.done(i);
      continue;
    }
    const Error error{ids.error().kind, concat(tally.name(i), ": ", ids.error().message)};
    tally.failed(i, error);
    // A line for every text, so that they can be told apart by their numbers.
    INK_TRY_STATUS(print((common.json ? failure_json(tally.name(i), error) : "null") + "\n"));
  }
  return tally.finish();
}

constexpr const char* kFooter = R"(Prints an array of ids a line, with the start and the end token.
Examples:
  inkstone tokenize --text "white hair, blue eyes" -m clip-vit-large-patch14/
  inkstone tokenize --text-file lines.txt --tokenizer vocab.txt)";

}  // namespace

void add_tokenize(Commands& commands) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& app = commands.add(commands.root, "tokenize", "The token ids of texts",
                               [flags](const Common& common) { return run_tokenize(*flags, common); });
  add_text_options(app, flags->texts);
  app.add_option("-m,--model", flags->model, "The model whose tokenizer it is")->type_name("MODEL");
  app.add_option("--model-dir", flags->model_folder, "Folder looked into first for models")->type_name("DIR");
  add_tokenizer_options(app, flags->tokenizer);
  app.footer(kFooter);
}

}  // namespace ink::cli
