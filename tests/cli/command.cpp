#include "tests/cli/command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "pictures/png.h"
#include "tests/models/made_up_model.h"

namespace ink::test {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string binary() {
  const char* path = std::getenv("INKSTONE_BINARY");
  return path == nullptr ? "inkstone" : path;
}

[[noreturn]] void become(const std::vector<std::string>& arguments, const fs::path& folder,
                         const Surroundings& around, const std::string& out, const std::string& err) {
  const std::string program = binary();
  if (chdir(folder.c_str()) != 0) _exit(126);
  for (const char* name : {"INKSTONE_MODELS", "XDG_DATA_HOME"}) unsetenv(name);
  setenv("HOME", folder.c_str(), 1);
  for (const auto& [name, value] : around.environment) setenv(name.c_str(), value.c_str(), 1);
  const auto redirect = [](int fd, const std::string& path, int flags) {
    const int file = open(path.c_str(), flags, 0600);
    if (file < 0 || dup2(file, fd) < 0) _exit(126);
  };
  redirect(0, out + ".in", O_RDONLY);
  redirect(1, around.output.empty() ? out : around.output, O_WRONLY | O_CREAT | O_TRUNC);
  redirect(2, err, O_WRONLY | O_CREAT | O_TRUNC);
  if (around.largest_file >= 0) {
    const auto bytes = static_cast<rlim_t>(around.largest_file);
    const rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

void interrupt_when(pid_t child, const std::string& text, const std::string& err) {
  for (;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    siginfo_t info = {};
    if (waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == child)
      return;
    if (slurp(err).find(text) == std::string::npos) continue;
    kill(child, SIGINT);
    return;
  }
}

}  // namespace

Workplace::Workplace() {
  std::string name = (fs::temp_directory_path() / "inkstone-test.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
  fs::create_directory(folder_ / ".capture");
}

Workplace::~Workplace() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Outcome Workplace::run(const std::vector<std::string>& arguments, const Surroundings& around) const {
  const std::string out = path(".capture/out"), err = path(".capture/err");
  std::ofstream(out + ".in") << around.input;
  fs::remove(err);
  const pid_t child = fork();
  if (child == 0) become(arguments, folder_, around, out, err);
  if (around.kill_after_us >= 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(around.kill_after_us));
    kill(child, SIGKILL);
  }
  if (!around.interrupt_after.empty()) interrupt_when(child, around.interrupt_after, err);
  int status = 0;
  rusage usage = {};
  wait4(child, &status, 0, &usage);
  Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), "", slurp(err),
                  static_cast<uint64_t>(usage.ru_maxrss) * 1024};
  if (around.output.empty()) outcome.out = slurp(out);
  return outcome;
}

void Workplace::write(const std::string& name, const Bytes& bytes) const {
  fs::create_directories(fs::path(path(name)).parent_path());
  std::ofstream stream(path(name), std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void Workplace::write_picture(const std::string& name, const Picture& picture) const {
  constexpr int kColourTypes[] = {0, 4, 2, 6};
  RawPng raw;
  raw.w = picture.w;
  raw.h = picture.h;
  raw.colour_type = kColourTypes[picture.channels - 1];
  raw.depth = picture.depth;
  visit_samples(picture, [&](const auto& samples) { raw.samples.assign(samples.begin(), samples.end()); });
  write(name, build_png(raw));
}

Picture Workplace::read_picture(const std::string& name) const {
  const std::string file = slurp(path(name));
  Result<Picture> picture = decode_png(std::as_bytes(std::span(file.data(), file.size())), name, {});
  EXPECT_TRUE(picture.ok()) << (picture.ok() ? "" : picture.error().message);
  return picture.ok() ? std::move(picture).value() : Picture{};
}

std::string Workplace::read(const std::string& name) const { return slurp(path(name)); }

bool Workplace::exists(const std::string& name) const { return fs::exists(path(name)); }

std::vector<std::string> Workplace::files() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    const std::string name = fs::relative(entry.path(), folder_).string();
    if (!name.starts_with(".capture")) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

void Workplace::write_model(const std::string& name, bool squeeze_excite) const {
  ASSERT_TRUE(write_made_up_model(path(name), {2, squeeze_excite, false}).ok());
}

Picture test_picture(int w, int h, int channels) {
  Picture picture{w, h, channels, {}};
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      for (int c = 0; c < channels; ++c) {
        const bool alpha = has_alpha(channels) && c == channels - 1;
        const int smooth = (x * (7 + c) + y * (11 - c)) % 256;
        const int hard = x > w / 2 ? 255 - smooth : smooth;
        picture.pixels.push_back(static_cast<uint8_t>(alpha ? std::clamp((x - w / 3) * 60, 0, 255) : hard));
      }
    }
  }
  return picture;
}

}  // namespace ink::test
