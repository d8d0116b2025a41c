#include "apps/cli/tag_writer.h"

#include <algorithm>
#include <utility>

#include "apps/cli/inputs.h"
#include "apps/cli/streams.h"
#include "apps/cli/text.h"
#include "weights/atomic_file.h"

namespace ink::cli {
namespace {

constexpr uint64_t kMostCaptionBytes = uint64_t{16} << 20;

// As RFC 4180 has it.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::string caption_path(const std::string& picture, const std::string& extension) {
  const size_t name = picture.rfind('/') + 1, dot = picture.rfind('.');
  const bool has_extension = dot != std::string::npos && dot > name;
  return (has_extension ? picture.substr(0, dot) : picture) + extension;
}

Status check_captions(const std::vector<std::string>& files, const CaptionRules& rules) {
  std::map<std::string, const std::string*> taken;
  for (const std::string& file : files) {
    if (is_stream(file)) {
      return Error{ErrorKind::usage, input_name(file) + ": has no name for a caption file (--save-txt)"};
    }
    const std::string path = caption_path(file, rules.extension);
    if (path == file) {
      return Error{ErrorKind::usage, path + ": the caption file would replace the picture"};
    }
    const auto [other, is_new] = taken.emplace(path, &file);
    if (!is_new && *other->second != file) {
      return Error{ErrorKind::usage,
                   concat(*other->second, " and ", file, " would both have the caption file ", path)};
    }
  }
  return {};
}

TagWriter::TagWriter(const Labels& labels, const TagRules& rules, TagOutput output, const Tally& tally,
                     const std::vector<std::string>& files)
    : labels_(labels), rules_(rules), output_(std::move(output)), tally_(tally), files_(files) {}

Status TagWriter::begin() { return output_.format == TagFormat::csv ? print("file,tag,score\n") : Status(); }

Status TagWriter::take(size_t item, Rows rows) {
  const std::span<const float> scores = rows[0];
  const std::vector<ChosenTag> tags = choose_tags(labels_, scores, rules_);
  if (output_.captions) INK_TRY_STATUS(write_caption(item, tags));
  for (const ChosenTag& tag : tags) ++frequencies_[tag.label];
  std::vector<ChosenTag> every;
  for (size_t i = 0; output_.all && i < scores.size(); ++i) every.push_back({i, scores[i]});
  switch (output_.format) {
    case TagFormat::json: return print(json(item, tags, scores) + "\n");
    case TagFormat::csv: return print(csv(item, output_.all ? every : tags));
    case TagFormat::text: return print(text(item, output_.all ? every : tags));
  }
  return {};
}

Status TagWriter::fail(size_t item, const Error& why) {
  if (output_.format != TagFormat::json) return {};
  return print(failure_json(tally_.name(item), why) + "\n");
}

Status TagWriter::finish() {
  if (!output_.frequencies) return {};
  std::vector<std::pair<size_t, int64_t>> sorted(frequencies_.begin(), frequencies_.end());
  std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [label, count] : sorted) {
    text += concat(printable(labels_.names[label]), ": ", count, "\n");
  }
  // Beside a result that a program reads it would be in the way.
  if (output_.format == TagFormat::text) return print("\n" + text);
  std::fputs(text.c_str(), stderr);
  return {};
}

std::string TagWriter::text(size_t item, std::span<const ChosenTag> tags) const {
  std::string text = printable(tally_.name(item)) + "\n";
  for (const ChosenTag& tag : tags) {
    text += concat("  ", decimals(tag.score, 3), "  ", printable(labels_.names[tag.label]), "\n");
  }
  return text;
}

std::string TagWriter::json(size_t item, std::span<const ChosenTag> tags,
                            std::span<const float> scores) const {
  std::vector<std::string> items;
  for (const ChosenTag& tag : tags) {
    items.push_back(
        JsonObject().text("name", labels_.names[tag.label]).raw("score", json_number(tag.score)).str());
  }
  JsonObject object;
  object.text("file", tally_.name(item)).raw("tags", json_array(items));
  if (output_.all) object.raw("scores", json_array(scores));
  return object.str();
}

std::string TagWriter::csv(size_t item, std::span<const ChosenTag> tags) const {
  std::string text;
  for (const ChosenTag& tag : tags) {
    text += concat(csv_field(tally_.name(item)), ",", csv_field(labels_.names[tag.label]), ",",
                   json_number(tag.score), "\n");
  }
  return text;
}

Status TagWriter::write_caption(size_t item, const std::vector<ChosenTag>& tags) const {
  const std::string path = caption_path(files_[item], output_.caption.extension);
  std::string existing;
  if (output_.caption.append) {
    const Result<FileBytes> file = open_file(path, FileAccess::read, kMostCaptionBytes);
    if (file.ok()) existing.assign(reinterpret_cast<const char*>(file->bytes.data()), file->bytes.size());
    if (!file.ok() && file.error().kind != ErrorKind::no_input) return file.error();
  }
  const std::string text = caption(caption_tags(labels_, tags, output_.caption), existing, output_.caption);
  INK_TRY(AtomicFile file, AtomicFile::create(path));
  INK_TRY_STATUS(file.write(std::as_bytes(std::span(text))));
  return file.commit();
}

}  // namespace ink::cli
