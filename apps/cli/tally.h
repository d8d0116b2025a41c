#pragma once

#include <string>
#include <vector>

#include "apps/cli/common.h"
#include "apps/cli/progress.h"
#include "kernels/base/result.h"

namespace ink::cli {

// What becomes of the inputs of a command, told on standard error as it happens. For one thread.
class Tally {
 public:
  // names: of the inputs, as messages show them; noun: what they are, "pictures".
  Tally(const Common& common, std::vector<std::string> names, std::string noun);

  size_t size() const { return names_.size(); }
  const std::string& name(size_t item) const { return names_[item]; }
  const std::string& noun() const { return noun_; }

  void started(size_t item);
  void started_beside(size_t item);  // in the run of the item that was started last
  void done(size_t item);
  void failed(size_t item, const Error& error);
  // So that standard output can be written to the same terminal.
  void clear_bar() { progress_.clear(); }

  // What stands for an interruption: "interrupted; 3 of 10 pictures are done".
  Error interruption() const;
  // Once all is over: that of one input; of several kDone or kSomeFailed, with the list of those that failed.
  int finish();

 private:
  const std::vector<std::string> names_;
  const std::string noun_;
  Progress progress_;
  size_t done_ = 0;
  int last_code_ = 0;
  std::vector<size_t> failed_;
};

// {"file":F,"error":E,"exit_code":C}
std::string failure_json(const std::string& name, const Error& error);

}  // namespace ink::cli
