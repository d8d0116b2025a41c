#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "api/guard.h"
#include "api/handle.h"
#include "api/image.h"
#include "api/inkstone.h"
#include "api/versioned.h"
#include "kernels/base/parallel.h"
#include "models/image/resample.h"
#include "pictures/channels.h"

namespace ink::api {
namespace {

constexpr int kMostThreads = 1024, kLeastTile = 32;

Result<UpscaleOptions> upscale_options(const ink_upscale_options& asked) {
  if (asked.threads < 0 || asked.threads > kMostThreads) {
    return invalid("threads is " + std::to_string(asked.threads) + ", expected 0 to " +
                   std::to_string(kMostThreads));
  }
  if (asked.tile != 0 && asked.tile < kLeastTile) {
    return invalid("tile is " + std::to_string(asked.tile) + ", expected 0 or at least " +
                   std::to_string(kLeastTile));
  }
  if (asked.tta < 0 || asked.tta > 1)
    return invalid("tta is " + std::to_string(asked.tta) + ", expected 0 or 1");
  UpscaleOptions options;
  options.threads = asked.threads == 0 ? default_threads() : asked.threads;
  options.region = asked.tile;
  options.tta = asked.tta == 1;
  if (asked.strength != 0) options.strength = asked.strength;
  if (!(options.strength >= kMinStrength && options.strength <= kMaxStrength))
    return invalid("strength is " + std::to_string(options.strength) + ", expected 0.75 to 1.3");
  if (asked.spill_folder != nullptr) options.spill_folder = asked.spill_folder;
  return options;
}

// What a call holds beside the network's memory and the caller's images.
struct Footprint {
  uint64_t before = 0;  // at most, until the network runs
  uint64_t beside = 0;  // while it runs
  uint64_t after = 0;   // at most, when it has run

  uint64_t most() const { return std::max(before, after); }
};

// Whether the network can read or write an image where it lies.
bool direct(const Image& image) { return image.channels == 3 && image.gapless(); }

Footprint footprint(const Image& src, bool src_direct, bool dst_direct, int scale) {
  const uint64_t pixels = src.pixels(), sample = static_cast<uint64_t>(src.depth / 8);
  const auto factor = static_cast<uint64_t>(scale), channels = static_cast<uint64_t>(src.channels);
  const uint64_t big = pixels * factor * factor;
  const bool alpha = has_alpha(src.channels);
  const uint64_t copy = src_direct ? 0 : pixels * 3 * sample + (alpha ? pixels * sample : 0);
  const uint64_t result = dst_direct ? 0 : big * (src.channels == 4 ? 4 : 3) * sample;
  Footprint taken;
  // Filling what is transparent marks each pixel and lists those of two rings.
  taken.before = std::max(copy, src_direct ? 0 : pixels * (channels + 3) * sample) +
                 (alpha ? pixels * (1 + 2 * sizeof(size_t)) : 0);
  taken.beside = copy + result;
  taken.after = result + (alpha ? (pixels + pixels * factor + big) * sample : 0);
  return taken;
}

template <class Sample>
std::vector<Sample>& samples_of(Picture& picture) {
  if constexpr (sizeof(Sample) == 1) {
    return picture.pixels;
  } else {
    return picture.pixels16;
  }
}

// One picture on its way through a network.
class Upscaling {
 public:
  Upscaling(RealCugan& network, const Image& src, uint64_t memory_limit, UpscaleOptions options)
      : network_(network),
        src_(src),
        limit_(memory_limit == 0 ? UINT64_MAX : memory_limit),
        options_(std::move(options)) {}

  // `memory` gets what it takes.
  Status plan(bool src_direct, bool dst_direct, ink_memory& memory) {
    const PictureLimits limits;
    if (src_.w > limits.side || src_.h > limits.side ||
        src_.pixels() > static_cast<uint64_t>(limits.pixels)) {
      return Error{ErrorKind::limit, "src is " + std::to_string(src_.w) + "x" + std::to_string(src_.h) +
                                         ", but at most " + std::to_string(limits.side) +
                                         " pixels a side and " + std::to_string(limits.pixels) +
                                         " in all are taken"};
    }
    taken_ = footprint(src_, src_direct, dst_direct, network_.config().scale);
    options_.memory_limit = limit_ - std::min(limit_, taken_.beside);
    if (taken_.most() <= limit_ && taken_.beside < limit_) {
      const auto plan = network_.plan(src_.w, src_.h, options_);
      if (!plan.ok() && plan.error().kind != ErrorKind::limit) return plan.error();
      if (plan.ok()) {
        memory.bytes = std::max(taken_.most(), taken_.beside + (*plan)->memory_bytes() + sum_bytes());
        memory.spill_bytes = (*plan)->spill_bytes;
        return {};
      }
    }
    INK_TRY_STATUS(least(memory));
    return Error{ErrorKind::limit, "this picture needs a memory_limit of at least " +
                                       std::to_string(memory.least_bytes) + " bytes, found " +
                                       std::to_string(limit_)};
  }

  Status least(ink_memory& memory) {
    INK_TRY(const uint64_t network, network_.least_memory(src_.w, src_.h, options_));
    memory.least_bytes = std::max(taken_.most(), taken_.beside + network);
    return {};
  }

  template <class Sample>
  Status run(const Image& dst) {
    ink_memory memory = {};
    INK_TRY_STATUS(plan(direct(src_), direct(dst), memory));
    make_room(taken_.before);
    Picture picture, alpha;
    if (!direct(src_)) {
      picture = read_image(src_);
      fill_transparent(picture);
      alpha = alpha_plane(picture);
      picture = to_rgb(std::move(picture));
      samples_of<Sample>(picture).shrink_to_fit();
    }
    const auto* from =
        direct(src_) ? reinterpret_cast<const Sample*>(src_.data) : samples_of<Sample>(picture).data();
    if (direct(dst))
      return network_.upscale(from, src_.w, src_.h, reinterpret_cast<Sample*>(dst.data), options_);
    Picture result{dst.w, dst.h, 3, {}, dst.depth};
    auto& samples = samples_of<Sample>(result);
    samples.reserve(pixel_count(result) * (dst.channels == 4 ? 4 : 3));  // room for the alpha that joins it
    samples.resize(sample_count(result));
    INK_TRY_STATUS(network_.upscale(from, src_.w, src_.h, samples.data(), options_));
    picture = {};
    make_room(taken_.after);
    if (has_alpha(dst.channels)) {
      Picture big{dst.w, dst.h, 1, {}, dst.depth};
      samples_of<Sample>(big).resize(pixel_count(result));
      resize_bicubic(samples_of<Sample>(alpha).data(), src_.w, src_.h, 1, samples_of<Sample>(big).data(),
                     dst.w, dst.h, options_.threads);
      alpha = std::move(big);
    }
    write_image(from_rgb(std::move(result), dst.channels, alpha), dst);
    return {};
  }

 private:
  // Of the mean over all orientations.
  uint64_t sum_bytes() const {
    const auto scale = static_cast<uint64_t>(network_.config().scale);
    return options_.tta ? src_.pixels() * 3 * scale * scale * sizeof(float) : 0;
  }

  void make_room(uint64_t others) {
    if (others > limit_ || network_.idle_bytes() > limit_ - others) network_.release_idle();
  }

  RealCugan& network_;
  Image src_;
  uint64_t limit_;
  UpscaleOptions options_;
  Footprint taken_;
};

// Calls back with the host's floating-point mode.
std::function<bool(double)> progress_of(const ink_upscale_options& asked, const DefaultFloats& floats) {
  if (asked.progress == nullptr && asked.cancelled == nullptr) return {};
  return [&asked, &floats](double done) {
    const HostFloats host(floats);
    if (asked.progress != nullptr) asked.progress(done, asked.user);
    return asked.cancelled == nullptr || asked.cancelled(asked.user) == 0;
  };
}

}  // namespace
}  // namespace ink::api

ink_status ink_upscale(ink_model* model, const ink_image* src, const ink_image* dst,
                       const ink_upscale_options* options, ink_error* error) {
  using namespace ink;
  using namespace ink::api;
  if (!alive(model)) return report_handle(error);
  return guarded(error, [&](const DefaultFloats& floats) -> Status {
    INK_TRY(const ink_upscale_options asked,
            read_versioned(options, kFirstUpscaleOptions, "ink_upscale_options"));
    INK_TRY(UpscaleOptions ours, upscale_options(asked));
    INK_TRY(const Image from, check_image(src, "src"));
    INK_TRY(const Image to, check_image(dst, "dst"));
    INK_TRY_STATUS(check_pair(from, to, model->network->config().scale));
    ours.progress = progress_of(asked, floats);
    Upscaling upscaling(*model->network, from, asked.memory_limit, std::move(ours));
    return from.depth == 16 ? upscaling.run<uint16_t>(to) : upscaling.run<uint8_t>(to);
  });
}

ink_status ink_upscale_memory(ink_model* model, const ink_image* src, const ink_upscale_options* options,
                              ink_memory* memory, ink_error* error) {
  using namespace ink;
  using namespace ink::api;
  if (!alive(model)) return report_handle(error);
  return guarded(error, [&]() -> Status {
    INK_TRY_STATUS(check_versioned(memory, kFirstMemory, "ink_memory"));
    INK_TRY(const ink_upscale_options asked,
            read_versioned(options, kFirstUpscaleOptions, "ink_upscale_options"));
    INK_TRY(UpscaleOptions ours, upscale_options(asked));
    INK_TRY(const Image from, check_shape(src, "src"));
    Upscaling upscaling(*model->network, from, asked.memory_limit, std::move(ours));
    ink_memory known = {};
    // Rows with gaps may need copies: counted here, as strides are not known.
    const Status status = upscaling.plan(false, false, known);
    if (status.ok()) INK_TRY_STATUS(upscaling.least(known));
    if (status.ok() || status.error().kind == ErrorKind::limit) write_versioned(known, memory);
    return status;
  });
}
