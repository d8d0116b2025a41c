#include "apps/cli/tally.h"

#include <utility>

#include "apps/cli/exit_code.h"
#include "apps/cli/text.h"

namespace ink::cli {

Tally::Tally(const Common& common, std::vector<std::string> names, std::string noun)
    : names_(std::move(names)), noun_(std::move(noun)), progress_(common.progress, names_.size()) {}

void Tally::started(size_t item) { progress_.start(names_[item]); }

void Tally::started_beside(size_t item) { progress_.start_beside(names_[item]); }

void Tally::done(size_t item) {
  ++done_;
  progress_.pass();
  progress_.finish(names_[item], true);
}

void Tally::failed(size_t item, const Error& error) {
  failed_.push_back(item);
  last_code_ = exit_code(error.kind);
  progress_.pass();
  progress_.finish(names_[item], false);
  print_error(error.message);
}

Error Tally::interruption() const {
  return {ErrorKind::interrupted,
          concat("interrupted; ", done_, " of ", names_.size(), " ", noun_, " are done")};
}

int Tally::finish() {
  progress_.clear();
  if (failed_.empty()) return kDone;
  if (names_.size() == 1) return last_code_;
  std::vector<std::string> names;
  for (const size_t item : failed_) names.push_back(names_[item]);
  print_error(concat(failed_.size(), " of ", names_.size(), " ", noun_, " failed: ", join(names, ", ")));
  return kSomeFailed;
}

std::string failure_json(const std::string& name, const Error& error) {
  return JsonObject()
      .text("file", name)
      .text("error", error.message)
      .number("exit_code", int64_t{exit_code(error.kind)})
      .str();
}

}  // namespace ink::cli
