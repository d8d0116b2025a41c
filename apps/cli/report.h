#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "apps/cli/common.h"
#include "apps/cli/outputs.h"
#include "apps/cli/progress.h"
#include "apps/cli/upscale_picture.h"
#include "kernels/base/result.h"

namespace ink::cli {

// What becomes of the pictures of a batch, told as it happens: progress, warnings and errors on standard
// error, and with --json
//   {"done":[...],"skipped":[...],"failed":[...],"untried":N}
// on standard output, in the order of the jobs whatever the order they end in. Its functions may be called
// from any thread; the jobs they are given are elements of `jobs`, which outlives the report.
class Report {
 public:
  Report(const Common& common, const std::vector<PictureJob>& jobs);

  void started(const PictureJob& job);
  void advanced(double share);  // of the picture in the network
  void passed();                // through with the network, or never coming to it
  void succeeded(const UpscaleWork& work, double seconds);
  void failed(const PictureJob& job, const Error& error);
  void skipped(const PictureJob& job);
  void gave_up();  // the pictures that are left are not tried

  size_t done_count() const;
  // Once all is over. The exit code. Error: standard output cannot be written.
  Result<int> finish();

 private:
  struct Fate {
    enum class Kind { untried, done, skipped, failed } kind = Kind::untried;
    std::string json;  // empty without --json
    int exit_code = 0;
  };
  Fate& fate(const PictureJob& job);
  size_t count(Fate::Kind kind) const;
  std::string json_list(Fate::Kind kind) const;

  const Common& common_;
  const std::vector<PictureJob>& jobs_;
  mutable std::mutex mutex_;
  Progress progress_;
  bool gave_up_ = false;
  std::vector<Fate> fates_;  // one for each of jobs_
};

}  // namespace ink::cli
