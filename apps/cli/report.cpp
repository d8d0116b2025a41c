#include "apps/cli/report.h"

#include <algorithm>

#include "apps/cli/exit_code.h"
#include "apps/cli/streams.h"
#include "apps/cli/text.h"
#include "kernels/base/check.h"

namespace ink::cli {

Report::Report(const Common& common, const std::vector<PictureJob>& jobs)
    : common_(common), jobs_(jobs), progress_(common.progress, jobs.size()), fates_(jobs.size()) {}

Report::Fate& Report::fate(const PictureJob& job) {
  INK_CHECK(&job >= jobs_.data() && &job < jobs_.data() + jobs_.size());
  return fates_[static_cast<size_t>(&job - jobs_.data())];
}

size_t Report::count(Fate::Kind kind) const {
  return static_cast<size_t>(
      std::count_if(fates_.begin(), fates_.end(), [kind](const Fate& fate) { return fate.kind == kind; }));
}

std::string Report::json_list(Fate::Kind kind) const {
  std::vector<std::string> items;
  for (const Fate& fate : fates_) {
    if (fate.kind == kind) items.push_back(fate.json);
  }
  return json_array(items);
}

void Report::started(const PictureJob& job) {
  const std::lock_guard lock(mutex_);
  progress_.start(input_name(job.input));
}

void Report::advanced(double share) {
  const std::lock_guard lock(mutex_);
  progress_.update(share);
}

void Report::passed() {
  const std::lock_guard lock(mutex_);
  progress_.pass();
}

void Report::succeeded(const UpscaleWork& work, double seconds) {
  const std::lock_guard lock(mutex_);
  const std::string input = input_name(work.job().input), output = output_name(work.job().output);
  progress_.finish(input, true);
  Fate& fate = this->fate(work.job());
  fate.kind = Fate::Kind::done;
  std::vector<std::string> notices;
  for (const std::string& notice : work.notices()) {
    print_warning(common_, input + ": " + notice);
    notices.push_back(json_string(notice));
  }
  const PixelSize size = work.size();
  if (common_.json) {
    fate.json = JsonObject()
                    .text("file", input)
                    .text("output", output)
                    .number("w", int64_t{size.w})
                    .number("h", int64_t{size.h})
                    .number("seconds", seconds)
                    .raw("notices", json_array(notices))
                    .raw("plan", work.plan_json())
                    .str();
  }
  print_detail(common_, input + " -> " + output + " (" + std::to_string(size.w) + "x" +
                            std::to_string(size.h) + ", " + decimals(seconds, 2) + " s" + ")");
}

void Report::failed(const PictureJob& job, const Error& error) {
  const std::lock_guard lock(mutex_);
  const std::string input = input_name(job.input);
  progress_.finish(input, false);
  Fate& fate = this->fate(job);
  fate.kind = Fate::Kind::failed;
  fate.exit_code = exit_code(error.kind);
  if (common_.json) {
    fate.json = JsonObject()
                    .text("file", input)
                    .text("error", error.message)
                    .number("exit_code", int64_t{fate.exit_code})
                    .str();
  }
  print_error(error.message);
}

void Report::skipped(const PictureJob& job) {
  const std::lock_guard lock(mutex_);
  progress_.skip();
  Fate& fate = this->fate(job);
  fate.kind = Fate::Kind::skipped;
  if (common_.json) fate.json = JsonObject().text("file", job.input).text("output", job.output).str();
  print_detail(common_, job.input + " -> " + job.output + " (there already)");
}

void Report::gave_up() {
  const std::lock_guard lock(mutex_);
  gave_up_ = true;
}

size_t Report::done_count() const {
  const std::lock_guard lock(mutex_);
  return count(Fate::Kind::done) + count(Fate::Kind::skipped);
}

Result<int> Report::finish() {
  const std::lock_guard lock(mutex_);
  progress_.clear();
  const size_t untried = gave_up_ ? count(Fate::Kind::untried) : 0;
  if (common_.json) {
    INK_TRY_STATUS(print(JsonObject()
                             .raw("done", json_list(Fate::Kind::done))
                             .raw("skipped", json_list(Fate::Kind::skipped))
                             .raw("failed", json_list(Fate::Kind::failed))
                             .number("untried", static_cast<int64_t>(untried))
                             .str() +
                         "\n"));
  }
  std::vector<std::string> failed;
  for (size_t i = 0; i < jobs_.size(); ++i) {
    if (fates_[i].kind == Fate::Kind::failed) failed.push_back(input_name(jobs_[i].input));
  }
  if (failed.empty()) return int{kDone};
  if (jobs_.size() == 1) return fates_[0].exit_code;
  print_error(std::to_string(failed.size()) + " of " + std::to_string(jobs_.size()) +
              " pictures failed: " + join(failed, ", "));
  if (untried > 0) {
    print_error("nothing more can be written: " + std::to_string(untried) + " pictures were not tried");
  }
  return int{kSomeFailed};
}

}  // namespace ink::cli
