#include "apps/cli/inputs.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "pictures/codec.h"
#include "weights/message.h"

namespace ink::cli {
namespace {

namespace fs = std::filesystem;

// The pictures of one folder, and the folders in it. Appends in the order of the names' bytes, so that two
// runs and two machines agree.
class FolderWalk {
 public:
  FolderWalk(const std::string& root, bool recursive, const std::string& output, InputFiles& into)
      : root_(root), recursive_(recursive), output_(output), into_(into) {}

  Status run() {
    std::vector<std::string> waiting = {""};
    while (!waiting.empty()) {
      const std::string below = std::move(waiting.back());
      waiting.pop_back();
      INK_TRY(std::vector<std::string> folders, visit(below));
      waiting.insert(waiting.end(), folders.rbegin(), folders.rend());
    }
    return {};
  }

 private:
  bool is_output(const fs::path& folder) const {
    std::error_code problem;
    return !output_.empty() && fs::equivalent(folder, output_, problem);
  }

  // Adds the pictures and returns the folders, relative to the root.
  Result<std::vector<std::string>> visit(const std::string& below) {
    const fs::path folder = below.empty() ? fs::path(root_) : fs::path(root_) / below;
    std::error_code problem;
    fs::directory_iterator entries(folder, problem);
    std::vector<std::string> pictures, folders;
    for (; !problem && entries != fs::directory_iterator(); entries.increment(problem)) {
      const std::string name = entries->path().filename().string();
      if (name.starts_with('.')) continue;
      std::error_code of_entry;
      if (entries->is_directory(of_entry)) {
        if (recursive_ && !entries->is_symlink(of_entry) && !is_output(entries->path())) {
          folders.push_back(below.empty() ? name : concat(below, "/", name));
        }
      } else if (format_of_name(name)) {
        pictures.push_back(name);
      }
    }
    if (problem) {
      return Error{ErrorKind::no_input,
                   concat(folder.string(), ": the folder cannot be read: ", problem.message())};
    }
    std::sort(pictures.begin(), pictures.end());
    std::sort(folders.begin(), folders.end());
    for (const std::string& name : pictures) into_.files.push_back({(folder / name).string(), below});
    return folders;
  }

  const std::string& root_;
  const bool recursive_;
  const std::string& output_;
  InputFiles& into_;
};

}  // namespace

bool is_standard_stream(const std::string& path) { return path == "-"; }

bool is_folder(const std::string& path) {
  std::error_code problem;
  return fs::is_directory(path, problem);
}

std::string parent_folder(const std::string& path) { return fs::path(path).parent_path().string(); }

Result<InputFiles> expand_inputs(const std::vector<std::string>& named, bool recursive,
                                 const std::string& output) {
  InputFiles inputs;
  for (const std::string& path : named) {
    if (is_standard_stream(path) && named.size() > 1) {
      return Error{ErrorKind::usage, "standard input (-) cannot stand beside other inputs"};
    }
    if (!is_folder(path)) {
      inputs.files.push_back({path, ""});
      continue;
    }
    inputs.from_folder = true;
    const size_t before = inputs.files.size();
    INK_TRY_STATUS(FolderWalk(path, recursive, output, inputs).run());
    if (inputs.files.size() == before) {
      return Error{ErrorKind::no_input, concat(path, ": there is no .png, .jpg or .webp in this folder",
                                               recursive ? "" : "; -r looks into the folders below it")};
    }
  }
  return inputs;
}

}  // namespace ink::cli
