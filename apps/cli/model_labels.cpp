#include "apps/cli/model_labels.h"

#include "converters/label_files.h"
#include "weights/message.h"

namespace ink::cli {
namespace {

struct Text {
  std::string text, name;
};

// A file that was named, or else a tensor of the model, or else what was found beside it.
Result<Text> choose(const LoadedModel& loaded, const std::string& file, std::string_view tensor,
                    const std::string& found, const std::string& found_path) {
  if (!file.empty()) {
    INK_TRY(std::string text, read_label_file(file));
    return Text{std::move(text), file};
  }
  if (const StoredTensor* inside = loaded.store->find(tensor); inside != nullptr) {
    return Text{{reinterpret_cast<const char*>(inside->bytes.data()), inside->bytes.size()},
                concat(loaded.path, ": ", tensor)};
  }
  return Text{found, found_path};
}

}  // namespace

Result<Labels> load_labels(const LoadedModel& loaded, const std::string& tags_file,
                           const std::string& categories_file, int count) {
  INK_TRY(const LabelFiles beside, find_label_files(loaded.path));
  INK_TRY(const Text tags, choose(loaded, tags_file, kTagsTensor, beside.tags, beside.tags_path));
  INK_TRY(const Text categories,
          choose(loaded, categories_file, kCategoriesTensor, beside.categories, beside.categories_path));
  if (tags.name.empty()) {
    return model_error(loaded.path, ": there are no names of tags: neither ", kTagsTensor,
                       " in the model nor ", label_folder(loaded.path), "tags.txt; --tags FILE names them");
  }
  // Whether they are the model's at all comes first: categories of others do not fit either.
  INK_TRY(const Labels names, parse_labels(tags.text, tags.name, "", ""));
  if (names.size() != static_cast<size_t>(count)) {
    return model_error(tags.name, ": has ", names.size(), " tags, and ", loaded.path, " gives ", count,
                       " scores");
  }
  return parse_labels(tags.text, tags.name, categories.text, categories.name);
}

}  // namespace ink::cli
