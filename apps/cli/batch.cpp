#include "apps/cli/batch.h"

#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <shared_mutex>
#include <thread>

#include "apps/cli/interrupt.h"
#include "apps/cli/lane.h"
#include "apps/cli/report.h"
#include "apps/cli/streams.h"
#include "weights/message.h"

namespace ink::cli {
namespace {

using Clock = std::chrono::steady_clock;

// Small pictures wait for the disk rather than for the processor.
constexpr size_t kWriters = 4;
constexpr size_t kMostWaiting = 16;

// A picture and the time that its steps have taken.
struct Travelling {
  UpscaleWork work;
  double seconds = 0;
};

class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  ~Stopwatch() { seconds_ += std::chrono::duration<double>(Clock::now() - begin_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& seconds_;
  const Clock::time_point begin_ = Clock::now();
};

template <class Step>
auto safely(const PictureJob& job, Step step) -> decltype(step()) {
  try {
    return step();
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::limit, input_name(job.input) + ": there is not enough memory for it"};
  }
}

class Batch {
 public:
  Batch(const std::vector<PictureJob>& jobs, const Networks& networks, const UpscaleSettings& settings,
        UpscaleRequest::Existing existing, const Common& common)
      : jobs_(jobs),
        networks_(networks),
        settings_(settings),
        existing_(existing),
        report_(common, jobs),
        beside_(jobs.size() > 1 ? settings.memory_budget / 4 : 0),
        small_(beside_ / 4, kMostWaiting),
        large_(beside_ / 4, kMostWaiting),
        written_(beside_ / 2, kMostWaiting) {}

  Result<int> run() {
    if (jobs_.size() == 1) {
      run_one();
    } else {
      run_many();
    }
    if (bug_) std::rethrow_exception(bug_);
    if (interrupted()) {
      return Error{ErrorKind::interrupted,
                   concat("interrupted; ", report_.done_count(), " of ", jobs_.size(), " pictures are done")};
    }
    return report_.finish();
  }

 private:
  void run_one() {
    std::optional<Travelling> one = read(jobs_.front());
    if (one && decode(*one) && upscale(*one)) write(*one, settings_.threads);
  }

  void run_many() {
    std::thread reader([this] { guard([this] { read_all(); }); });
    std::vector<std::thread> small, writers;
    for (int i = 0; i < settings_.threads && settings_.threads > 1; ++i) {
      small.emplace_back(
          [this] { guard([this] { upscale_all<std::shared_lock<std::shared_mutex>>(small_); }); });
    }
    for (size_t i = 0; i < std::min(kWriters, jobs_.size()); ++i) {
      writers.emplace_back([this] { guard([this] { write_all(); }); });
    }
    guard([this] { upscale_all<std::unique_lock<std::shared_mutex>>(large_); });
    for (std::thread& worker : small) worker.join();
    written_.finish();
    for (std::thread& writer : writers) writer.join();
    stop();
    reader.join();
  }

  // A bug in a thread is everybody's end.
  template <class Work>
  void guard(Work work) {
    try {
      work();
    } catch (...) {
      if (!has_bug_.exchange(true)) bug_ = std::current_exception();
      stop();
    }
  }
  void stop() {
    small_.close();
    large_.close();
    written_.close();
  }

  bool is_there_already(const PictureJob& job) const {
    std::error_code problem;
    switch (existing_) {
      case UpscaleRequest::Existing::replace: return false;
      case UpscaleRequest::Existing::skip: return std::filesystem::is_regular_file(job.output, problem);
      case UpscaleRequest::Existing::skip_complete: return is_complete(job, networks_, settings_);
    }
    return false;
  }

  void read_all() {
    for (const PictureJob& job : jobs_) {
      if (interrupted()) break;
      std::optional<Travelling> picture = read(job);
      if (!picture) continue;
      const bool alone = picture->work.alone();
      if (alone) wait_until_idle();
      const uint64_t bytes = picture->work.reading_bytes();
      Lane<Travelling>& lane = picture->work.small() ? small_ : large_;
      if (!lane.reserve(bytes)) return;
      if (decode(*picture)) {
        lane.push(std::move(*picture));
      } else {
        lane.done(bytes);
      }
      if (alone) wait_until_idle();
    }
    small_.finish();
    large_.finish();
  }
  void wait_until_idle() {
    small_.wait_until_empty();
    large_.wait_until_empty();
    written_.wait_until_empty();
  }

  // Small pictures side by side, a large one by itself.
  template <class Lock>
  void upscale_all(Lane<Travelling>& lane) {
    while (std::optional<Travelling> picture = lane.pop()) {
      const uint64_t reading = picture->work.reading_bytes(), writing = picture->work.writing_bytes();
      bool good = false;
      {
        const Lock lock(processor_);
        good = upscale(*picture);
      }
      if (interrupted()) return stop();
      // The order keeps a picture that needs all of the memory from being left for a moment.
      const bool goes_on = good && written_.reserve(writing);
      if (goes_on) written_.push(std::move(*picture));
      lane.done(reading);
    }
  }

  void write_all() {
    while (std::optional<Travelling> picture = written_.pop()) {
      write(*picture, picture->work.alone() ? settings_.threads : 1);
      written_.done(picture->work.writing_bytes());
    }
  }

  std::optional<Travelling> read(const PictureJob& job) {
    if (is_there_already(job)) {
      report_.skipped(job);
      return std::nullopt;
    }
    double seconds = 0;
    Result<UpscaleWork> work = safely(job, [&] {
      const Stopwatch watch(seconds);
      return UpscaleWork::open(job, networks_, settings_, beside_);
    });
    if (!work.ok()) {
      report_.passed();
      fail(job, work.error());
      return std::nullopt;
    }
    return Travelling{std::move(*work), seconds};
  }

  bool decode(Travelling& picture) {
    return succeeds(picture, [&] { return picture.work.decode(); });
  }

  bool upscale(Travelling& picture) {
    report_.started(picture.work.job());
    const auto progress = [this, small = picture.work.small()](double share) {
      if (!small) report_.advanced(share);
      return !interrupted();
    };
    const bool good = succeeds(picture, [&] { return picture.work.upscale(progress); });
    if (good) report_.passed();
    return good;
  }

  void write(Travelling& picture, int threads) {
    const Status status = timed(picture, [&] { return picture.work.write(threads); });
    if (status.ok()) {
      report_.succeeded(picture.work, picture.seconds);
    } else {
      fail(picture.work.job(), status.error());
      // A full or failing disk fails for all that is to come, and each would cost its time in the network.
      if (status.error().kind == ErrorKind::io && jobs_.size() > 1) {
        report_.gave_up();
        stop();
      }
    }
  }

  template <class Step>
  Status timed(Travelling& picture, Step step) {
    const Stopwatch watch(picture.seconds);
    return safely(picture.work.job(), step);
  }

  template <class Step>
  bool succeeds(Travelling& picture, Step step) {
    const Status status = timed(picture, step);
    if (!status.ok()) {
      report_.passed();
      fail(picture.work.job(), status.error());
    }
    return status.ok();
  }

  void fail(const PictureJob& job, const Error& error) {
    if (error.kind != ErrorKind::interrupted) report_.failed(job, error);
  }

  const std::vector<PictureJob>& jobs_;
  const Networks& networks_;
  const UpscaleSettings& settings_;
  const UpscaleRequest::Existing existing_;
  Report report_;
  const uint64_t beside_;
  Lane<Travelling> small_, large_;  // decoded
  Lane<Travelling> written_;        // upscaled
  std::shared_mutex processor_;
  std::atomic<bool> has_bug_ = false;
  std::exception_ptr bug_;
};

}  // namespace

Result<int> upscale_batch(const std::vector<PictureJob>& jobs, const Networks& networks,
                          const UpscaleSettings& settings, UpscaleRequest::Existing existing,
                          const Common& common) {
  return Batch(jobs, networks, settings, existing, common).run();
}

}  // namespace ink::cli
