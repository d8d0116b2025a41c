#include "apps/cli/upscale_picture.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "apps/cli/footprint.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/plan_json.h"
#include "apps/cli/streams.h"
#include "apps/cli/text.h"
#include "models/image/resample.h"
#include "pictures/channels.h"

namespace ink::cli {
namespace {

// Threads' stacks, the encoder's blocks, and what the allocator keeps for itself.
constexpr uint64_t kSmallThings = 14 << 20;

// Operations of a network up to which threads gain more from a picture each than from a picture together.
constexpr double kSmallFlops = 20e9;

UpscaleOptions network_options(const UpscaleSettings& settings) {
  UpscaleOptions options;
  options.strength = settings.strength;
  options.tta = settings.tta;
  options.threads = settings.threads;
  options.region = settings.region;
  options.spill_folder = settings.spill_folder;
  return options;
}

// The network for a picture, and what it and its target make of the size.
struct Course {
  RealCugan* network = nullptr;
  PixelSize enlarged, size;
};

Course course(const PictureShape& shape, const Networks& networks, const TargetSize& target) {
  const PixelSize picture{shape.w, shape.h};
  const PixelSize wanted = target.wanted() ? size_for(target, picture) : PixelSize{};
  RealCugan& network = networks.reaching(wanted, picture);
  const int scale = network.config().scale;
  const PixelSize enlarged{picture.w * scale, picture.h * scale};
  return {&network, enlarged, target.wanted() ? wanted : enlarged};
}

// Calls work with the vectors that hold the samples of two pictures of one depth.
template <class Work>
auto with_samples(const Picture& from, Picture& to, Work work) {
  INK_CHECK(from.depth == to.depth);
  return from.depth == 16 ? work(from.pixels16, to.pixels16) : work(from.pixels, to.pixels);
}

Picture resized(const Picture& picture, PixelSize size, int room_for_channels, int threads) {
  Picture result{size.w, size.h, picture.channels, {}, picture.depth};
  with_samples(picture, result, [&](const auto& from, auto& to) {
    to.reserve(pixel_count(result) * static_cast<size_t>(room_for_channels));
    to.resize(sample_count(result));
    resize_bicubic(from.data(), picture.w, picture.h, picture.channels, to.data(), size.w, size.h, threads);
  });
  return result;
}

// RGB to RGB, in memory that has room for `channels`.
Result<Picture> enlarged(const Picture& rgb, int channels, RealCugan& network,
                         const UpscaleOptions& options) {
  const int scale = network.config().scale;
  Picture result{rgb.w * scale, rgb.h * scale, 3, {}, rgb.depth};
  INK_TRY_STATUS(with_samples(rgb, result, [&](const auto& from, auto& to) {
    to.reserve(pixel_count(result) * (channels == 4 ? 4 : 3));
    to.resize(sample_count(result));
    return network.upscale(from.data(), rgb.w, rgb.h, to.data(), options);
  }));
  return result;
}

}  // namespace

EncodeOptions UpscaleWork::encode_options(int threads) const {
  EncodeOptions options = settings_->encode;
  options.format = job_->format;
  options.threads = threads;
  return options;
}

uint64_t UpscaleWork::room() const {
  const uint64_t base = settings_->memory_base + kSmallThings;
  return settings_->memory_budget - std::min(settings_->memory_budget, base);
}

// How much memory the network may take, or how much the process must be allowed.
Status UpscaleWork::share_memory(const PictureShape& shape) {
  const int scale = network_->config().scale;
  taken_ = footprint(shape, file_.bytes.size(), {shape.w * scale, shape.h * scale}, size_,
                     encode_options(settings_->threads));
  const uint64_t others = std::max({taken_.reading, taken_.joining, taken_.writing});
  alone_ = taken_.reading > beside_ / 4 || taken_.writing > beside_ / 2;
  for (const uint64_t held : {beside_, uint64_t{0}}) {
    if (held > 0 && alone_) continue;
    if (others + held <= room() && taken_.computing + held < room()) {
      options_.memory_limit = room() - held - taken_.computing;
      const auto plan = network_->plan(shape.w, shape.h, options_);
      if (plan.ok() && !alone_) try_small(shape);
      if (plan.ok() || plan.error().kind != ErrorKind::limit) return plan.status();
    }
    alone_ = true;
  }
  INK_TRY(const uint64_t least, network_->least_memory(shape.w, shape.h, options_));
  // What is named must do in the next run, whose memory_base differs by some hundred KiB: how many pages of
  // its files a process has resident is not in its hands.
  constexpr uint64_t kMiB = 1 << 20;
  const uint64_t needed = settings_->memory_base + kSmallThings + std::max(others, taken_.computing + least);
  const uint64_t rounded = (needed + kMiB) / kMiB * kMiB + kMiB;
  return Error{ErrorKind::limit, input_name(job_->input) + ": upscaling it needs at least " +
                                     size_text(rounded) + " of memory, more than the " +
                                     size_text(settings_->memory_budget) +
                                     " allowed; --max-memory raises that"};
}

void UpscaleWork::try_small(const PictureShape& shape) {
  const int threads = settings_->threads;
  const uint64_t share = (room() - beside_) / static_cast<uint64_t>(threads);
  if (threads == 1 || taken_.joining > share || taken_.computing >= share) return;
  UpscaleOptions options = options_;
  options.threads = 1;
  options.memory_limit = share - taken_.computing;
  const auto plan = network_->plan(shape.w, shape.h, options);
  if (!plan.ok() || (*plan)->all_flops() * (options.tta ? 8 : 1) > kSmallFlops) return;
  options_ = options;
  small_ = true;
}

Result<UpscaleWork> UpscaleWork::open(const PictureJob& job, const Networks& networks,
                                      const UpscaleSettings& settings, uint64_t beside) {
  UpscaleWork work(job, networks, settings, beside);
  INK_TRY(work.file_, read_input(job.input, settings.limits.file_bytes));
  INK_TRY(const PictureShape shape, picture_shape(work.file_.bytes, input_name(job.input), settings.limits));
  const Course way = course(shape, networks, settings.target);
  work.network_ = way.network;
  work.size_ = way.size;
  work.options_ = network_options(settings);
  INK_TRY_STATUS(check_writable(output_name(job.output), job.format, way.size.w, way.size.h, shape.channels));
  INK_TRY_STATUS(work.share_memory(shape));
  return work;
}

Status UpscaleWork::decode() {
  INK_TRY(picture_, decode_picture(file_.bytes, input_name(job_->input), settings_->limits));
  file_ = {};
  notices_ = std::move(picture_.notices);
  return {};
}

Status UpscaleWork::upscale(const std::function<bool(double)>& progress) {
  options_.progress = progress;
  const int channels = picture_.channels, w = picture_.w, h = picture_.h;
  fill_transparent(picture_);
  Picture alpha = alpha_plane(picture_);
  picture_ = to_rgb(std::move(picture_));
  PictureMetadata metadata = std::move(picture_.metadata);
  INK_TRY(Picture result, enlarged(picture_, channels, *network_, options_));
  INK_TRY(const std::shared_ptr<const RegionPlan> plan, network_->plan(w, h, options_));
  plan_json_ = ink::cli::plan_json(*plan);
  picture_ = {};

  // The network's memory waits for the next picture, unless there is none or what follows needs the room.
  const uint64_t follows = alone_ ? std::max(taken_.joining, taken_.writing) : taken_.joining + beside_;
  if (beside_ == 0 || (!small_ && follows + networks_->idle_bytes() > room())) networks_->release_idle();
  if (PixelSize{result.w, result.h} != size_) {
    result = resized(result, size_, channels == 4 ? 4 : 3, options_.threads);
  }
  if (has_alpha(channels)) alpha = resized(alpha, size_, 1, options_.threads);
  picture_ = from_rgb(std::move(result), channels, alpha);
  picture_.metadata = std::move(metadata);
  return interrupted() ? Status(interruption()) : Status();
}

Status UpscaleWork::write(int threads) {
  INK_TRY(Output file, Output::create(job_->output));
  const auto sink = [&](std::span<const std::byte> bytes) { return file.write(bytes); };
  INK_TRY(const std::vector<std::string> changes,
          encode_picture(picture_, encode_options(threads), output_name(job_->output), sink));
  INK_TRY_STATUS(file.commit());
  picture_ = {};
  notices_.insert(notices_.end(), changes.begin(), changes.end());
  return {};
}

bool is_complete(const PictureJob& job, const Networks& networks, const UpscaleSettings& settings) {
  if (is_stream(job.input) || is_stream(job.output)) return false;
  std::error_code problem;
  const auto source_time = std::filesystem::last_write_time(job.input, problem);
  if (problem) return false;
  const auto result_time = std::filesystem::last_write_time(job.output, problem);
  if (problem || result_time < source_time) return false;
  const auto shape = [](const std::string& path, const PictureLimits& limits) -> Result<PictureShape> {
    INK_TRY(const FileBytes file, open_file(path, FileAccess::map, limits.file_bytes));
    return picture_shape(file.bytes, path, limits);
  };
  constexpr PictureLimits kOfResults{INT32_MAX, INT64_MAX, UINT64_MAX};
  const Result<PictureShape> source = shape(job.input, settings.limits),
                             result = shape(job.output, kOfResults);
  return source.ok() && result.ok() &&
         course(*source, networks, settings.target).size == PixelSize{result->w, result->h};
}

}  // namespace ink::cli
