#include "apps/cli/outputs.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>

#include "pictures/codec.h"
#include "weights/message.h"

namespace ink::cli {
namespace {

namespace fs = std::filesystem;

const char* extension(PictureFormat format) {
  switch (format) {
    case PictureFormat::png: return ".png";
    case PictureFormat::jpeg: return ".jpg";
    case PictureFormat::webp: return ".webp";
  }
  return "";
}

Error cannot_create(const std::string& path, const std::string& why) {
  return {ErrorKind::cannot_create, path + ": cannot be created: " + why};
}

bool is_folder(const std::string& path) {
  std::error_code problem;
  return fs::is_directory(path, problem);
}

// One text for all ways to write the same place; the last part may not exist yet.
std::string place(const std::string& path) {
  std::error_code problem;
  const fs::path absolute = fs::absolute(path, problem);
  const fs::path whole = fs::weakly_canonical(absolute, problem);
  return (problem ? absolute.lexically_normal() : whole).string();
}

Status check_place(const std::string& output) {
  std::error_code problem;
  const fs::file_status status = fs::status(output, problem);
  if (fs::is_directory(status)) return cannot_create(output, "it is a folder");
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return cannot_create(output, "it exists and is not a regular file");
  }
  const std::string parent = fs::path(output).parent_path().string();
  if (access(parent.empty() ? "." : parent.c_str(), W_OK | X_OK) != 0) {
    return cannot_create(output, std::string("its folder: ") + std::strerror(errno));
  }
  return {};
}

Status check_clashes(const std::vector<PictureJob>& jobs) {
  std::map<std::string, const PictureJob*> inputs, outputs;
  for (const PictureJob& job : jobs) inputs.emplace(place(job.input), &job);
  for (const PictureJob& job : jobs) {
    const std::string output = place(job.output);
    const auto [other, fresh] = outputs.emplace(output, &job);
    if (!fresh) {
      return Error{ErrorKind::usage,
                   other->second->input + " and " + job.input + " would both become " + job.output};
    }
    if (const auto input = inputs.find(output); input != inputs.end()) {
      return Error{ErrorKind::usage, "the output " + job.output + " of " + job.input +
                                         " would replace the input " + input->second->input};
    }
    // A hard link to the input is the input under another name.
    std::error_code problem;
    if (fs::equivalent(job.input, job.output, problem)) {
      return Error{ErrorKind::usage, "the output " + job.output + " is the input " + job.input};
    }
  }
  return {};
}

}  // namespace

Result<std::vector<PictureJob>> plan_outputs(const std::vector<std::string>& inputs,
                                             const std::string& output, int scale, PictureFormat format) {
  const bool into_folder =
      !output.empty() && (inputs.size() > 1 || output.ends_with('/') || is_folder(output));
  const std::string suffix = concat("_", scale, "x");
  std::vector<PictureJob> jobs;
  for (const std::string& input : inputs) {
    const fs::path path(input);
    if (output.empty()) {
      const std::string name = path.stem().string() + suffix + extension(format);
      jobs.push_back({input, (path.parent_path() / name).string(), format});
    } else if (into_folder) {
      const std::string name = path.stem().string() + extension(format);
      jobs.push_back({input, (fs::path(output) / name).string(), format});
    } else {
      const std::optional<PictureFormat> named = format_of_name(output);
      if (!named) {
        return Error{ErrorKind::usage, "-o " + output +
                                           ": the name must end in .png, .jpg or .webp, or name an existing "
                                           "folder, or end in '/'"};
      }
      jobs.push_back({input, output, *named});
    }
  }
  INK_TRY_STATUS(check_clashes(jobs));
  if (into_folder) {
    std::error_code problem;
    fs::create_directories(output, problem);
    if (!is_folder(output)) return cannot_create(output, problem ? problem.message() : "it is not a folder");
  }
  for (const PictureJob& job : jobs) {
    Status status = check_place(job.output);
    // Beside several inputs each has a folder of its own: one that is missing fails alone, when its turn
    // comes.
    if (!status.ok() && (inputs.size() == 1 || into_folder)) return status.error();
  }
  return jobs;
}

}  // namespace ink::cli
