#include "apps/cli/upscale_picture.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/interrupt.h"
#include "apps/cli/plan_json.h"
#include "apps/cli/text.h"
#include "models/image/resample.h"
#include "pictures/channels.h"
#include "pictures/codec.h"
#include "weights/atomic_file.h"
#include "weights/file.h"

namespace ink::cli {
namespace {

UpscaleOptions network_options(const UpscaleSettings& settings) {
  UpscaleOptions options;
  options.strength = settings.strength;
  options.tta = settings.tta;
  options.threads = settings.threads;
  options.region = settings.region;
  options.spill_folder = settings.spill_folder;
  options.progress = [&settings](double share) {
    if (settings.progress) settings.progress(share);
    return !interrupted();
  };
  return options;
}

EncodeOptions encode_options(PictureFormat format, const UpscaleSettings& settings) {
  EncodeOptions options = settings.encode;
  options.format = format;
  options.threads = settings.threads;
  return options;
}

// What a picture takes beside the network, counted where it is most.
struct Footprint {
  uint64_t decoding = 0;  // of the whole process
  uint64_t beside = 0;    // while the network runs
  uint64_t joining = 0;   // while the alpha of the result is made
  uint64_t writing = 0;   // while the result is encoded
};

// Threads' stacks, the encoder's blocks, and what the allocator keeps for itself.
constexpr uint64_t kSmallThings = 14 << 20;

Footprint footprint(const PictureShape& shape, size_t file_bytes, int scale, PictureFormat format,
                    const UpscaleSettings& settings) {
  const auto factor = static_cast<uint64_t>(scale);
  const uint64_t pixels = static_cast<uint64_t>(shape.w) * static_cast<uint64_t>(shape.h);
  const uint64_t kept = pixels * (has_alpha(shape.channels) ? 4 : 3);
  const uint64_t result = pixels * factor * factor * (shape.channels == 4 ? 4 : 3);
  const uint64_t decoded =
      pixels * static_cast<uint64_t>(shape.channels) * static_cast<uint64_t>(shape.depth / 8);
  const uint64_t base = settings.memory_base + kSmallThings;
  return {base + file_bytes + decoded + std::max(shape.working_bytes, kept), base + kept + result,
          base + kept + result + (has_alpha(shape.channels) ? pixels * factor * (factor + 1) : 0),
          base + result +
              encoding_bytes(shape.w * scale, shape.h * scale, shape.channels, 8,
                             encode_options(format, settings))};
}

// A network keeps the memory of its last picture for the next one, unless something else needs it meanwhile.
void make_room(RealCugan& network, uint64_t others, const UpscaleSettings& settings) {
  if (others + network.idle_bytes() > settings.memory_budget) network.release_idle();
}

// Sets how much memory the network may take for a picture, or says how much the process must be allowed.
Status share_memory(const PictureJob& job, const PictureShape& shape, size_t file_bytes, RealCugan& network,
                    const UpscaleSettings& settings, UpscaleOptions& options) {
  const Footprint taken = footprint(shape, file_bytes, network.config().scale, job.format, settings);
  const uint64_t others = std::max({taken.decoding, taken.joining, taken.writing});
  const uint64_t budget = settings.memory_budget;
  make_room(network, taken.decoding, settings);
  if (others <= budget && taken.beside < budget) {
    options.memory_limit = budget - taken.beside;
    const auto plan = network.plan(shape.w, shape.h, options);
    if (plan.ok() || plan.error().kind != ErrorKind::limit) return plan.status();
  }
  INK_TRY(const uint64_t least, network.least_memory(shape.w, shape.h, options));
  // What is named must do in the next run, whose memory_base differs by some hundred KiB: how many pages of
  // its files a process has resident is not in its hands.
  constexpr uint64_t kMiB = 1 << 20;
  const uint64_t rounded = (std::max(others, taken.beside + least) + kMiB) / kMiB * kMiB + kMiB;
  return Error{ErrorKind::limit, job.input + ": upscaling it needs at least " + size_text(rounded) +
                                     " of memory, more than the " + size_text(budget) +
                                     " allowed; --max-memory raises that"};
}

Result<Picture> read_picture(const PictureJob& job, RealCugan& network, const UpscaleSettings& settings,
                             UpscaleOptions& options) {
  INK_TRY(const FileBytes file, open_file(job.input, FileAccess::read, settings.limits.file_bytes));
  INK_TRY(const PictureShape shape, picture_shape(file.bytes, job.input, settings.limits));
  const int scale = network.config().scale;
  INK_TRY_STATUS(check_writable(job.output, job.format, shape.w * scale, shape.h * scale, shape.channels));
  INK_TRY_STATUS(share_memory(job, shape, file.bytes.size(), network, settings, options));
  INK_TRY(Picture picture, decode_picture(file.bytes, job.input, settings.limits));
  return to_depth(std::move(picture), 8);
}

Result<std::vector<std::string>> write_picture(const Picture& picture, const PictureJob& job,
                                               const UpscaleSettings& settings) {
  INK_TRY(AtomicFile file, AtomicFile::create(job.output));
  const auto write = [&](std::span<const std::byte> bytes) -> Status {
    if (interrupted()) return interruption();
    return file.write(bytes);
  };
  INK_TRY(std::vector<std::string> notices,
          encode_picture(picture, encode_options(job.format, settings), job.output, write));
  if (interrupted()) return interruption();
  INK_TRY_STATUS(file.commit());
  return notices;
}

}  // namespace

Result<Upscaled> upscale_picture(const PictureJob& job, RealCugan& network, const UpscaleSettings& settings) {
  UpscaleOptions options = network_options(settings);
  INK_TRY(Picture picture, read_picture(job, network, settings, options));
  std::vector<std::string> notices = std::move(picture.notices);
  const int channels = picture.channels, scale = network.config().scale, w = picture.w, h = picture.h;
  fill_transparent(picture);
  Picture alpha = alpha_plane(picture);
  picture = to_rgb(std::move(picture));
  if (interrupted()) return interruption();

  Picture result{w * scale, h * scale, 3, {}};
  const size_t result_pixels = static_cast<size_t>(result.w) * static_cast<size_t>(result.h);
  result.pixels.reserve(result_pixels * (channels == 4 ? 4 : 3));  // room for the alpha that joins it
  result.pixels.resize(result_pixels * 3);
  INK_TRY_STATUS(network.upscale(picture.pixels.data(), w, h, result.pixels.data(), options));
  INK_TRY(const std::shared_ptr<const RegionPlan> plan, network.plan(w, h, options));
  result.metadata = std::move(picture.metadata);
  picture = {};

  if (has_alpha(channels)) {
    make_room(network, result.pixels.size() + 2 * result_pixels + settings.memory_base + kSmallThings,
              settings);
    Picture big{result.w, result.h, 1, std::vector<uint8_t>(result_pixels)};
    resize_bicubic(alpha.pixels.data(), w, h, 1, big.pixels.data(), result.w, result.h, settings.threads);
    alpha = std::move(big);
  }
  result = from_rgb(std::move(result), channels, alpha);
  const uint64_t encoding =
      encoding_bytes(result.w, result.h, channels, 8, encode_options(job.format, settings));
  make_room(network, settings.memory_base + kSmallThings + result.pixels.size() + encoding, settings);
  INK_TRY(const std::vector<std::string> changes, write_picture(result, job, settings));
  notices.insert(notices.end(), changes.begin(), changes.end());
  return Upscaled{result.w, result.h, plan_json(*plan), std::move(notices)};
}

}  // namespace ink::cli
