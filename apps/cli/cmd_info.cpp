#include <CLI/CLI.hpp>
#include <memory>

#include "apps/cli/checkpoint_text.h"
#include "apps/cli/common.h"
#include "apps/cli/exit_code.h"
#include "apps/cli/kernel_list.h"
#include "apps/cli/model_facts.h"
#include "apps/cli/models_folder.h"
#include "apps/cli/network.h"
#include "apps/cli/picture_network.h"
#include "apps/cli/plan_json.h"
#include "apps/cli/text.h"
#include "apps/cli/vector_options.h"
#include "converters/sources/open.h"
#include "kernels/base/isa.h"
#include "kernels/base/parallel.h"
#include "models/model.h"
#include "weights/sniff.h"

namespace ink::cli {
namespace {

struct Flags {
  std::string model, model_folder, plan, max_memory, tile = "0";
  bool cpu = false;
  std::string precision;
};

Result<int> show_cpu(const Common& common) {
  std::vector<std::string> sets, quoted_sets;
  for (const Isa isa : supported_isas()) {
    sets.emplace_back(isa_name(isa));
    quoted_sets.push_back(json_string(isa_name(isa)));
  }
  std::string text = fact_line("CPU", cpu_model_name()) + fact_line("instruction sets", join(sets, ", ")) +
                     fact_line("chosen", isa_name(active_isa())) +
                     fact_line("threads", std::to_string(default_threads()));
  text += "\nkernels, best first (* chosen)\n";
  JsonObject kernels;
  for (const KernelList& list : kernel_lists()) {
    std::vector<std::string> names, quoted_names;
    for (const KernelName& kernel : list.kernels) {
      const bool chosen = &kernel == chosen_kernel(list, active_isa());
      names.push_back(kernel.name + std::string(chosen ? "*" : ""));
      quoted_names.push_back(json_string(kernel.name));
    }
    text += fact_line(list.op, join(names, ", "));
    kernels.raw(list.op, json_array(quoted_names));
  }
  if (common.json) {
    text = JsonObject()
               .text("cpu", cpu_model_name())
               .raw("instruction_sets", json_array(quoted_sets))
               .text("chosen", isa_name(active_isa()))
               .number("threads", int64_t{default_threads()})
               .raw("kernels", kernels.str())
               .str() +
           "\n";
  }
  INK_TRY_STATUS(print(text));
  return int{kDone};
}

Result<int> show_model(const Flags& flags, const Common& common) {
  INK_TRY(const std::string path, find_model(flags.model, flags.model_folder));
  const Result<std::unique_ptr<TensorSource>> opened = open_source(path);
  if (!opened.ok()) {
    const Error& error = opened.error();
    return Error{error.kind == ErrorKind::no_input ? ErrorKind::model : error.kind, error.message};
  }
  const TensorSource& source = **opened;
  CheckpointFacts facts{path, std::string(source.format()), "", "", is_model_file(source), "", "", ""};
  if (facts.model_file) facts.format = describe(FileFormat::safetensors);
  if (const Result<LoadedModel> model = load_model_for_use(path, ""); model.ok()) {
    facts.architecture = model->store->metadata(kArchitectureKey);
    facts.config = model->store->metadata(kConfigKey);
    if (const Result<ModelFacts> use = model_facts(*model, common.threads); use.ok()) {
      facts.use_text = model_facts_text(*use);
      facts.use_json = model_facts_json(*use);
    } else {
      facts.refusal = use.error().message;
    }
  } else {
    facts.refusal = model.error().message;
  }
  INK_TRY_STATUS(print(common.json ? checkpoint_json(source, facts) + "\n" : checkpoint_text(source, facts)));
  return int{kDone};
}

Result<int> show_regions(const Flags& flags, const std::string& path, const Common& common) {
  INK_TRY(const Shape shape, parse_shape(flags.plan));
  INK_TRY(const Network network, Network::load(path));
  RegionRequest request;
  request.threads = common.threads;
  if (!flags.max_memory.empty()) {
    Result<uint64_t> limit = parse_size(flags.max_memory);
    if (!limit.ok()) return Error{ErrorKind::usage, "--max-memory: " + limit.error().message};
    request.memory_limit = *limit;
  }
  INK_TRY(request.region, parse_int(flags.tile, "-t", 0, 1 << 20));
  const auto plan = network.prepared->regions({&shape, 1}, request);
  if (!plan.ok()) {
    const Error& error = plan.error();
    if (error.kind != ErrorKind::limit || flags.max_memory.empty()) return error;
    return Error{error.kind, "--max-memory " + flags.max_memory + ": the network needs " + error.message};
  }
  INK_TRY_STATUS(
      print(common.json ? plan_json(**plan) + "\n" : region_plan_text(**plan, network.prepared->graph())));
  return int{kDone};
}

Status print_plan(const PreparedModel& network, std::span<const Shape> inputs, const Common& common) {
  INK_TRY(const auto plan, network.plan(inputs, common.threads));
  if (!common.json) return print(network.text(*plan));
  return print(JsonObject()
                   .number("gflop", plan->flops() / 1e9)
                   .number("memory_bytes", static_cast<int64_t>(plan->memory_bytes()))
                   .number("packed_bytes", static_cast<int64_t>(network.packed_bytes()))
                   .str() +
               "\n");
}

// Four numbers of a shape, "N" or "NxT".
Status check_plan_flag(const std::string& plan) {
  const std::vector<std::string> sizes = split(plan, 'x');
  if (sizes.size() != 1 && sizes.size() != 2) return parse_shape(plan).status();
  for (const std::string& size : sizes) INK_TRY_STATUS(parse_int(size, "--plan", 1, 1 << 20).status());
  return {};
}

// N pictures of the model's size, or N texts of T tokens.
Result<int> show_plan(const Flags& flags, const Common& common) {
  INK_TRY_STATUS(check_plan_flag(flags.plan));
  INK_TRY(LoadedModel loaded, load_model_for_use(flags.model, flags.model_folder));
  INK_TRY_STATUS(set_precision(loaded, flags.precision));
  const Architecture& architecture = *loaded.architecture;
  if (architecture.image == nullptr && architecture.text == nullptr) {
    return show_regions(flags, loaded.path, common);
  }
  const std::vector<std::string> sizes = split(flags.plan, 'x');
  const bool of_texts = architecture.text != nullptr && (sizes.size() == 2 || architecture.image == nullptr);
  constexpr int kMost = 1 << 16;
  if (of_texts && sizes.size() <= 2) {
    INK_TRY(const std::unique_ptr<TextModel> model,
            architecture.text(loaded.store, {.threads = common.threads, .precision = loaded.precision}));
    int tokens = model->max_tokens();
    INK_TRY(const int texts, parse_int(sizes[0], "--plan", 1, kMost));
    if (sizes.size() == 2) {
      INK_TRY(tokens, parse_int(sizes[1], "--plan", 1, tokens));
    }
    INK_TRY_STATUS(print_plan(model->network(), text_shapes(texts, tokens), common));
    return int{kDone};
  }
  INK_TRY(const PictureNetwork network, PictureNetwork::create(loaded, {}, "", common.threads));
  Shape shape{1, network.size.h, network.size.w, 3};
  if (sizes.size() == 1) {
    INK_TRY(shape.n, parse_int(sizes[0], "--plan", 1, kMost));
  } else {
    INK_TRY(const Shape asked, parse_shape(flags.plan));
    shape.n = asked.n;
    if (!(asked == shape)) {
      return Error{ErrorKind::usage,
                   concat("--plan ", flags.plan, ": the model takes ", shape.text(), ", any number of them")};
    }
  }
  INK_TRY_STATUS(print_plan(network.model->network(), {&shape, 1}, common));
  return int{kDone};
}

Result<int> run_info(const Flags& flags, const Common& common) {
  if (flags.cpu) return show_cpu(common);
  if (flags.model.empty()) return Error{ErrorKind::usage, "name a model, or ask for --cpu"};
  return flags.plan.empty() ? show_model(flags, common) : show_plan(flags, common);
}

}  // namespace

void add_info(Commands& commands) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& app =
      commands.add(commands.root, "info", "What a checkpoint holds, how it would run, what this CPU can",
                   [flags](const Common& common) { return run_info(*flags, common); });
  app.add_option("MODEL", flags->model,
                 "A model file, a released checkpoint or its folder, or a name of \"models list\"");
  app.add_option("--plan", flags->plan,
                 "How the model runs on an input of this size, such as 1x256x256x3; N is enough where "
                 "the model has a size of its own, NxT for N texts of T tokens")
      ->type_name("NxHxWxC");
  app.add_option("-t,--tile-size", flags->tile, "With --plan: regions of this size, 0: automatic")
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--max-memory", flags->max_memory, "With --plan: what the network may take, such as 512M")
      ->type_name("SIZE");
  add_precision_option(app, flags->precision);
  app.add_flag("--cpu", flags->cpu, "The instruction sets and kernels of this machine");
  app.add_option("--model-dir", flags->model_folder, "Folder looked into first for models")->type_name("DIR");
}

}  // namespace ink::cli
