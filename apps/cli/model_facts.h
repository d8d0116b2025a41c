#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/cli/picture_network.h"
#include "kernels/base/result.h"
#include "models/architecture.h"

namespace ink::cli {

// What a model makes of pictures or of texts.
struct TowerFacts {
  std::string of;                    // "pictures", "texts"
  std::string input;                 // "224x224 pixels", "up to 77 tokens"
  std::vector<ModelOutput> outputs;  // all, the default first
  // Of one picture, or of one text of the most tokens, by the plan for the default output.
  double flops = 0;
  uint64_t working_bytes = 0;
  uint64_t packed_bytes = 0;  // weights as the kernels take them
  std::string preprocess;     // of pictures: JSON
  std::string tokenizer;      // of texts: "clip, cleaned as openai"; empty where none was found
};

struct ModelFacts {
  std::string title;
  int64_t parameters = 0;
  uint64_t weight_bytes = 0;
  int64_t labels = 0;  // names of tags in the model or beside it
  std::string license, source;
  std::vector<TowerFacts> towers;
};

// Builds what the model can do, which packs its weights. Errors: those of Architecture.
Result<ModelFacts> model_facts(const LoadedModel& loaded, int threads);

std::string model_facts_text(const ModelFacts& facts);
// {"title","parameters","weight_bytes","license","source","labels","pictures":{...},"texts":{...}}
std::string model_facts_json(const ModelFacts& facts);

// The inputs of a text model's graph: so many tokens of so many texts.
std::vector<Shape> text_shapes(int texts, int tokens);

}  // namespace ink::cli
