#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

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
  std::string model, model_folder, result;
  std::string input, output, shape, lengths;            // worker
  std::string size, batch = "1", tokens, rounds = "7";  // model
  std::string precision;
  bool layers = false, once = false;
  KernelBenchFlags kernels;
};

Result<LoadedModel> load(const Flags& flags) {
  INK_TRY(LoadedModel loaded, load_model_for_use(flags.model, flags.model_folder));
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
  INK_TRY(const LoadedModel loaded, load(flags));
  INK_TRY(const std::unique_ptr<BenchRunner> runner,
          make_bench_runner(loaded, {flags.shape, flags.result, common.threads, flags.lengths, flags.once}));
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

Result<int> run_peak(const Flags&, const Common& common) {
  INK_TRY(const double gflops, measure_peak(common.threads));
  INK_TRY_STATUS(print("gflops " + decimals(gflops, 4) + "\n"));
  return int{kDone};
}

// --size, without a model: two numbers, or nothing.
Result<std::vector<std::string>> parse_size_flag(const Flags& flags) {
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
Result<std::string> asked_shape(const Flags& flags, std::vector<std::string> size,
                                const LoadedModel& loaded) {
  constexpr int kMost = 1 << 16;
  INK_TRY(const int batch, parse_int(flags.batch, "-b", 1, kMost));
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

Result<int> run_model(const Flags& flags, const Common& common) {
  INK_TRY(const int rounds, parse_int(flags.rounds, "-r", 1, 1000000));
  INK_TRY(std::vector<std::string> size, parse_size_flag(flags));
  INK_TRY(const LoadedModel loaded, load(flags));
  INK_TRY(const std::string asked, asked_shape(flags, std::move(size), loaded));
  INK_TRY(const std::unique_ptr<BenchRunner> runner,
          make_bench_runner(loaded, {asked, flags.result, common.threads}));
  runner->make_up_input();
  INK_TRY_STATUS(runner->run().status());  // touches all memory once
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    INK_TRY(const double milliseconds, runner->run());
    times.push_back(milliseconds);
  }
  std::ranges::sort(times);
  const double median = (times[times.size() / 2] + times[(times.size() - 1) / 2]) / 2;
  const double gflops = runner->flops() / median / 1e6;
  std::vector<LayerTime> layers;
  double peak = 0;
  if (flags.layers) {
    INK_TRY(layers, runner->layers(rounds));
    INK_TRY(peak, measure_peak(common.threads));
    std::ranges::stable_sort(layers, std::ranges::greater(), &LayerTime::seconds);
  }
  const bool in_f32 = loaded.precision == Precision::f32;
  const Isa isa = in_f32 ? float_isa(active_isa()) : active_isa();
  if (common.json) {
    JsonObject object;
    object.text("model", loaded.path)
        .text("isa", isa_name(isa))
        .text("precision", precision_name(loaded.precision))
        .number("threads", int64_t{common.threads})
        .text("shape", runner->shape())
        .number("ms", median)
        .number("ms_least", times.front())
        .number("ms_most", times.back())
        .number("gflops", gflops);
    if (flags.layers) object.number("peak_gflops", peak).raw("layers", layers_json(layers, peak));
    INK_TRY_STATUS(print(object.str() + "\n"));
  } else {
    if (flags.layers) INK_TRY_STATUS(print(layers_table(layers, peak)));
    INK_TRY_STATUS(print(decimals(median, 4) + " ms (" + decimals(times.front(), 4) + " to " +
                         decimals(times.back(), 4) + "), " + decimals(gflops, 4) + " GFLOP/s, " +
                         runner->shape() + ", " + precision_name(loaded.precision) + " on " + isa_name(isa) +
                         ", " + std::to_string(common.threads) + " threads\n"));
  }
  return int{kDone};
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
  CLI::App* model = add("model", "The time of a network alone, median of several runs", run_model);
  model->add_option("MODEL", flags->model, "A model file or a name of \"models list\"")->required();
  model->add_option("--size", flags->size, "Of the network's input; default: the model's own, or 256x256")
      ->type_name("WxH");
  model->add_option("-b,--batch-size", flags->batch, "Pictures or texts in a run")
      ->capture_default_str()
      ->type_name("N");
  model->add_option("--tokens", flags->tokens, "Of each text, with the start and the end token")
      ->type_name("N");
  model->add_option("-r,--rounds", flags->rounds, "Runs")->capture_default_str()->type_name("N");
  model->add_flag("--layers", flags->layers,
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
    app->add_option("--result", flags->result, "Which of the model's outputs")->type_name("NAME");
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
  add("peak", "The float32 multiply-add peak of this machine", run_peak);
}

}  // namespace ink::cli
