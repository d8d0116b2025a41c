#include "apps/cli/checkpoint_text.h"

#include <algorithm>
#include <map>
#include <vector>

#include "apps/cli/text.h"
#include "kernels/base/dtype.h"
#include "weights/store.h"

namespace ink::cli {
namespace {

uint64_t tensor_bytes(const SourceTensor& tensor) {
  const std::optional<int64_t> count = element_count(tensor.shape);
  return count ? static_cast<uint64_t>(*count) * dtype_size(tensor.dtype) : 0;
}

struct Sums {
  uint64_t bytes = 0;
  std::map<std::string, int64_t> dtypes;  // tensors of each
};

Sums sums_of(const TensorSource& source) {
  Sums sums;
  for (const SourceTensor& tensor : source.tensors()) {
    sums.bytes += tensor_bytes(tensor);
    ++sums.dtypes[dtype_name(tensor.dtype)];
  }
  return sums;
}

// One line of it: runs of white space as one space, for configurations are often indented.
std::string squeezed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  std::string result;
  for (const char c : text) {
    const bool white = kWhite.find(c) != std::string_view::npos;
    if (!white) result += c;
    if (white && !result.empty() && result.back() != ' ') result += ' ';
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

std::string text_line(const SourceText& text, bool whole) {
  constexpr size_t kShown = 200;
  std::string value = whole ? text.text : squeezed(text.text.substr(0, 4 * kShown));
  if (!whole && (value.size() > kShown || text.text.size() > 4 * kShown)) {
    value = size_text(text.text.size());
  } else if (!whole) {
    value = concat(size_text(text.text.size()), ": ", value);
  }
  return "  " + fact_line(printable(text.name), printable(value));
}

}  // namespace

std::string fact_line(const std::string& key, std::string_view value) {
  std::string padded = key;
  padded.resize(std::max<size_t>(26, key.size() + 1), ' ');
  return padded + std::string(value) + "\n";
}

std::string checkpoint_text(const TensorSource& source, const CheckpointFacts& facts) {
  const Sums sums = sums_of(source);
  std::string text = fact_line("file", printable(facts.path)) + fact_line("format", printable(facts.format));
  if (!source.producer().empty()) text += fact_line("producer", printable(source.producer()));
  if (!facts.model_file) {
    const std::string model =
        facts.architecture.empty() ? "none that can be used" : concat(facts.architecture, " ", facts.config);
    text += fact_line("model", printable(model));
  }
  if (!facts.refusal.empty()) text += fact_line("refused", printable(facts.refusal));
  text += facts.use_text;
  if (facts.model_file || !source.texts().empty()) text += facts.model_file ? "metadata\n" : "texts\n";
  for (const SourceText& item : source.texts()) text += text_line(item, facts.model_file);
  std::string tensors = concat(source.tensors().size(), ", ", size_text(sums.bytes));
  if (!facts.model_file) {
    for (const auto& [dtype, count] : sums.dtypes) tensors += concat(", ", count, " of ", dtype);
  }
  text += fact_line("tensors", tensors);
  for (const SourceTensor& tensor : source.tensors()) {
    text += "  " + fact_line(printable(tensor.name),
                             concat(dtype_name(tensor.dtype), " ", shape_text(tensor.shape)));
  }
  if (!source.unknown().empty()) text += "not understood\n";
  for (const std::string& line : source.unknown()) text += "  " + printable(line) + "\n";
  return text;
}

std::string checkpoint_json(const TensorSource& source, const CheckpointFacts& facts) {
  std::vector<std::string> tensors, texts, unknown;
  for (const SourceTensor& tensor : source.tensors()) {
    tensors.push_back(JsonObject()
                          .text("name", tensor.name)
                          .text("dtype", dtype_name(tensor.dtype))
                          .raw("shape", shape_text(tensor.shape))
                          .str());
  }
  JsonObject object;
  object.text("file", facts.path).text("format", facts.format);
  if (!facts.use_json.empty()) object.raw("use", facts.use_json);
  if (!facts.refusal.empty()) object.text("refusal", facts.refusal);
  if (facts.model_file) {
    JsonObject metadata;
    for (const SourceText& item : source.texts()) metadata.text(item.name, item.text);
    return object.raw("metadata", metadata.str()).raw("tensors", json_array(tensors)).str();
  }
  for (const SourceText& item : source.texts()) {
    texts.push_back(JsonObject()
                        .text("name", item.name)
                        .number("bytes", static_cast<int64_t>(item.text.size()))
                        .text("text", item.text)
                        .str());
  }
  for (const std::string& line : source.unknown()) unknown.push_back(json_string(line));
  const Sums sums = sums_of(source);
  JsonObject dtypes;
  for (const auto& [dtype, count] : sums.dtypes) dtypes.number(dtype, count);
  object.text("producer", source.producer());
  if (facts.architecture.empty()) {
    object.raw("model", "null");
  } else {
    object.raw("model",
               JsonObject().text("architecture", facts.architecture).raw("config", facts.config).str());
  }
  return object.raw("texts", json_array(texts))
      .number("bytes", static_cast<int64_t>(sums.bytes))
      .raw("dtypes", dtypes.str())
      .raw("tensors", json_array(tensors))
      .raw("unknown", json_array(unknown))
      .str();
}

}  // namespace ink::cli
