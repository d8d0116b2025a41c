#pragma once

#include <string>

#include "converters/sources/source.h"

namespace ink::cli {

// What is known of a checkpoint beside its tensors.
struct CheckpointFacts {
  std::string path;
  std::string format;              // in words
  std::string architecture;        // of the model that it is, with its config; empty: none, see refusal
  std::string config;              // JSON
  bool model_file = false;         // written by convert: its texts are metadata that say all the rest
  std::string use_text, use_json;  // what can be done with the model, model_facts.h
  std::string refusal;             // why it cannot be used, as other commands say it; empty where it can
};

// For people: a line a fact, a text, a tensor. Long texts only by their size.
std::string checkpoint_text(const TensorSource& source, const CheckpointFacts& facts);
// One JSON object, with all of every text.
std::string checkpoint_json(const TensorSource& source, const CheckpointFacts& facts);

// "name                      value\n", for tables of facts.
std::string fact_line(const std::string& key, std::string_view value);

}  // namespace ink::cli
