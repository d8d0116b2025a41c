#pragma once

#include <memory>
#include <optional>
#include <string>

#include "kernels/base/result.h"
#include "models/text/tokenizer.h"
#include "weights/store.h"

namespace CLI {
class App;
}

namespace ink::cli {

struct TokenizerFlags {
  std::string path, cleaning;
};
void add_tokenizer_options(CLI::App& app, TokenizerFlags& flags);

// The tokenizer of a model: of --tokenizer, of the tensors "tokenizer/..." of a model file, or of the files
// beside a checkpoint, the first that there is. max_tokens: the most that the model takes. Errors: usage;
// model (there is none, with where it was looked for; or as open_tokenizer()); no_input (--tokenizer).
Result<std::unique_ptr<Tokenizer>> load_tokenizer(const std::string& model_path, const WeightStore& store,
                                                  const TokenizerFlags& flags, int max_tokens);

// The same without the model's weights, of which only a model file's own tokenizer is read. model_path may be
// empty where --tokenizer is there.
Result<std::unique_ptr<Tokenizer>> load_tokenizer(const std::string& model_path, const TokenizerFlags& flags);

}  // namespace ink::cli
