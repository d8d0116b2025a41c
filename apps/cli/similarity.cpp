#include "apps/cli/similarity.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/cli/common.h"
#include "apps/cli/text.h"

namespace ink::cli {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

using Row = std::vector<double>;

double dot(const Row& a, const Row& b) {
  if (a.empty() || b.empty()) return kNone;
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Over what is a number.
Row softmax(const Row& logits) {
  double most = -std::numeric_limits<double>::infinity(), sum = 0;
  for (const double value : logits) {
    if (!std::isnan(value)) most = std::max(most, value);
  }
  Row shares;
  for (const double value : logits) {
    shares.push_back(std::exp(value - most));
    if (!std::isnan(value)) sum += shares.back();
  }
  for (double& share : shares) share /= sum;
  return shares;
}

std::string row_json(const Row& row) {
  std::vector<std::string> cells;
  for (const double value : row) cells.push_back(json_number(static_cast<float>(value)));
  return json_array(cells);
}

std::string rows_json(const std::vector<Row>& rows) {
  std::vector<std::string> lines;
  for (const Row& row : rows) lines.push_back(row_json(row));
  return json_array(lines);
}

std::string names_json(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(json_string(name));
  return json_array(quoted);
}

}  // namespace

Status Similarity::add(size_t item, std::span<const float> vector) {
  double sum = 0;
  for (const float value : vector) sum += double{value} * value;
  const double length = sum > 0 ? std::sqrt(sum) : 1;
  for (const float value : vector) vectors_[item].push_back(value / length);
  return {};
}

Status Similarity::finish() {
  const bool crossed = items_.pictures > 0 && items_.pictures < items_.size();
  const size_t row_end = crossed ? items_.pictures : items_.size();
  const size_t column_begin = crossed ? items_.pictures : 0;
  // A text stands for itself, also where it came from a file.
  const auto name = [&](size_t item) {
    return items_.is_text(item) ? items_.texts[item - items_.pictures] : items_.names[item];
  };
  std::vector<std::string> row_names, column_names;
  for (size_t i = 0; i < row_end; ++i) row_names.push_back(name(i));
  for (size_t i = column_begin; i < items_.size(); ++i) column_names.push_back(name(i));

  std::vector<Row> cosine, logits, probabilities;
  for (size_t r = 0; r < row_end; ++r) {
    Row row;
    for (size_t c = column_begin; c < items_.size(); ++c) row.push_back(dot(vectors_[r], vectors_[c]));
    if (crossed && scale_) {
      Row scaled = row;
      for (double& value : scaled) value *= *scale_;
      probabilities.push_back(softmax(scaled));
      logits.push_back(std::move(scaled));
    }
    cosine.push_back(std::move(row));
  }
  if (json_) {
    JsonObject object;
    object.raw("rows", names_json(row_names))
        .raw("columns", names_json(column_names))
        .raw("cosine", rows_json(cosine));
    if (!logits.empty()) {
      object.raw("logits", rows_json(logits)).raw("probabilities", rows_json(probabilities));
    }
    return print(object.str() + "\n");
  }
  std::string text;
  for (const std::string& column : column_names) text += concat("\t", printable(column));
  text += "\n";
  for (size_t r = 0; r < row_end; ++r) {
    text += printable(row_names[r]);
    for (size_t c = 0; c < column_names.size(); ++c) {
      const double value = cosine[r][c];
      text += concat("\t", std::isnan(value) ? std::string("-") : decimals(value, 4));
      if (!std::isnan(value) && !probabilities.empty()) {
        text += concat(" (", decimals(100 * probabilities[r][c], 1), " %)");
      }
    }
    text += "\n";
  }
  return print(text);
}

}  // namespace ink::cli
