#include "converters/sources/source.h"

#include <exception>
#include <utility>

#include "kernels/base/parallel.h"

namespace ink {

Result<std::vector<SourceBytes>> read_tensors(const TensorSource& source, std::span<const size_t> indices,
                                              int threads) {
  struct Outcome {
    SourceBytes bytes;
    Status status;
    std::exception_ptr thrown;
  };
  std::vector<Outcome> outcomes(indices.size());
  if (source.reads_in_place()) threads = 1;
  parallel_for(static_cast<int64_t>(indices.size()), threads, [&](int64_t task, int) {
    Outcome& outcome = outcomes[static_cast<size_t>(task)];
    try {
      Result<SourceBytes> bytes = source.read(indices[static_cast<size_t>(task)]);
      if (bytes.ok()) {
        outcome.bytes = std::move(*bytes);
      } else {
        outcome.status = bytes.error();
      }
    } catch (...) {
      outcome.thrown = std::current_exception();
    }
  });
  std::vector<SourceBytes> all;
  all.reserve(outcomes.size());
  for (Outcome& outcome : outcomes) {
    if (outcome.thrown != nullptr) std::rethrow_exception(outcome.thrown);
    INK_TRY_STATUS(outcome.status);
    all.push_back(std::move(outcome.bytes));
  }
  return all;
}

}  // namespace ink
