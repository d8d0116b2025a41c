#pragma once

#include <string>
#include <vector>

#include "apps/cli/model_tokenizer.h"
#include "apps/cli/picture_network.h"
#include "kernels/base/result.h"
#include "weights/store.h"

namespace ink::cli {

// What travels in a model file beside its weights.
struct AttachmentFlags {
  std::string tags, categories;  // files
  TokenizerFlags tokenizer;
  std::string preprocess;  // a preset
  std::string license;     // for inkstone.license
};
void add_attachment_options(CLI::App& app, AttachmentFlags& flags);

struct Attached {
  WeightStore store;               // the model's, with them
  std::vector<std::string> names;  // of the tensors that were added
  std::vector<std::string> lacks;  // what the model needs and was not found, each a sentence
};

// The names of tags and the tokenizer that flags name or that lie beside the checkpoint, as far as the model
// has a use for them. Errors: usage (a flag that the model has no use for); those of reading and of checking
// what was named.
Result<Attached> attach(const LoadedModel& loaded, const AttachmentFlags& flags, int threads);

}  // namespace ink::cli
