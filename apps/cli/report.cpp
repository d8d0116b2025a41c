#include "apps/cli/report.h"

#include "apps/cli/exit_code.h"
#include "apps/cli/streams.h"
#include "apps/cli/text.h"

namespace ink::cli {

Report::Report(const Common& common, size_t total)
    : common_(common), total_(total), progress_(common.progress, total) {}

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
  ++done_;
  std::vector<std::string> notices;
  for (const std::string& notice : work.notices()) {
    print_warning(common_, input + ": " + notice);
    notices.push_back(json_string(notice));
  }
  const PixelSize size = work.size();
  if (common_.json) {
    done_json_.push_back(JsonObject()
                             .text("file", input)
                             .text("output", output)
                             .number("w", int64_t{size.w})
                             .number("h", int64_t{size.h})
                             .number("seconds", seconds)
                             .raw("notices", json_array(notices))
                             .raw("plan", work.plan_json())
                             .str());
  }
  print_detail(common_, input + " -> " + output + " (" + std::to_string(size.w) + "x" +
                            std::to_string(size.h) + ", " + decimals(seconds, 2) + " s" + ")");
}

void Report::failed(const PictureJob& job, const Error& error) {
  const std::lock_guard lock(mutex_);
  progress_.finish(input_name(job.input), false);
  failures_.push_back({input_name(job.input), error});
  print_error(error.message);
}

void Report::skipped(const PictureJob& job) {
  const std::lock_guard lock(mutex_);
  progress_.skip();
  ++done_;
  if (common_.json) {
    skipped_json_.push_back(JsonObject().text("file", job.input).text("output", job.output).str());
  }
  print_detail(common_, job.input + " -> " + job.output + " (there already)");
}

void Report::gave_up() {
  const std::lock_guard lock(mutex_);
  gave_up_ = true;
}

size_t Report::done_count() const {
  const std::lock_guard lock(mutex_);
  return done_;
}

Result<int> Report::finish() {
  const std::lock_guard lock(mutex_);
  progress_.clear();
  std::vector<std::string> names, failed;
  for (const Failure& failure : failures_) {
    names.push_back(failure.input);
    failed.push_back(JsonObject()
                         .text("file", failure.input)
                         .text("error", failure.error.message)
                         .number("exit_code", int64_t{exit_code(failure.error.kind)})
                         .str());
  }
  const size_t untried = gave_up_ ? total_ - done_ - failures_.size() : 0;
  if (common_.json) {
    INK_TRY_STATUS(print(JsonObject()
                             .raw("done", json_array(done_json_))
                             .raw("skipped", json_array(skipped_json_))
                             .raw("failed", json_array(failed))
                             .number("untried", static_cast<int64_t>(untried))
                             .str() +
                         "\n"));
  }
  if (failures_.empty()) return int{kDone};
  if (total_ == 1) return int{exit_code(failures_[0].error.kind)};
  print_error(std::to_string(names.size()) + " of " + std::to_string(total_) +
              " pictures failed: " + join(names, ", "));
  if (untried > 0) {
    print_error("nothing more can be written: " + std::to_string(untried) + " pictures were not tried");
  }
  return int{kSomeFailed};
}

}  // namespace ink::cli
