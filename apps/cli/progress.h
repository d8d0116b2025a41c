#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "apps/cli/common.h"

namespace ink::cli {

// Reports on a batch of files to standard error: a bar that redraws itself, plain lines, or one JSON object a
// line,
//   {"event":"start"|"progress"|"done"|"failed","file":F,"done":D,"total":T,"eta_s":S}
// D counts files that are through with the work that takes long, with the fraction of the one in it; S is
// null until there is something to judge by.
class Progress {
 public:
  // `automatic` is a bar where standard error is a terminal, and nothing elsewhere.
  Progress(ProgressMode mode, size_t total);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void start(const std::string& file);
  // One that runs together with the file that was started last, which stands for both in the bar.
  void start_beside(const std::string& file);
  void update(double share);  // of the file that was started last, 0 to 1
  void pass();                // a file is through with it, for better or worse
  void skip();                // a file that there is nothing to do for
  void finish(const std::string& file, bool done);
  // Takes the bar off the terminal, so that a message can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void draw_bar();
  void print_event(const char* event, const std::string& file);
  double seconds_left() const;  // NaN where unknown

  bool bar_ = false, plain_ = false, json_ = false, drawn_ = false;
  size_t total_ = 0, passed_ = 0, skipped_ = 0;
  double share_ = 0;
  int last_percent_ = -1;
  std::string file_;
  Clock::time_point begin_ = Clock::now(), last_drawn_ = {};
};

}  // namespace ink::cli
