#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "apps/cli/batch.h"
#include "apps/cli/common.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/memory.h"
#include "apps/cli/networks.h"
#include "apps/cli/outputs.h"
#include "apps/cli/text.h"
#include "apps/cli/upscale_request.h"
#include "kernels/base/isa.h"
#include "weights/atomic_file.h"

namespace ink::cli {
namespace {

std::string suffix(const UpscaleRequest& request, const Networks& networks) {
  if (!request.settings.target.wanted()) return "_" + std::to_string(networks.only().config().scale) + "x";
  const auto side = [](int pixels) { return pixels > 0 ? std::to_string(pixels) : std::string(); };
  return "_" + side(request.settings.target.w) + "x" + side(request.settings.target.h);
}

Status check_streams(const std::vector<PictureJob>& jobs, const Common& common) {
  if (jobs.front().output != "-") return {};
  if (common.json) {
    return Error{ErrorKind::usage,
                 "--json and the picture cannot both go to standard output; -o takes a file"};
  }
  if (isatty(STDOUT_FILENO) != 0) {
    return Error{ErrorKind::usage,
                 "standard output is a terminal, which cannot show a picture; -o takes a file"};
  }
  return {};
}

Result<int> run_upscale(const UpscaleFlags& flags, const Common& common) {
  INK_TRY(UpscaleRequest request, make_upscale_request(flags, common));
  INK_TRY(const Networks networks,
          Networks::load(request.model_paths, request.settings.strength, common.threads));
  const int scale = networks.only().config().scale;
  if (request.scale && *request.scale != scale) {
    return Error{ErrorKind::usage, "-s " + std::to_string(*request.scale) + ": " + request.model_paths[0] +
                                       " enlarges by " + std::to_string(scale)};
  }
  INK_TRY(const InputFiles inputs, expand_inputs(request.inputs, request.recursive, request.output));
  INK_TRY(const std::vector<PictureJob> jobs,
          plan_outputs(inputs, request.output, suffix(request, networks), request.format));
  INK_TRY_STATUS(check_streams(jobs, common));
  print_detail(common, join(request.model_paths, ", ") + ", " + isa_name(float_isa(active_isa())) + ", " +
                           std::to_string(common.threads) + " threads, at most " +
                           size_text(request.settings.memory_budget));
  catch_interrupts();
  // What a killed process left there.
  for (const std::string& folder : output_folders(jobs)) remove_stale_temporaries(folder);
  request.settings.memory_base = resident_bytes();
  return upscale_batch(jobs, networks, request.settings, request.existing, common);
}

constexpr const char* kFooter = R"(Examples:
  inkstone upscale pic.png                          writes pic_2x.png
  inkstone upscale pic.png -o big.png -m pro -s 3 -n 0
  inkstone upscale a.png b.jpg c.webp -o enlarged/ -f webp --quality 90
  inkstone upscale scans/ -r -o enlarged/ --resume
  inkstone upscale pic.png --width 1920
  curl -s URL | inkstone upscale - -f webp | display -
  inkstone upscale huge.jpg -o huge.png --max-memory 512M
Exit codes: 0 all done, 1 some of several failed, 64 usage, 65 broken picture, 66 no such picture,
  73 cannot create the output, 74 reading or writing failed, 75 too much memory, 78 model, 130 interrupted.)";

void add_files(CLI::App& app, UpscaleFlags& flags) {
  const std::string group = "Files";
  app.add_option("INPUT", flags.inputs,
                 "Pictures (PNG, JPEG, WebP), folders of them, or - for standard input")
      ->type_name("");
  app.add_option("-i,--input", flags.input, "The same, for one")->type_name("INPUT")->group(group);
  app.add_option(
         "-o,--output", flags.output,
         "File (.png, .jpg, .webp), folder, or - for standard output; default: NAME_2x.png beside the "
         "input")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("-r,--recursive", flags.recursive,
               "Folders with those below them; the result has the same tree")
      ->group(group);
  app.add_flag("--skip-existing", flags.skip_existing, "Pass over pictures whose result exists")
      ->group(group);
  app.add_flag("--resume", flags.resume,
               "Pass over pictures whose result is whole, of the right size and not older")
      ->group(group);
  app.add_option("-f,--output-format", flags.format, "Where -o names no file")
      ->capture_default_str()
      ->type_name("png|jpg|webp")
      ->group(group);
  app.add_option("--quality", flags.quality, "Of JPEG and WebP, 1 to 100")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  app.add_flag("--lossless", flags.lossless, "WebP without loss")->group(group);
  app.add_option("--png-level", flags.png_level, "0 (fast) to 9 (small)")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  app.add_flag("--strip", flags.strip, "Leave out colour profile, EXIF and XMP")->group(group);
}

void add_network(CLI::App& app, UpscaleFlags& flags) {
  const std::string group = "Network";
  flags.scale_option = app.add_option("-s,--scale-ratio", flags.scale, "How much larger")
                           ->capture_default_str()
                           ->type_name("2|3|4")
                           ->group(group);
  flags.noise_option =
      app.add_option("-n,--noise-level", flags.noise, "-1 conservative, 0 no denoising, 1 to 3 denoising")
          ->capture_default_str()
          ->type_name("-1|0|1|2|3")
          ->group(group);
  app.add_option("-m,--model", flags.model, "A family of networks, or the file or folder of a model")
      ->capture_default_str()
      ->type_name("se|pro|nose|FILE")
      ->group(group);
  app.add_option("--model-dir", flags.model_folder, "Folder looked into first for models")
      ->type_name("DIR")
      ->group(group);
  app.add_option("--strength", flags.strength, "0.75 to 1.3")
      ->capture_default_str()
      ->type_name("X")
      ->group(group);
  app.add_flag("-x", flags.tta, "Mean over 8 orientations, 8 times the work")->group(group);
  app.add_option("--width", flags.width,
                 "Width of the result in pixels; without -s the network is the least that reaches it")
      ->type_name("N")
      ->group(group);
  app.add_option("--height", flags.height, "Height of the result; alone, each side follows from the other")
      ->type_name("N")
      ->group(group);
  app.add_option("--resolution", flags.resolution, "Both, such as 1920x1080")->type_name("WxH")->group(group);
}

void add_resources(CLI::App& app, UpscaleFlags& flags) {
  const std::string group = "Memory";
  app.add_option("-t,--tile-size", flags.tile,
                 "Size of regions: 0 (automatic) or at least 32; the result is the same for any")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  app.add_option("--max-memory", flags.max_memory,
                 "The most that the process may take, such as 512M; default: half of what is free")
      ->type_name("SIZE")
      ->group(group);
  app.add_option("--spill", flags.spill, "Folder on a disk for what does not fit into --max-memory")
      ->type_name("DIR")
      ->group(group);
  app.add_option("-c", flags.sync_gap, "Accepted and ignored")->type_name("N")->group(group);
  app.add_option("-g", flags.gpu, "Accepted and ignored")->type_name("N")->group(group);
}

}  // namespace

void add_upscale(Commands& commands) {
  const auto flags = std::make_shared<UpscaleFlags>();
  CLI::App& app = commands.add(commands.root, "upscale", "Enlarge pictures with Real-CUGAN",
                               [flags](const Common& common) { return run_upscale(*flags, common); });
  add_files(app, *flags);
  add_network(app, *flags);
  add_resources(app, *flags);
  app.footer(kFooter);
}

}  // namespace ink::cli
