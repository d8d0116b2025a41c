#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pictures/picture.h"
#include "tests/harness/sanitized.h"
#include "tests/pictures/png_builder.h"

namespace ink::test {

constexpr bool kMemoryCounts = !kSanitized;

struct Outcome {
  int code = -1;  // exit code, or -signal
  std::string out, err;
  uint64_t peak_bytes = 0;  // the most that the command had resident

  bool says(const std::string& text) const { return err.find(text) != std::string::npos; }
};

struct Surroundings {
  std::map<std::string, std::string> environment;
  std::string input;            // standard input
  std::string output = "";      // a file for standard output, instead of Outcome::out
  int64_t largest_file = -1;    // in bytes
  std::string interrupt_after;  // send SIGINT once this appears on standard error
  int kill_after_us = -1;       // send SIGKILL after so many microseconds
};

// A folder of its own for a test, and the command run in it. The environment holds no model folder unless a
// test gives one.
class Workplace {
 public:
  Workplace();
  ~Workplace();

  Outcome run(const std::vector<std::string>& arguments, const Surroundings& surroundings = {}) const;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const Bytes& bytes) const;
  void write_picture(const std::string& name, const Picture& picture) const;
  // Fails the test where the file is missing or broken.
  Picture read_picture(const std::string& name) const;
  std::string read(const std::string& name) const;
  bool exists(const std::string& name) const;
  // Names of all files and folders here, sorted.
  std::vector<std::string> files() const;

  // A network of the smallest kind (2x) with made-up weights, as a model file.
  void write_model(const std::string& name, bool squeeze_excite = false) const;

 private:
  std::filesystem::path folder_;
};

// Smooth colours and a hard edge; alpha, where there is one, from 0 to 255.
Picture test_picture(int w, int h, int channels);

}  // namespace ink::test
