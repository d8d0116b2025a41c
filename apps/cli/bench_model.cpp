#include "apps/cli/bench_model.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "apps/cli/bench_runner.h"
#include "apps/cli/exit_code.h"
#include "apps/cli/peak.h"
#include "apps/cli/text.h"

namespace ink::cli {
namespace {

constexpr int kMostBatch = 1 << 16, kMostThreads = 1024;

// A network on one batch with so many threads.
struct Times {
  int batch = 1, threads = 1;
  std::string shape;
  std::vector<double> ms;  // sorted
  double flops = 0;
  double peak = 0;  // GFLOP/s of as many threads, measured between the runs

  double median() const { return (ms[ms.size() / 2] + ms[(ms.size() - 1) / 2]) / 2; }
  double least() const { return ms.front(); }
  double most() const { return ms.back(); }
  // The least time that at least nine of ten runs stayed within.
  double p90() const { return ms[(ms.size() * 9 + 9) / 10 - 1]; }
  double per_second() const { return batch * 1e3 / median(); }
  double gflops() const { return flops / median() / 1e6; }
};

// "4" or "1,2,4".
Result<std::vector<int>> parse_list(const std::string& text, const char* what, int most) {
  std::vector<int> numbers;
  for (const std::string& part : split(text, ',')) {
    INK_TRY(numbers.emplace_back(), parse_int(part, what, 1, most));
  }
  return numbers;
}

// More than one number, or the one that every command takes.
Result<std::vector<int>> thread_counts(const Common& common) {
  if (common.threads_text.find(',') == std::string::npos) return std::vector<int>{common.threads};
  return parse_list(common.threads_text, "-j", kMostThreads);
}

// Two numbers, or nothing.
Result<std::vector<std::string>> parse_size_flag(const BenchModelFlags& flags) {
  constexpr int kMostSide = 1 << 20;
  if (flags.size.empty()) return std::vector<std::string>();
  std::vector<std::string> size = split(flags.size, 'x');
  if (size.size() != 2) {
    return Error{ErrorKind::usage, "--size: expected WxH such as 256x256, found \"" + flags.size + "\""};
  }
  for (const std::string& side : size) INK_TRY_STATUS(parse_int(side, "--size", 1, kMostSide).status());
  return size;
}

// What the network takes, by the kind of model.
Result<std::string> asked_shape(const BenchModelFlags& flags, const LoadedModel& loaded, int batch) {
  INK_TRY(std::vector<std::string> size, parse_size_flag(flags));
  const Architecture& architecture = *loaded.architecture;
  if (architecture.text != nullptr && (!flags.tokens.empty() || architecture.image == nullptr)) {
    if (flags.tokens.empty() && batch == 1) return std::string();
    if (flags.tokens.empty()) return Error{ErrorKind::usage, "-b: goes with --tokens for texts"};
    return concat(batch, "x", flags.tokens);
  }
  if (!flags.tokens.empty()) {
    return Error{ErrorKind::usage, concat("--tokens: ", architecture.title, " takes no texts")};
  }
  if (size.empty() && architecture.image != nullptr) return std::to_string(batch);
  if (size.empty()) size = {"256", "256"};
  return concat(batch, "x", size[1], "x", size[0], "x3");
}

// The numbers of threads take turns. What is short runs once more before its turn counts: the turn before
// left the caches, and workers that spin, to it.
Status measure(BenchRunner& runner, std::vector<Times>& of_batch, int rounds) {
  constexpr double kShort = 100;
  constexpr auto kAsleep = std::chrono::milliseconds(2);
  for (int round = 0; round < rounds; ++round) {
    for (Times& times : of_batch) {
      INK_TRY(const double gflops, measure_peak(times.threads));
      times.peak = std::max(times.peak, gflops);
      INK_TRY_STATUS(runner.set_threads(times.threads));
      std::this_thread::sleep_for(kAsleep);
      const bool settle = round == 0 || (of_batch.size() > 1 && times.ms[0] < kShort);
      if (settle) INK_TRY_STATUS(runner.run().status());
      INK_TRY(const double milliseconds, runner.run());
      times.ms.push_back(milliseconds);
      times.flops = runner.flops();
    }
  }
  for (Times& times : of_batch) std::ranges::sort(times.ms);
  return {};
}

// How many times the throughput of the fewest threads at this batch, and that over what multiply-adds gain.
struct Scaling {
  double faster = 1, of_peaks = 1;
};

Scaling scaling_of(const Times& times, const std::vector<Times>& all) {
  const Times* base = &times;
  for (const Times& other : all) {
    if (other.batch == times.batch && other.threads < base->threads) base = &other;
  }
  const double faster = times.per_second() / base->per_second();
  return {faster, faster / (times.peak / base->peak)};
}

std::string table(const std::vector<Times>& all) {
  std::string text =
      "threads  batch         ms      least        p90       most  per second    GFLOP/s  of peak  faster  "
      "of "
      "peak's\n";
  for (const Times& t : all) {
    const Scaling scaling = scaling_of(t, all);
    char line[160];
    std::snprintf(line, sizeof line,
                  "%7d  %5d  %9.3f  %9.3f  %9.3f  %9.3f  %10.2f  %9.1f  %7.2f  %5.2fx  %9.2f\n", t.threads,
                  t.batch, t.median(), t.least(), t.p90(), t.most(), t.per_second(), t.gflops(),
                  t.gflops() / t.peak, scaling.faster, scaling.of_peaks);
    text += line;
  }
  return text;
}

JsonObject& add_times(JsonObject& object, const Times& times) {
  return object.number("threads", int64_t{times.threads})
      .text("shape", times.shape)
      .number("ms", times.median())
      .number("ms_least", times.least())
      .number("ms_p90", times.p90())
      .number("ms_most", times.most())
      .number("per_second", times.per_second())
      .number("gflops", times.gflops())
      .number("peak_gflops", times.peak);
}

// One network on one batch with one number of threads.
std::string line(const Times& times) {
  return concat(decimals(times.median(), 4), " ms (", decimals(times.least(), 4), " to ",
                decimals(times.most(), 4), ", nine of ten within ", decimals(times.p90(), 4), "), ",
                decimals(times.per_second(), 2), " a second, ", decimals(times.gflops(), 4), " GFLOP/s, ",
                times.shape);
}

}  // namespace

Status check(const BenchModelFlags& flags, const Common& common) {
  INK_TRY_STATUS(parse_int(flags.rounds, "-r", 1, 1000000).status());
  INK_TRY_STATUS(parse_size_flag(flags).status());
  INK_TRY(const std::vector<int> batches, parse_list(flags.batch, "-b", kMostBatch));
  INK_TRY(const std::vector<int> counts, thread_counts(common));
  if (flags.layers && batches.size() * counts.size() > 1) {
    return Error{ErrorKind::usage, "--layers: goes with one batch size and one number of threads"};
  }
  return {};
}

Result<int> run_bench_model(const LoadedModel& loaded, const BenchModelFlags& flags, const Common& common) {
  INK_TRY(const int rounds, parse_int(flags.rounds, "-r", 1, 1000000));
  INK_TRY(const std::vector<int> batches, parse_list(flags.batch, "-b", kMostBatch));
  INK_TRY(const std::vector<int> counts, thread_counts(common));
  std::vector<Times> all;
  std::vector<LayerTime> layers;
  for (const int batch : batches) {
    INK_TRY(const std::string asked, asked_shape(flags, loaded, batch));
    INK_TRY(const std::unique_ptr<BenchRunner> runner,
            make_bench_runner(loaded, {asked, flags.result, std::ranges::max(counts)}));
    runner->make_up_input();
    std::vector<Times> of_batch;
    for (const int threads : counts) of_batch.push_back({batch, threads, runner->shape(), {}});
    INK_TRY_STATUS(measure(*runner, of_batch, rounds));
    all.insert(all.end(), of_batch.begin(), of_batch.end());
    if (flags.layers) {
      INK_TRY(layers, runner->layers(rounds));
    }
  }
  const bool in_f32 = loaded.precision == Precision::f32;
  const char* isa = isa_name(in_f32 ? float_isa(active_isa()) : active_isa());
  const char* precision = precision_name(loaded.precision);
  std::ranges::stable_sort(layers, std::ranges::greater(), &LayerTime::seconds);
  if (common.json) {
    JsonObject object;
    object.text("model", loaded.path).text("isa", isa).text("precision", precision);
    if (all.size() == 1) {
      add_times(object, all[0]);
    } else {
      std::vector<std::string> rows;
      for (const Times& times : all) {
        JsonObject row;
        const Scaling scaling = scaling_of(times, all);
        row.number("batch", int64_t{times.batch});
        add_times(row, times).number("faster", scaling.faster).number("faster_than_peaks", scaling.of_peaks);
        rows.push_back(row.str());
      }
      object.raw("rows", json_array(rows));
    }
    if (flags.layers) {
      object.raw("gbytes_per_s", Bandwidths::measure(counts[0]).json());
      object.raw("layers", layers_json(layers, all[0].peak));
    }
    INK_TRY_STATUS(print(object.str() + "\n"));
    return int{kDone};
  }
  if (flags.layers) INK_TRY_STATUS(print(layers_table(layers, all[0].peak)));
  if (all.size() == 1) {
    INK_TRY_STATUS(
        print(concat(line(all[0]), ", ", precision, " on ", isa, ", ", all[0].threads, " threads\n")));
  } else {
    INK_TRY_STATUS(print(concat(table(all), precision, " on ", isa, ", ", all[0].shape,
                                " and so on; of peak: of f32 multiply-adds on as many threads; faster: than "
                                "the fewest threads; of peak's: over what those multiply-adds gain\n")));
  }
  return int{kDone};
}

}  // namespace ink::cli
