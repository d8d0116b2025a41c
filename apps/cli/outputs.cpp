#include "apps/cli/outputs.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>

#include "apps/cli/streams.h"
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

// One text for all ways to write the same place; the last part may not exist yet.
std::string place(const std::string& path) {
  std::error_code problem;
  const fs::path absolute = fs::absolute(path, problem);
  const fs::path whole = fs::weakly_canonical(absolute, problem);
  return (problem ? absolute.lexically_normal() : whole).string();
}

Status check_place(const std::string& output) {
  if (is_stream(output)) return {};
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
    if (is_stream(job.output)) continue;  // the only one
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

// -o names a folder rather than a file.
bool goes_into_folder(const InputFiles& inputs, const std::string& output) {
  return inputs.from_folder || inputs.files.size() > 1 || output.ends_with('/') || is_folder(output);
}

Result<PictureJob> beside_input(const InputFile& input, const std::string& suffix, PictureFormat format) {
  if (is_standard_stream(input.path)) return PictureJob{input.path, input.path, format};
  const fs::path path(input.path);
  const std::string name = path.stem().string() + suffix + extension(format);
  return PictureJob{input.path, (path.parent_path() / name).string(), format};
}

Result<PictureJob> in_folder(const InputFile& input, const std::string& output, PictureFormat format) {
  if (is_standard_stream(input.path)) {
    return Error{ErrorKind::usage,
                 "-o " + output + ": standard input has no name for a file in a folder; -o takes a file"};
  }
  const std::string name = fs::path(input.path).stem().string() + extension(format);
  const fs::path folder = input.below.empty() ? fs::path(output) : fs::path(output) / input.below;
  return PictureJob{input.path, (folder / name).string(), format};
}

Result<PictureJob> to_file(const InputFile& input, const std::string& output, PictureFormat format) {
  if (is_stream(output)) return PictureJob{input.path, output, format};
  const std::optional<PictureFormat> named = format_of_name(output);
  if (named) return PictureJob{input.path, output, *named};
  return Error{ErrorKind::usage, "-o " + output +
                                     ": the name must end in .png, .jpg or .webp, or name an existing "
                                     "folder, or end in '/'"};
}

Status check_request(const InputFiles& inputs, const std::string& output) {
  if (output.empty() && inputs.from_folder) {
    return Error{ErrorKind::usage, "a folder of pictures needs a folder for the results: -o FOLDER"};
  }
  if (is_stream(output) && goes_into_folder(inputs, output)) {
    return Error{ErrorKind::usage,
                 "-o " + output + ": " + output_name(output) + " takes one picture, expected a folder"};
  }
  return {};
}

Status make_folders(const std::vector<PictureJob>& jobs) {
  for (const std::string& folder : output_folders(jobs)) {
    std::error_code problem;
    fs::create_directories(folder, problem);
    if (!is_folder(folder)) return cannot_create(folder, problem ? problem.message() : "it is not a folder");
  }
  return {};
}

}  // namespace

Result<std::vector<PictureJob>> plan_outputs(const InputFiles& inputs, const std::string& output,
                                             const std::string& suffix, PictureFormat format) {
  INK_TRY_STATUS(check_request(inputs, output));
  const bool into_folder = !output.empty() && goes_into_folder(inputs, output);
  std::vector<PictureJob> jobs;
  for (const InputFile& input : inputs.files) {
    INK_TRY(PictureJob job, output.empty() ? beside_input(input, suffix, format)
                            : into_folder  ? in_folder(input, output, format)
                                           : to_file(input, output, format));
    jobs.push_back(std::move(job));
  }
  INK_TRY_STATUS(check_clashes(jobs));
  if (into_folder) {
    INK_TRY_STATUS(make_folders(jobs));
  }
  for (const PictureJob& job : jobs) {
    Status status = check_place(job.output);
    // Beside several inputs each has a folder of its own: one that is missing fails alone, when its turn
    // comes.
    if (!status.ok() && (jobs.size() == 1 || into_folder)) return status.error();
  }
  return jobs;
}

std::set<std::string> output_folders(const std::vector<PictureJob>& jobs) {
  std::set<std::string> folders;
  for (const PictureJob& job : jobs) {
    if (!is_stream(job.output)) folders.insert(fs::path(job.output).parent_path().string());
  }
  return folders;
}

}  // namespace ink::cli
