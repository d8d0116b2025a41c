#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/result.h"
#include "models/image/labels.h"

namespace ink::cli {

// Which of a tagger's scores are told.
struct TagRules {
  float general = 0.5f, character = 0.5f;  // the least score
  std::optional<size_t> top;               // no more than so many, whatever the ratings
};

struct ChosenTag {
  size_t label = 0;
  float score = 0;
};

// Tags by score, best first, those of one score by label; then all ratings, in the order of the labels.
std::vector<ChosenTag> choose_tags(const Labels& labels, std::span<const float> scores,
                                   const TagRules& rules);

// How tags become a caption file, as kohya's scripts do it.
struct CaptionRules {
  std::string extension = ".txt", separator = ", ";
  bool remove_underscore = false;  // in names of more than 3 characters: faces such as >_< stay
  bool append = false;             // to a caption that is there, those that it lacks
  bool character_first = false;
  bool rating = false, rating_last = false;          // the best rating, in front or behind
  std::vector<std::string> undesired, always_first;  // by name, with or without underscores
  std::vector<std::pair<std::string, std::string>> replacements;
};

// "a,b;c,d": a becomes b, c becomes d. Error: usage.
Result<std::vector<std::pair<std::string, std::string>>> parse_replacements(const std::string& text);
// "a, b, c" without white space around the parts; empty ones do not count.
std::vector<std::string> parse_list(std::string_view text, std::string_view separator);

// The tags of a caption, in the order of the labels apart from those that the rules put in front or behind.
std::vector<std::string> caption_tags(const Labels& labels, std::vector<ChosenTag> chosen,
                                      const CaptionRules& rules);

// `existing` is the caption that is there, empty where there is none or it is not wanted.
std::string caption(const std::vector<std::string>& tags, std::string_view existing,
                    const CaptionRules& rules);

}  // namespace ink::cli
