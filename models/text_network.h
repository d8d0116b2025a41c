#pragma once

#include <memory>
#include <optional>
#include <string>

#include "models/architecture.h"

namespace ink {

// What a text model says about its graph, whose inputs are "ids" (1, 1, tokens, 1) and "segments" (1, 1,
// texts + 1, 1), and whose output is (1, 1, texts, output.size).
struct TextTraits {
  ModelOutput output;
  int vocabulary = 1, max_tokens = 1;
  // Where a text ends for the network: nothing behind its end token matters, so nothing behind it is
  // computed.
  enum class End {
    last,     // with its last token
    largest,  // with the first of its largest id
    token,    // with the first end_token, which has to be there
  } end = End::last;
  int end_token = 0;
  bool normalize = false;  // rows are divided by their Euclidean length
};

// Builds a model from the graph of a text tower. Texts run together without padding, so many at a time as
// keep the values between the layers small.
Result<std::unique_ptr<TextModel>> make_text_model(Graph graph, const WeightStore& weights,
                                                   const TextTraits& traits, const BuildOptions& options);

// Whether the outputs asked for are the model's one. Error (usage): there is no such output.
Status check_single_output(const BuildOptions& options, const ModelOutput& output);

}  // namespace ink
