#pragma once

#include <string>
#include <vector>

#include "apps/cli/common.h"
#include "apps/cli/picture_network.h"
#include "apps/cli/row_sink.h"
#include "apps/cli/tally.h"
#include "kernels/base/result.h"
#include "models/architecture.h"
#include "models/text/tokenizer.h"

namespace ink::cli {

struct BatchSettings {
  int batch = 1;  // inputs a run; the results are the same for any
  int threads = 1;
  uint64_t memory_budget = UINT64_MAX;  // of the whole process
  bool memory_given = false;            // what does not fit is refused, not only made smaller
};

// In how many runs so many inputs are taken, at least.
size_t runs_of(size_t inputs, const BatchSettings& settings);

// The items of `tally` from `first` on are these inputs, in this order. An input that fails is told to both
// `tally` and `sink`, and the others go on. Errors: interrupted; those that end a batch (row_sink.h); what
// the model says of a whole run.

// While the network runs, the next pictures are read.
Status run_pictures(const std::vector<std::string>& files, const PictureNetwork& network,
                    const BatchSettings& settings, size_t first, Tally& tally, RowSink& sink);

// As many together as settings.batch for each thread.
Status run_texts(const std::vector<std::string>& texts, const Tokenizer& tokenizer, TextModel& model,
                 const BatchSettings& settings, size_t first, Tally& tally, RowSink& sink);

}  // namespace ink::cli
