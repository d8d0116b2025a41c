#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <new>

#include "apps/cli/common.h"
#include "apps/cli/exit_code.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/memory.h"
#include "apps/cli/models_folder.h"
#include "apps/cli/outputs.h"
#include "apps/cli/progress.h"
#include "apps/cli/text.h"
#include "apps/cli/upscale_picture.h"
#include "kernels/base/isa.h"
#include "models/realcugan.h"
#include "weights/catalog.h"

namespace ink::cli {
namespace {

// The letters and defaults are those of realcugan-ncnn-vulkan.
struct Flags {
  std::vector<std::string> inputs;
  std::string input, output;
  std::string model = "se", model_folder;
  std::string scale = "2", noise = "-1", strength = "1", tile = "0", format = "png", max_memory, spill,
              png_level = "6", quality = "95";
  std::string sync_gap, gpu;
  bool tta = false, lossless = false, strip = false;
  CLI::Option *scale_option = nullptr, *noise_option = nullptr;
};

constexpr int kLeastTile = 32;

struct Request {
  std::vector<std::string> inputs;
  std::string model_path;
  std::optional<int> scale;  // where it was asked for, or follows from the network's name
  PictureFormat format = PictureFormat::png;
  UpscaleSettings settings;
};

bool is_family(const std::string& model) { return model == "se" || model == "pro" || model == "nose"; }

// One size, or as many as realcugan-ncnn-vulkan has devices: the first one counts.
Result<int> parse_tiles(const std::string& text) {
  std::optional<int> first;
  for (const std::string& tile : split(text, ',')) {
    INK_TRY(const int size, parse_int(tile, "-t", 0, 1 << 20));
    if (size != 0 && size < kLeastTile) {
      return Error{ErrorKind::usage,
                   "-t: expected 0 (automatic) or a tile size of at least 32, found " + tile};
    }
    if (!first) first = size;
  }
  return first.value_or(0);
}

Result<float> parse_strength(const std::string& text) {
  char* end = nullptr;
  const float value = std::strtof(text.c_str(), &end);
  if (!text.empty() && *end == '\0' && value >= kMinStrength && value <= kMaxStrength) return value;
  return Error{ErrorKind::usage, "--strength: expected a number from 0.75 to 1.3, found \"" + text + "\""};
}

void warn_of_ignored(const Flags& flags, const Common& common) {
  if (!flags.sync_gap.empty()) {
    print_warning(common, "-c is ignored: every tile always sees the whole picture's means");
  }
  if (!flags.gpu.empty()) print_warning(common, "-g is ignored: inkstone computes on the CPU");
}

// Which model file, and which scale that makes.
Status choose_model(const Flags& flags, const Common& common, Request& request) {
  // Numbers that no network has are refused by the catalog, which lists what there is.
  INK_TRY(const int scale, parse_int(flags.scale, "-s", -1000, 1000));
  INK_TRY(const int noise, parse_int(flags.noise, "-n", -1000, 1000));
  std::string model = flags.model;
  while (model.size() > 1 && model.ends_with('/')) model.pop_back();
  const std::string family = model.starts_with("models-") ? model.substr(7) : model;
  if (is_family(family)) {
    INK_TRY(const CatalogEntry* entry, find_catalog(family, scale, noise));
    INK_TRY(request.model_path, find_network(entry->name, flags.model_folder));
    request.scale = scale;
    return {};
  }
  if (find_catalog(model) == nullptr && model.find_first_of("./") == std::string::npos) {
    return Error{ErrorKind::usage, "-m " + model + ": expected se, pro, nose, or the path of a model file"};
  }
  if (flags.noise_option->count() > 0) {
    print_warning(common, "-n is ignored: a model file has a denoising strength of its own");
  }
  if (flags.scale_option->count() > 0) request.scale = scale;
  INK_TRY(request.model_path, find_model(model, flags.model_folder));
  return {};
}

Result<Request> make_request(const Flags& flags, const Common& common) {
  Request request;
  request.inputs = flags.inputs;
  if (!flags.input.empty()) request.inputs.insert(request.inputs.begin(), flags.input);
  if (request.inputs.empty()) return Error{ErrorKind::usage, "no input picture was named"};
  const std::optional<PictureFormat> format = format_of_name("." + flags.format);
  if (!format) return Error{ErrorKind::usage, "-f " + flags.format + ": expected png, jpg or webp"};
  request.format = *format;
  INK_TRY(request.settings.region, parse_tiles(flags.tile));
  request.settings.spill_folder = flags.spill;
  INK_TRY(request.settings.strength, parse_strength(flags.strength));
  EncodeOptions& encode = request.settings.encode;
  INK_TRY(encode.png_level, parse_int(flags.png_level, "--png-level", 0, 9));
  INK_TRY(encode.quality, parse_int(flags.quality, "--quality", 1, 100));
  encode.lossless = flags.lossless;
  encode.strip = flags.strip;
  request.settings.memory_budget = default_memory_budget();
  if (!flags.max_memory.empty()) {
    Result<uint64_t> budget = parse_size(flags.max_memory);
    if (!budget.ok()) return Error{ErrorKind::usage, "--max-memory: " + budget.error().message};
    request.settings.memory_budget = *budget;
  }
  request.settings.tta = flags.tta;
  request.settings.threads = common.threads;
  warn_of_ignored(flags, common);
  INK_TRY_STATUS(choose_model(flags, common, request));
  return request;
}

Result<Upscaled> upscale_safely(const PictureJob& job, RealCugan& network, const UpscaleSettings& settings) {
  try {
    return upscale_picture(job, network, settings);
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::limit, job.input + ": there is not enough memory for it"};
  }
}

struct Failure {
  std::string input;
  Error error;
};

// The pictures one after the other; an error ends one of them, an interruption all.
class Batch {
 public:
  Batch(std::vector<PictureJob> jobs, const Common& common)
      : jobs_(std::move(jobs)), common_(common), progress_(common.progress, jobs_.size()) {}

  Result<int> run(RealCugan& network, UpscaleSettings settings) {
    settings.progress = [this](double share) { progress_.update(share); };
    for (const PictureJob& job : jobs_) {
      progress_.start(job.input);
      const auto begin = std::chrono::steady_clock::now();
      const Result<Upscaled> size = upscale_safely(job, network, settings);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
      progress_.finish(size.ok());
      if (size.ok()) {
        succeed(job, *size, seconds.count());
      } else if (size.error().kind == ErrorKind::interrupted) {
        return Error{ErrorKind::interrupted, "interrupted; " + std::to_string(done_.size()) + " of " +
                                                 std::to_string(jobs_.size()) + " pictures are done"};
      } else {
        failures_.push_back({job.input, size.error()});
        print_error(size.error().message);
      }
    }
    return report();
  }

 private:
  void succeed(const PictureJob& job, const Upscaled& size, double seconds) {
    std::vector<std::string> notices;
    for (const std::string& notice : size.notices) {
      print_warning(common_, job.input + ": " + notice);
      notices.push_back(json_string(notice));
    }
    done_.push_back(JsonObject()
                        .text("file", job.input)
                        .text("output", job.output)
                        .number("w", int64_t{size.w})
                        .number("h", int64_t{size.h})
                        .number("seconds", seconds)
                        .raw("notices", json_array(notices))
                        .raw("plan", size.plan_json)
                        .str());
    print_detail(common_, job.input + " -> " + job.output + " (" + std::to_string(size.w) + "x" +
                              std::to_string(size.h) + ", " + decimals(seconds, 2) + " s" + ")");
  }

  Result<int> report() {
    std::vector<std::string> names, failed;
    for (const Failure& failure : failures_) {
      names.push_back(failure.input);
      failed.push_back(JsonObject()
                           .text("file", failure.input)
                           .text("error", failure.error.message)
                           .number("exit_code", int64_t{exit_code(failure.error.kind)})
                           .str());
    }
    if (common_.json) {
      INK_TRY_STATUS(
          print(JsonObject().raw("done", json_array(done_)).raw("failed", json_array(failed)).str() + "\n"));
    }
    if (failures_.empty()) return int{kDone};
    if (jobs_.size() == 1) return int{exit_code(failures_[0].error.kind)};
    print_error(std::to_string(names.size()) + " of " + std::to_string(jobs_.size()) +
                " pictures failed: " + join(names, ", "));
    return int{kSomeFailed};
  }

  std::vector<PictureJob> jobs_;
  const Common& common_;
  Progress progress_;
  std::vector<std::string> done_;  // as JSON
  std::vector<Failure> failures_;
};

Result<int> run_upscale(const Flags& flags, const Common& common) {
  INK_TRY(Request request, make_request(flags, common));
  INK_TRY(WeightStore store, load_any_model(request.model_path));
  INK_TRY(const std::unique_ptr<RealCugan> network, RealCugan::create(std::move(store), active_isa()));
  const int scale = network->config().scale;
  if (request.scale && *request.scale != scale) {
    return Error{ErrorKind::usage, "-s " + std::to_string(*request.scale) + ": " + request.model_path +
                                       " enlarges by " + std::to_string(scale)};
  }
  INK_TRY(std::vector<PictureJob> jobs, plan_outputs(request.inputs, flags.output, scale, request.format));
  print_detail(common, request.model_path + ", " + isa_name(active_isa()) + ", " +
                           std::to_string(common.threads) + " threads, at most " +
                           size_text(request.settings.memory_budget));
  INK_TRY_STATUS(network->network(request.settings.strength).status());
  request.settings.memory_base = resident_bytes();
  catch_interrupts();
  return Batch(std::move(jobs), common).run(*network, request.settings);
}

constexpr const char* kFooter = R"(Examples:
  inkstone upscale pic.png                          writes pic_2x.png
  inkstone upscale pic.png -o big.png -m pro -s 3 -n 0
  inkstone upscale a.png b.jpg c.webp -o enlarged/ -f webp --quality 90
  inkstone upscale huge.jpg -o huge.png --max-memory 512M
Exit codes: 0 all done, 1 some of several failed, 64 usage, 65 broken picture, 66 no such picture,
  73 cannot create the output, 74 reading or writing failed, 75 too much memory, 78 model, 130 interrupted.)";

}  // namespace

void add_upscale(Commands& commands) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& app = commands.add(commands.root, "upscale", "Enlarge pictures with Real-CUGAN",
                               [flags](const Common& common) { return run_upscale(*flags, common); });
  app.add_option("INPUT", flags->inputs, "Pictures: PNG, JPEG or WebP");
  app.add_option("-i,--input", flags->input, "The same, for one");
  app.add_option("-o,--output", flags->output,
                 "File (.png, .jpg, .webp), or folder for several; default: NAME_2x.png beside the input");
  app.add_option("-s,--scale-ratio", flags->scale, "2, 3 or 4")->capture_default_str()->type_name("N");
  flags->scale_option = app.get_option("-s");
  app.add_option("-n,--noise-level", flags->noise, "-1 conservative, 0 no denoising, 1 to 3 denoising")
      ->capture_default_str()
      ->type_name("N");
  flags->noise_option = app.get_option("-n");
  app.add_option("-m,--model", flags->model, "se, pro or nose, or a .safetensors, .param or .bin file")
      ->capture_default_str()
      ->type_name("MODEL");
  app.add_option("--model-dir", flags->model_folder, "Folder looked into first for models")->type_name("DIR");
  app.add_option("--strength", flags->strength, "0.75 to 1.3")->capture_default_str()->type_name("X");
  app.add_flag("-x", flags->tta, "Mean over 8 orientations, 8 times the work");
  app.add_option("-t,--tile-size", flags->tile,
                 "Size of regions: 0 (automatic) or at least 32; the result is the same for any")
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--max-memory", flags->max_memory,
                 "The most that the process may take, such as 512M; default: half of what is free")
      ->type_name("SIZE");
  app.add_option("--spill", flags->spill, "Folder on a disk for what does not fit into --max-memory")
      ->type_name("DIR");
  app.add_option("-f,--output-format", flags->format, "png, jpg or webp, where -o names no file")
      ->capture_default_str()
      ->type_name("FORMAT");
  app.add_option("--quality", flags->quality, "Of JPEG and WebP, 1 to 100")
      ->capture_default_str()
      ->type_name("N");
  app.add_flag("--lossless", flags->lossless, "WebP without loss");
  app.add_flag("--strip", flags->strip, "Leave out colour profile, EXIF and XMP");
  app.add_option("--png-level", flags->png_level, "0 (fast) to 9 (small)")
      ->capture_default_str()
      ->type_name("N");
  app.add_option("-c", flags->sync_gap, "Accepted and ignored")->type_name("N");
  app.add_option("-g", flags->gpu, "Accepted and ignored")->type_name("N");
  app.footer(kFooter);
}

}  // namespace ink::cli
