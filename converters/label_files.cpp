#include "converters/label_files.h"

#include <filesystem>
#include <system_error>

#include "weights/file.h"

namespace ink {
namespace {

constexpr uint64_t kMostBytes = uint64_t{16} << 20;

}  // namespace

std::string label_folder(const std::string& checkpoint) {
  std::error_code ignored;
  if (std::filesystem::is_directory(checkpoint, ignored)) {
    return checkpoint.ends_with('/') ? checkpoint : checkpoint + "/";
  }
  const size_t slash = checkpoint.rfind('/');
  return slash == std::string::npos ? "./" : checkpoint.substr(0, slash + 1);
}

Result<std::string> read_label_file(const std::string& path) {
  INK_TRY(const FileBytes file, open_file(path, FileAccess::read, kMostBytes));
  return std::string(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
}

Result<LabelFiles> find_label_files(const std::string& checkpoint) {
  const std::string folder = label_folder(checkpoint);
  LabelFiles found;
  std::error_code ignored;
  const std::string tags = folder + "tags.txt", categories = folder + "categories.json";
  if (std::filesystem::exists(tags, ignored)) {
    INK_TRY(found.tags, read_label_file(tags));
    found.tags_path = tags;
  }
  if (std::filesystem::exists(categories, ignored)) {
    INK_TRY(found.categories, read_label_file(categories));
    found.categories_path = categories;
  }
  return found;
}

}  // namespace ink
