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
// on standard output. Its functions may be called from any thread.
class Report {
 public:
  Report(const Common& common, size_t total);

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
  const Common& common_;
  const size_t total_;
  mutable std::mutex mutex_;
  Progress progress_;
  size_t done_ = 0;
  bool gave_up_ = false;
  struct Failure {
    std::string input;
    Error error;
  };
  std::vector<Failure> failures_;
  std::vector<std::string> done_json_, skipped_json_;  // empty without --json
};

}  // namespace ink::cli
