#include "converters/transformers/names.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "weights/message.h"

namespace ink {
namespace {

// Whether `text` begins as `pattern` does, whose '*' is then `number`; what remains of the text.
std::optional<std::string_view> behind(std::string_view text, std::string_view pattern,
                                       std::string_view& number) {
  const size_t star = pattern.find('*');
  if (!text.starts_with(pattern.substr(0, star))) return std::nullopt;
  text.remove_prefix(std::min(star, pattern.size()));
  if (star == std::string_view::npos) return text;
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0) return std::nullopt;
  number = text.substr(0, digits);
  text.remove_prefix(digits);
  const std::string_view rest = pattern.substr(star + 1);
  if (!text.starts_with(rest)) return std::nullopt;
  return text.substr(rest.size());
}

std::optional<std::string> renamed(std::string_view name, const NameRule& rule) {
  std::string_view number;
  const std::optional<std::string_view> rest = behind(name, rule.ours, number);
  if (!rest || !(rest->empty() || rest->front() == '.')) return std::nullopt;
  const size_t star = rule.theirs.find('*');
  if (star == std::string_view::npos) return concat(rule.theirs, *rest);
  return concat(rule.theirs.substr(0, star), number, rule.theirs.substr(star + 1), *rest);
}

}  // namespace

void name_sources(std::vector<TensorSpec>& table, std::span<const NameRule> rules,
                  const std::string& prefix) {
  for (TensorSpec& tensor : table) {
    if (!tensor.source_name.empty()) continue;
    for (const NameRule& rule : rules) {
      if (const std::optional<std::string> name = renamed(tensor.name, rule)) {
        tensor.source_name = prefix + *name;
        break;
      }
    }
    INK_CHECK(!tensor.source_name.empty());
  }
}

SourceShapes::SourceShapes(const TensorSource& source, std::string prefix)
    : source_(source), prefix_(std::move(prefix)) {}

const SourceTensor* SourceShapes::find(std::string_view name) const {
  const std::string whole = concat(prefix_, name);
  const auto found = std::ranges::find(source_.tensors(), whole, &SourceTensor::name);
  return found == source_.tensors().end() ? nullptr : &*found;
}

void SourceShapes::refuse(std::string_view name, std::string_view problem) {
  if (status_.ok()) {
    status_ = model_error(source_.origin(), ": tensor ", quote(concat(prefix_, name)), " ", problem);
  }
}

int SourceShapes::axes(std::string_view name) {
  const SourceTensor* tensor = find(name);
  if (tensor == nullptr) refuse(name, "is missing");
  return tensor == nullptr ? 0 : static_cast<int>(tensor->shape.size());
}

int SourceShapes::size(std::string_view name, size_t rank, size_t axis) {
  constexpr int64_t kMost = 1 << 28;
  const SourceTensor* tensor = find(name);
  if (tensor == nullptr) {
    refuse(name, "is missing");
  } else if (tensor->shape.size() != rank || tensor->shape[axis] < 1 || tensor->shape[axis] > kMost) {
    refuse(name, concat("has shape ", shape_text(tensor->shape), ", expected ", rank, " axes"));
  } else {
    return static_cast<int>(tensor->shape[axis]);
  }
  return 1;
}

int SourceShapes::layers(std::string_view pattern) {
  const std::string whole = concat(prefix_, pattern);
  int64_t count = 0;
  for (const SourceTensor& tensor : source_.tensors()) {
    std::string_view number;
    const std::optional<std::string_view> rest = behind(tensor.name, whole, number);
    if (!rest || !rest->empty()) continue;
    int64_t layer = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), layer).ec != std::errc()) continue;
    count = std::max(count, layer + 1);
  }
  if (count == 0) refuse(pattern, "is missing");
  const int64_t tensors = static_cast<int64_t>(source_.tensors().size());
  return static_cast<int>(std::clamp<int64_t>(count, 1, tensors + 1));
}

int SourceShapes::square(std::string_view name, int area) {
  const int side = static_cast<int>(std::lround(std::sqrt(static_cast<double>(std::max(area, 1)))));
  if (area < 1 || side * side != area) refuse(name, concat("has ", area, " places, which make no square"));
  return side;
}

std::optional<std::string> prefix_before(const TensorSource& source, std::string_view name) {
  for (const SourceTensor& tensor : source.tensors()) {
    if (!tensor.name.ends_with(name)) continue;
    const std::string_view prefix = std::string_view(tensor.name).substr(0, tensor.name.size() - name.size());
    if (prefix.empty() || prefix.back() == '.' || prefix.back() == '/') return std::string(prefix);
  }
  return std::nullopt;
}

const std::string* find_text(const TensorSource& source, std::string_view name) {
  const auto found = std::ranges::find(source.texts(), name, &SourceText::name);
  return found == source.texts().end() ? nullptr : &found->text;
}

}  // namespace ink
