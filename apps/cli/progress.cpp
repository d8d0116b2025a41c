#include "apps/cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "apps/cli/text.h"

namespace ink::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr int kPlainStep = 10;  // percent between plain lines

int terminal_columns() {
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string time_text(double seconds) {
  if (!std::isfinite(seconds)) return "";
  const auto whole = static_cast<long>(std::min(seconds + 0.5, 359999.0));
  std::array<char, 40> text{};
  if (whole < 3600) {
    std::snprintf(text.data(), text.size(), " %ld:%02ld left", whole / 60, whole % 60);
  } else {
    std::snprintf(text.data(), text.size(), " %ld:%02ld:%02ld left", whole / 3600, whole / 60 % 60,
                  whole % 60);
  }
  return text.data();
}

}  // namespace

Progress::Progress(ProgressMode mode, size_t total) : total_(total) {
  bar_ = mode == ProgressMode::automatic && isatty(STDERR_FILENO) != 0;
  plain_ = mode == ProgressMode::plain;
  json_ = mode == ProgressMode::json;
}

void Progress::start(const std::string& file) {
  file_ = file;
  share_ = 0;
  last_percent_ = 0;
  if (bar_) draw_bar();
  if (json_) print_event("start", file_);
}

void Progress::start_beside(const std::string& file) {
  if (json_) print_event("start", file);
}

void Progress::update(double share) {
  share_ = std::clamp(share, 0.0, 1.0);
  const int percent = static_cast<int>(share_ * 100);
  const Clock::time_point now = Clock::now();
  if (plain_ && percent / kPlainStep > last_percent_ / kPlainStep && percent < 100) {
    std::fprintf(stderr, "%s: %d %%\n", printable(file_).c_str(), percent / kPlainStep * kPlainStep);
    last_percent_ = percent;
  }
  if ((!bar_ && !json_) || percent == last_percent_ || now - last_drawn_ < kRedraw) return;
  last_percent_ = percent;
  last_drawn_ = now;
  if (bar_) draw_bar();
  if (json_) print_event("progress", file_);
}

void Progress::pass() {
  ++passed_;
  share_ = 0;
}

void Progress::skip() {
  ++passed_;
  ++skipped_;
}

void Progress::finish(const std::string& file, bool done) {
  clear();
  if (plain_) std::fprintf(stderr, "%s: %s\n", printable(file).c_str(), done ? "done" : "failed");
  if (json_) print_event(done ? "done" : "failed", file);
}

void Progress::clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

double Progress::seconds_left() const {
  const double worked = static_cast<double>(passed_ - skipped_) + share_;
  const double left = static_cast<double>(total_ - passed_) - share_;
  const double elapsed = std::chrono::duration<double>(Clock::now() - begin_).count();
  return worked > 0 ? elapsed * left / worked : NAN;
}

void Progress::draw_bar() {
  constexpr int kCells = 24;
  const int filled = static_cast<int>(share_ * kCells);
  std::array<char, 80> head{};
  std::snprintf(head.data(), head.size(), "[%.*s%.*s] %3d%%", filled,
                "========================", kCells - filled, "                        ",
                static_cast<int>(share_ * 100));
  std::string line = head.data() + time_text(seconds_left());
  if (total_ > 1) line += "  " + std::to_string(std::min(passed_ + 1, total_)) + "/" + std::to_string(total_);
  // The name gives way where the line would wrap; its bytes bound its columns.
  const std::string name = printable(file_);
  const int room = terminal_columns() - static_cast<int>(line.size()) - 3;
  if (static_cast<int>(name.size()) <= room) line += "  " + name;
  std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
  drawn_ = true;
}

void Progress::print_event(const char* event, const std::string& file) {
  const std::string line = JsonObject()
                               .text("event", event)
                               .text("file", file)
                               .number("done", static_cast<double>(passed_) + share_)
                               .number("total", static_cast<int64_t>(total_))
                               .number("eta_s", seconds_left())
                               .str();
  std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace ink::cli
