#include "apps/cli/vector_writer.h"

#include <cmath>
#include <limits>

#include "apps/cli/common.h"
#include "apps/cli/exit_code.h"
#include "apps/cli/tally.h"
#include "apps/cli/text.h"

namespace ink::cli {
namespace {

std::string failed_text_json(const std::string& text, const Error& why) {
  return JsonObject()
      .text("text", text)
      .text("error", why.message)
      .number("exit_code", int64_t{exit_code(why.kind)})
      .str();
}

}  // namespace

void normalize(std::vector<float>& vector) {
  double sum = 0;
  for (const float value : vector) sum += double{value} * value;
  if (!(sum > 0)) return;
  const double length = std::sqrt(sum);
  for (float& value : vector) value = static_cast<float>(value / length);
}

Status VectorSink::take(size_t item, Rows rows) {
  if (!unit_length_) return add(item, rows[0]);
  scaled_.assign(rows[0].begin(), rows[0].end());
  normalize(scaled_);
  return add(item, scaled_);
}

Status VectorLines::add(size_t item, std::span<const float> vector) {
  if (!json_) return print(json_array(vector) + "\n");
  JsonObject object;
  if (items_.is_text(item)) {
    object.text("text", items_.texts[item - items_.pictures]).raw(items_.text_output, json_array(vector));
  } else {
    object.text("file", items_.names[item]).raw(items_.picture_output, json_array(vector));
  }
  return print(object.str() + "\n");
}

Status VectorLines::lose(size_t item, const Error& why) {
  if (!json_) return print("null\n");
  return print((items_.is_text(item) ? failed_text_json(items_.texts[item - items_.pictures], why)
                                     : failure_json(items_.names[item], why)) +
               "\n");
}

Result<VectorFile> VectorFile::create(const std::string& path, const VectorItems& items, size_t dims,
                                      bool unit_length, bool json) {
  INK_TRY(NpyFile file, NpyFile::create(path, items.size(), dims));
  return VectorFile(path, items, dims, unit_length, json, std::move(file));
}

Status VectorFile::add(size_t, std::span<const float> vector) { return file_.append(vector); }

Status VectorFile::lose(size_t item, const Error& why) {
  if (json_) {
    failed_.push_back(JsonObject()
                          .number("row", static_cast<int64_t>(item))
                          .text("file", items_.names[item])
                          .text("error", why.message)
                          .number("exit_code", int64_t{exit_code(why.kind)})
                          .str());
  }
  const std::vector<float> none(dims_, std::numeric_limits<float>::quiet_NaN());
  return file_.append(none);
}

Status VectorFile::finish() {
  INK_TRY_STATUS(file_.commit());
  if (!json_) return {};
  std::vector<std::string> names;
  for (const std::string& name : items_.names) names.push_back(json_string(name));
  return print(JsonObject()
                   .text("output", path_)
                   .raw("shape", concat("[", items_.size(), ",", dims_, "]"))
                   .raw("files", json_array(names))
                   .raw("failed", json_array(failed_))
                   .str() +
               "\n");
}

}  // namespace ink::cli
