#include "apps/cli/batches.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>

#include "apps/cli/interrupt.h"
#include "apps/cli/memory.h"
#include "apps/cli/picture_reader.h"
#include "apps/cli/text.h"
#include "engine/sequences.h"
#include "kernels/base/divide.h"

namespace ink::cli {
namespace {

// The items that wait for a run, with what failed among them, and their results.
class Run {
 public:
  Run(std::span<const ModelOutput> outputs, Tally& tally, RowSink& sink)
      : outputs_(outputs), tally_(tally), sink_(sink), rows_(outputs.size()) {}

  void expect(size_t item) { items_.push_back({item, std::nullopt}); }
  void fail(size_t item, const Error& why) { items_.push_back({item, why}); }

  template <class Compute>
  Status finish(size_t count, Compute compute) {
    std::vector<float*> dst(outputs_.size());
    for (size_t i = 0; i < outputs_.size(); ++i) {
      rows_[i].resize(count * static_cast<size_t>(outputs_[i].size));
      dst[i] = rows_[i].data();
    }
    if (count > 0) INK_TRY_STATUS(run_safely(count, dst, compute));
    INK_TRY_STATUS(give());
    items_.clear();
    return {};
  }

 private:
  struct Item {
    size_t item;
    std::optional<Error> why;
  };

  template <class Compute>
  Status run_safely(size_t count, const std::vector<float*>& dst, Compute compute) {
    bool first = true;
    for (const Item& item : items_) {
      if (item.why) continue;
      first ? tally_.started(item.item) : tally_.started_beside(item.item);
      first = false;
    }
    try {
      return compute(std::span<float* const>(dst));
    } catch (const std::bad_alloc&) {
      return Error{ErrorKind::limit, concat("there is not enough memory for ", count, " ", tally_.noun(),
                                            " at once", count > 1 ? "; -b takes fewer" : "")};
    }
  }

  Status give() {
    size_t row = 0;
    std::vector<std::span<const float>> rows(outputs_.size());
    for (const Item& item : items_) {
      if (interrupted()) return tally_.interruption();
      if (item.why) {
        INK_TRY_STATUS(lose(item.item, *item.why));
        continue;
      }
      for (size_t i = 0; i < outputs_.size(); ++i) {
        const auto size = static_cast<size_t>(outputs_[i].size);
        rows[i] = {rows_[i].data() + row * size, size};
      }
      ++row;
      tally_.clear_bar();
      if (const Status taken = sink_.take(item.item, rows); taken.ok()) {
        tally_.done(item.item);
      } else if (taken.error().kind == ErrorKind::io) {
        return taken;
      } else {
        INK_TRY_STATUS(lose(item.item, taken.error()));
      }
    }
    return {};
  }

  Status lose(size_t item, const Error& why) {
    if (why.kind == ErrorKind::interrupted) return tally_.interruption();
    tally_.failed(item, why);
    return sink_.fail(item, why);
  }

  const std::span<const ModelOutput> outputs_;
  Tally& tally_;
  RowSink& sink_;
  std::vector<Item> items_;
  std::vector<std::vector<float>> rows_;  // by output
};

// As many pictures a run as the memory does for, as far as the model's plan tells; one where nobody said how
// much it is.
Result<int> fitting_batch(const PictureNetwork& network, size_t files, const BatchSettings& settings) {
  const uint64_t base = resident_bytes();
  const uint64_t room = settings.memory_budget - std::min(settings.memory_budget, base);
  for (int batch = static_cast<int>(std::min(files, static_cast<size_t>(settings.batch)));; batch /= 2) {
    const Shape shape{batch, network.size.h, network.size.w, 3};
    const auto plan = network.model->network().plan({&shape, 1}, settings.threads);
    if (!plan.ok()) return batch;
    const uint64_t needed = (*plan)->memory_bytes() + static_cast<uint64_t>(shape.elements()) * sizeof(float);
    if (needed <= room || (batch == 1 && !settings.memory_given)) return batch;
    if (batch == 1) {
      return Error{ErrorKind::limit, concat("--max-memory ", size_text(settings.memory_budget),
                                            ": the network needs ", size_text(base + needed))};
    }
  }
}

}  // namespace

Status run_pictures(const std::vector<std::string>& files, const PictureNetwork& network,
                    const BatchSettings& settings, size_t first, Tally& tally, RowSink& sink) {
  if (files.empty()) return {};
  INK_TRY(const int fitting, fitting_batch(network, files.size(), settings));
  const auto batch = static_cast<size_t>(fitting);
  const size_t pixels = static_cast<size_t>(network.size.w) * static_cast<size_t>(network.size.h) * 3;
  ReaderSettings reading;
  reading.how = network.preprocess;
  reading.size = network.size;
  reading.threads = settings.threads;
  reading.ahead = 2 * batch + static_cast<size_t>(settings.threads);
  reading.most_bytes = settings.memory_budget - std::min(settings.memory_budget, resident_bytes());
  if (files.size() > 1) reading.most_bytes /= 2;
  reading.refuse = settings.memory_given;
  PictureReader reader(files, reading);
  Run run(network.model->outputs(), tally, sink);
  AlignedBuffer<float> together;
  for (size_t at = 0; at < files.size();) {
    size_t count = 0;
    PictureReader::Pixels one;
    for (; at < files.size() && count < batch; ++at) {
      if (interrupted()) return tally.interruption();
      Result<PictureReader::Pixels> read = reader.next();
      if (!read.ok()) {
        run.fail(first + at, read.error());
        continue;
      }
      run.expect(first + at);
      if (batch == 1) {
        one = std::move(*read);
      } else {
        if (together.size() == 0) together = AlignedBuffer<float>(batch * pixels);
        std::memcpy(together.data() + count * pixels, read->data(), pixels * sizeof(float));
      }
      ++count;
    }
    const float* src = batch == 1 ? one.data() : together.data();
    INK_TRY_STATUS(run.finish(count, [&](std::span<float* const> dst) {
      return network.model->run(src, static_cast<int>(count), dst, settings.threads);
    }));
  }
  return {};
}

Status run_texts(const std::vector<std::string>& texts, const Tokenizer& tokenizer, TextModel& model,
                 const BatchSettings& settings, size_t first, Tally& tally, RowSink& sink) {
  Run run(model.outputs(), tally, sink);
  std::vector<std::vector<int32_t>> ids;
  const auto batch = static_cast<size_t>(settings.batch);
  for (size_t at = 0; at < texts.size();) {
    ids.clear();
    for (; at < texts.size() && ids.size() < batch * static_cast<size_t>(settings.threads); ++at) {
      if (interrupted()) return tally.interruption();
      Result<std::vector<int32_t>> encoded = tokenizer.encode(texts[at]);
      if (encoded.ok()) {
        if (const Status known = check_ids(*encoded, model.vocabulary()); !known.ok()) {
          encoded = Error{ErrorKind::bad_input,
                          concat(known.error().message,
                                 ", beyond the model's 'text.token_embedding': is the tokenizer another's?")};
        }
      }
      if (encoded.ok()) {
        run.expect(first + at);
        ids.push_back(std::move(*encoded));
      } else {
        run.fail(first + at,
                 {encoded.error().kind, concat(tally.name(first + at), ": ", encoded.error().message)});
      }
    }
    INK_TRY_STATUS(run.finish(
        ids.size(), [&](std::span<float* const> dst) { return model.run(ids, dst, settings.threads); }));
  }
  return {};
}

size_t runs_of(size_t inputs, const BatchSettings& settings) {
  const auto batch = static_cast<size_t>(settings.batch);
  return divide_up(inputs, batch);
}

}  // namespace ink::cli
