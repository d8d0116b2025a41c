#include "converters/sources/ncnn_line.h"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace ink {

namespace {

constexpr int64_t kArrayBase = -23300;
constexpr int64_t kLargestKey = 31;
constexpr size_t kLongestArray = 8;
constexpr int64_t kMostBlobs = 16;  // of one layer; Split makes the most, and it makes 2

}  // namespace

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split_words(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t start = 0; (start = line.find_first_not_of(" \t", start)) != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(" \t", start), line.size());
    words.push_back(line.substr(start, end - start));
    start = end;
  }
  return words;
}

Result<NcnnLine> NcnnLine::parse(std::string_view line, std::string where) {
  const std::vector<std::string_view> words = split_words(line);
  if (words.size() < 4) {
    return model_error(where, ": expected a type, a name and two counts, found ", quote(line));
  }
  NcnnLine layer;
  layer.where_ = std::move(where);
  layer.type = words[0];
  layer.name = words[1];
  size_t next = 4;
  for (const auto& [count_word, blobs, what] :
       {std::tuple(words[2], &layer.inputs, "input"), std::tuple(words[3], &layer.outputs, "output")}) {
    const std::optional<int64_t> count = parse_integer(count_word);
    if (!count || *count < 0 || *count > kMostBlobs) {
      return layer.error("the ", what, " count is ", quote(count_word), ", expected 0 to ", kMostBlobs);
    }
    const auto size = static_cast<size_t>(*count);
    if (size > words.size() - next) {
      return layer.error("declares ", size, " ", what, " blobs, the line has only ", words.size() - next,
                         " words left");
    }
    blobs->assign(words.begin() + static_cast<ptrdiff_t>(next),
                  words.begin() + static_cast<ptrdiff_t>(next + size));
    next += size;
  }
  for (; next < words.size(); ++next) INK_TRY_STATUS(layer.add_key(words[next]));
  return layer;
}

Status NcnnLine::add_key(std::string_view word) {
  const size_t equals = word.find('=');
  const std::optional<int64_t> key =
      equals == std::string_view::npos ? std::nullopt : parse_integer(word.substr(0, equals));
  if (!key) return error("expected KEY=VALUE, found ", quote(word));
  const bool is_array = *key <= kArrayBase;
  // In this order no key, however negative, overflows.
  if (*key > kLargestKey || *key < kArrayBase - kLargestKey || (!is_array && *key < 0)) {
    return error("the key of ", quote(word), " is not in 0 to ", kLargestKey);
  }
  const int index = static_cast<int>(is_array ? kArrayBase - *key : *key);
  if (keys_.contains(index) || arrays_.contains(index)) return error("key ", index, " is there twice");
  (is_array ? arrays_ : keys_).emplace(index, word.substr(equals + 1));
  return {};
}

Status NcnnLine::only_keys(std::initializer_list<int> known) const {
  for (const auto* keys : {&keys_, &arrays_}) {
    for (const auto& [key, value] : *keys) {
      if (std::ranges::find(known, key) == known.end()) {
        return error("key ", key, " (", quote(value), ") is not supported");
      }
    }
  }
  return {};
}

Result<int64_t> NcnnLine::integer(int key, int64_t missing, int64_t low, int64_t high) const {
  if (arrays_.contains(key)) return error("key ", key, " is an array, expected a number");
  const auto found = keys_.find(key);
  if (found == keys_.end()) {
    if (missing < low || missing > high) return error("key ", key, " is missing");
    return missing;
  }
  const std::optional<int64_t> value = parse_integer(found->second);
  if (!value || *value < low || *value > high) {
    const std::string range = low == high ? concat(low) : concat(low, " to ", high);
    return error("key ", key, " is ", quote(found->second), ", supported: ", range);
  }
  return *value;
}

Result<std::vector<std::string_view>> NcnnLine::array(int key) const {
  const auto found = arrays_.find(key);
  if (found == arrays_.end()) return error("the array of key ", key, " is missing");
  std::vector<std::string_view> values;
  std::string_view rest = found->second;
  while (values.size() <= kLongestArray) {
    const size_t comma = rest.find(',');
    values.push_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) break;
    rest = rest.substr(comma + 1);
  }
  const std::optional<int64_t> count = parse_integer(values.front());
  values.erase(values.begin());
  if (!count || *count < 1 || static_cast<uint64_t>(*count) != values.size()) {
    return error("the array of key ", key, ", ", quote(found->second),
                 ", does not have the length it declares");
  }
  return values;
}

Status NcnnLine::expect_counts(size_t input_count, size_t output_count) const {
  if (inputs.size() != input_count || outputs.size() != output_count) {
    return error("has ", inputs.size(), " inputs and ", outputs.size(), " outputs, expected ", input_count,
                 " and ", output_count);
  }
  return {};
}

}  // namespace ink
