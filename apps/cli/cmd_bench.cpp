#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "apps/cli/bench_model.h"
#include "apps/cli/bench_runner.h"
#include "apps/cli/common.h"
#include "apps/cli/exit_code.h"
#include "apps/cli/kernel_bench.h"
#include "apps/cli/peak.h"
#include "apps/cli/text.h"
#include "apps/cli/vector_options.h"
#include "weights/atomic_file.h"
#include "weights/file.h"

namespace ink::cli {
namespace {

struct Flags {
  std::string model, model_folder, precision;
  std::string input, output, shape, lengths;  // worker
  bool once = false, bandwidth = false;
  BenchModelFlags network;  // model; of them worker takes the result
  KernelBenchFlags kernels;
};

Result<LoadedModel> load(const Flags& flags, const Common& common) {
  INK_TRY(LoadedModel loaded, load_model_for_use(flags.model, flags.model_folder, common.threads));
  INK_TRY_STATUS(set_precision(loaded, flags.precision));
  return loaded;
}

Status read_input_file(const std::string& path, std::span<std::byte> dst) {
  INK_TRY(const FileBytes file, open_file(path, FileAccess::read, dst.size()));
  if (file.bytes.size() != dst.size()) {
    return Error{ErrorKind::bad_input, path + ": expected " + std::to_string(dst.size()) +
                                           " bytes for this shape, found " +
                                           std::to_string(file.bytes.size())};
  }
  std::ranges::copy(file.bytes, dst.begin());
  return {};
}

Status write_floats(std::span<const float> values, const std::string& path) {
  INK_TRY(AtomicFile file, AtomicFile::create(path));
  INK_TRY_STATUS(file.write(std::as_bytes(values)));
  return file.commit();
}

// One side of bench/peers, by the protocol in its README.md.
Result<int> run_worker(const Flags& flags, const Common& common) {
  if (flags.shape.empty() && flags.lengths.empty()) {
    return Error{ErrorKind::usage, "expected --shape, or --lengths of texts"};
  }
  INK_TRY(const LoadedModel loaded, load(flags, common));
  INK_TRY(const std::unique_ptr<BenchRunner> runner,
          make_bench_runner(loaded,
                            {flags.shape, flags.network.result, common.threads, flags.lengths, flags.once}));
  INK_TRY_STATUS(read_input_file(flags.input, runner->src()));
  INK_TRY_STATUS(print("ready\n"));
  for (std::string command; std::getline(std::cin, command) && command != "quit";) {
    if (command == "run") {
      INK_TRY(const double milliseconds, runner->run());
      INK_TRY_STATUS(print("ms " + decimals(milliseconds, 4) + "\n"));
    } else if (command == "save") {
      INK_TRY_STATUS(write_floats(runner->dst(), flags.output));
      INK_TRY_STATUS(print("saved\n"));
    } else {
      return Error{ErrorKind::usage,
                   "expected run, save or quit on standard input, found \"" + command + "\""};
    }
  }
  return int{kDone};
}

Result<int> run_kernels(const Flags& flags, const Common& common) {
  return run_kernel_bench(flags.kernels, common);
}

Result<int> run_peak(const Flags& flags, const Common& common) {
  INK_TRY(const double gflops, measure_peak(common.threads));
  const Bandwidths moved = flags.bandwidth ? Bandwidths::measure(common.threads) : Bandwidths();
  if (common.json) {
    JsonObject object;
    object.number("threads", int64_t{common.threads}).number("gflops", gflops);
    if (flags.bandwidth) object.raw("gbytes_per_s", moved.json());
    INK_TRY_STATUS(print(object.str() + "\n"));
    return int{kDone};
  }
  INK_TRY_STATUS(print("gflops " + decimals(gflops, 4) + "\n"));
  if (flags.bandwidth) {
    INK_TRY_STATUS(
        print(concat("gbytes_per_s memory ", decimals(moved.memory, 2), "\ngbytes_per_s second_level_cache ",
                     decimals(moved.second_level_cache, 2), "\n")));
  }
  return int{kDone};
}

Result<int> run_model(const Flags& flags, const Common& common) {
  INK_TRY_STATUS(check(flags.network, common));
  INK_TRY(const LoadedModel loaded, load(flags, common));
  return run_bench_model(loaded, flags.network, common);
}

}  // namespace

void add_bench(Commands& commands) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& bench = *commands.root.add_subcommand("bench", "Measure networks and this machine");
  bench.require_subcommand(1);
  const auto add = [&](const char* name, const char* description,
                       Result<int> (*run)(const Flags&, const Common&)) {
    return &commands.add(bench, name, description,
                         [flags, run](const Common& common) { return run(*flags, common); });
  };
  CLI::App* model =
      add("model", "The latency and throughput of a network alone; -j and -b may be lists", run_model);
  model->add_option("MODEL", flags->model, "A model file or a name of \"models list\"")->required();
  model
      ->add_option("--size", flags->network.size,
                   "Of the network's input; default: the model's own, or 256x256")
      ->type_name("WxH");
  model
      ->add_option("-b,--batch-size", flags->network.batch,
                   "Pictures or texts in a run; a list gives a table")
      ->capture_default_str()
      ->type_name("N,...");
  model->add_option("--tokens", flags->network.tokens, "Of each text, with the start and the end token")
      ->type_name("N");
  model->add_option("-r,--rounds", flags->network.rounds, "Runs")->capture_default_str()->type_name("N");
  model->add_flag("--layers", flags->network.layers,
                  "Also the time, the work and the bytes of each layer, slowest first");
  model->add_option("--model-dir", flags->model_folder, "Folder looked into first for models")
      ->type_name("DIR");
  CLI::App* worker = add("worker", "Run on request, for bench/peers", run_worker);
  worker->add_option("-m,--model", flags->model, "A model file or a name")->required()->type_name("MODEL");
  worker->add_option("--model-dir", flags->model_folder, "Folder looked into first for models")
      ->type_name("DIR");
  worker->add_option("--input", flags->input, "float32, NHWC, or the ids of texts, int32")
      ->required()
      ->type_name("FILE");
  CLI::Option* shape = worker->add_option("--shape", flags->shape, "Of the input: NxHxWx3, or texts x tokens")
                           ->type_name("NxHxWx3");
  worker->add_option("--lengths", flags->lengths, "Of texts of different lengths, in tokens, instead")
      ->type_name("N,N,...")
      ->excludes(shape);
  worker->add_option("--output", flags->output, "Where \"save\" writes")->required()->type_name("FILE");
  worker->add_flag("--once", flags->once, "Prepare for one run, as commands do that are given one input");
  for (CLI::App* app : {model, worker}) {
    app->add_option("--result", flags->network.result, "Which of the model's outputs")->type_name("NAME");
    add_precision_option(*app, flags->precision);
  }
  CLI::App* kernels = add(
      "kernels", "Every kernel on the layers of the real networks, beside OpenBLAS and oneDNN if installed",
      run_kernels);
  KernelBenchFlags& k = flags->kernels;
  kernels
      ->add_option("--filter", k.filter, "Only kernel/network/layer/variant that match, such as gemm/vit_l16")
      ->type_name("REGEX");
  kernels->add_option("--isa", k.isa, "Instruction sets: best, all or a name of \"info --cpu\"")
      ->capture_default_str()
      ->type_name("NAME");
  kernels->add_option("--thread-counts", k.threads, "Counts to measure on; default: 1 and that of -j")
      ->type_name("N,...");
  kernels->add_option("-r,--rounds", k.rounds, "The variants of a layer take turns so many times")
      ->capture_default_str()
      ->type_name("N");
  kernels->add_option("--seconds", k.seconds, "Of each variant in each round, at least")
      ->capture_default_str()
      ->type_name("S");
  kernels->add_option("-o,--output", k.format, "As a Markdown table, CSV or JSON")
      ->capture_default_str()
      ->type_name("md|csv|json");
  kernels->add_flag("--list", k.list, "Only the names of what would be measured");
  CLI::App* peak = add("peak", "The float32 multiply-add peak of this machine", run_peak);
  peak->add_flag("--bandwidth", flags->bandwidth,
                 "Also what it moves from and to memory and the second-level caches; takes 192 MiB");
}

}  // namespace ink::cli
