#pragma once

#include <string>
#include <vector>

#include "apps/cli/picture_network.h"
#include "kernels/base/result.h"

namespace ink::cli {

// What an int8 model is compared on; what is empty is made up.
struct CompareFlags {
  std::vector<std::string> pictures;  // files and folders
  std::string texts;                  // a file as --text-file takes it
};

// How near the results of a model in int8 are to those in f32, of one output.
struct Agreement {
  std::string output;
  size_t inputs = 0;
  bool made_up = false;        // the inputs
  double least = 1, mean = 0;  // cosines
  // Of probabilities that are tags: those of at least 0.5 in either, and how many are in both; inputs whose
  // best one is the same.
  bool tags = false;
  size_t either = 0, both = 0, same_best = 0;
};

struct Int8Model {
  LoadedModel loaded;  // with the weights as bytes
  std::vector<Agreement> agreements;
};

// Turns a model's weights into bytes and compares the two. Errors: usage (a model that runs in f32 alone,
// inputs that it does not take); those of reading the inputs and of running.
Result<Int8Model> make_int8(const LoadedModel& loaded, const CompareFlags& flags, int threads);

std::string agreement_text(const Agreement& agreement);
// {"output","inputs","made_up","cosine_least","cosine_mean"[,"tags_either","tags_both","same_best"]}
std::string agreement_json(const Agreement& agreement);

}  // namespace ink::cli
