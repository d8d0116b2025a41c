#include "apps/cli/tag_rules.h"

#include <algorithm>

#include "apps/cli/text.h"

namespace ink::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  const size_t begin = text.find_first_not_of(kWhite);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhite) + 1 - begin);
}

bool holds(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

std::string with_spaces(std::string name) {
  const auto characters = std::ranges::count_if(name, [](char c) { return (c & 0xc0) != 0x80; });
  if (characters > 3) std::ranges::replace(name, '_', ' ');
  return name;
}

// A tag's name in a caption; empty where it is left out.
std::string caption_name(const std::string& label, const CaptionRules& rules) {
  std::string name = rules.remove_underscore ? with_spaces(label) : label;
  for (const auto& [from, to] : rules.replacements) {
    if (from != label && from != name) continue;
    name = to;
    break;
  }
  if (holds(rules.undesired, name) || holds(rules.undesired, label)) return {};
  return name;
}

void move_to_front(std::vector<std::string>& tags, const std::vector<std::string>& first) {
  auto front = tags.begin();
  for (const std::string& name : first) {
    const auto found = std::find(front, tags.end(), name);
    if (found == tags.end()) continue;
    std::rotate(front, found, found + 1);
    ++front;
  }
}

}  // namespace

std::vector<ChosenTag> choose_tags(const Labels& labels, std::span<const float> scores,
                                   const TagRules& rules) {
  std::vector<ChosenTag> chosen, ratings;
  for (size_t i = 0; i < scores.size(); ++i) {
    const LabelKind kind = labels.kinds[i];
    if (kind == LabelKind::rating) {
      ratings.push_back({i, scores[i]});
    } else if (scores[i] >= (kind == LabelKind::character ? rules.character : rules.general)) {
      chosen.push_back({i, scores[i]});
    }
  }
  std::ranges::stable_sort(chosen, [](const ChosenTag& a, const ChosenTag& b) { return a.score > b.score; });
  if (rules.top && chosen.size() > *rules.top) chosen.resize(*rules.top);
  chosen.insert(chosen.end(), ratings.begin(), ratings.end());
  return chosen;
}

std::vector<std::string> parse_list(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (const std::string_view part = trimmed(text.substr(0, end)); !part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + separator.size(), text.size()));
  }
  return parts;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_replacements(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& part : parse_list(text, ";")) {
    const std::vector<std::string> sides = split(part, ',');
    if (sides.size() != 2 || trimmed(sides[0]).empty()) {
      return Error{ErrorKind::usage, "--tag-replacement: expected FROM,TO;FROM,TO, found \"" + part + "\""};
    }
    pairs.emplace_back(trimmed(sides[0]), trimmed(sides[1]));
  }
  return pairs;
}

std::vector<std::string> caption_tags(const Labels& labels, std::vector<ChosenTag> chosen,
                                      const CaptionRules& rules) {
  std::ranges::sort(chosen, [](const ChosenTag& a, const ChosenTag& b) { return a.label < b.label; });
  std::vector<std::string> characters, tags;
  const ChosenTag* rating = nullptr;
  for (const ChosenTag& tag : chosen) {
    const LabelKind kind = labels.kinds[tag.label];
    if (kind == LabelKind::rating) {
      if (rating == nullptr || tag.score > rating->score) rating = &tag;
      continue;
    }
    std::string name = caption_name(labels.names[tag.label], rules);
    if (name.empty()) continue;
    const bool first = rules.character_first && kind == LabelKind::character;
    (first ? characters : tags).push_back(std::move(name));
  }
  tags.insert(tags.begin(), characters.begin(), characters.end());
  if (rating != nullptr && (rules.rating || rules.rating_last)) {
    const std::string name = caption_name(labels.names[rating->label], rules);
    if (!name.empty()) tags.insert(rules.rating_last ? tags.end() : tags.begin(), name);
  }
  move_to_front(tags, rules.always_first);
  return tags;
}

std::string caption(const std::vector<std::string>& tags, std::string_view existing,
                    const CaptionRules& rules) {
  const std::string_view separator = rules.separator;
  const std::string_view bare = trimmed(separator).empty() ? separator : trimmed(separator);
  std::vector<std::string> all = rules.append ? parse_list(existing, bare) : std::vector<std::string>();
  const std::vector<std::string> there = all;
  for (const std::string& tag : tags) {
    if (!holds(there, tag)) all.push_back(tag);
  }
  return join(all, rules.separator) + "\n";
}

}  // namespace ink::cli
