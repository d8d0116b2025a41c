#include "apps/cli/upscale_picture.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/interrupt.h"
#include "apps/cli/text.h"
#include "models/image/resample.h"
#include "pictures/channels.h"
#include "pictures/png.h"
#include "weights/atomic_file.h"
#include "weights/file.h"

namespace ink::cli {
namespace {

UpscaleOptions network_options(const UpscaleSettings& settings) {
  UpscaleOptions options;
  options.strength = settings.strength;
  options.tta = settings.tta;
  options.threads = settings.threads;
  options.progress = [&settings](double share) {
    if (settings.progress) settings.progress(share);
    return !interrupted();
  };
  return options;
}

// The most that is held at one time, counted at its two peaks: while the network runs, and while the alpha of
// the result is made.
Status check_memory(const std::string& name, const PictureShape& shape, size_t file_bytes, RealCugan& network,
                    const UpscaleSettings& settings) {
  const auto scale = static_cast<uint64_t>(network.config().scale);
  const uint64_t pixels = static_cast<uint64_t>(shape.w) * static_cast<uint64_t>(shape.h);
  const uint64_t kept = pixels * (has_alpha(shape.channels) ? 4 : 3);
  const uint64_t result = pixels * scale * scale * (shape.channels == 4 ? 4 : 3);
  INK_TRY(const uint64_t network_bytes, network.memory_needed(shape.w, shape.h, network_options(settings)));
  const uint64_t decoding = file_bytes + pixels * static_cast<uint64_t>(shape.channels) + kept;
  const uint64_t joining = has_alpha(shape.channels) ? pixels * scale * (scale + 1) : 0;
  const uint64_t needed =
      settings.memory_base + std::max(decoding, kept + result + std::max(network_bytes, joining));
  if (needed <= settings.memory_budget) return {};
  return Error{ErrorKind::limit, name + ": upscaling it needs " + size_text(needed) +
                                     " of memory, more than the " + size_text(settings.memory_budget) +
                                     " allowed; --max-memory raises that"};
}

Result<Picture> read_picture(const std::string& path, RealCugan& network, const UpscaleSettings& settings) {
  INK_TRY(const FileBytes file, open_file(path, FileAccess::read, settings.limits.file_bytes));
  INK_TRY(const PictureShape shape, png_shape(file.bytes, path, settings.limits));
  INK_TRY_STATUS(check_memory(path, shape, file.bytes.size(), network, settings));
  return decode_png(file.bytes, path, settings.limits);
}

Status write_picture(const Picture& picture, const std::string& path, int level) {
  INK_TRY(AtomicFile file, AtomicFile::create(path));
  INK_TRY_STATUS(encode_png(picture, {level}, [&](std::span<const std::byte> bytes) -> Status {
    if (interrupted()) return interruption();
    return file.write(bytes);
  }));
  if (interrupted()) return interruption();
  return file.commit();
}

}  // namespace

Result<Size> upscale_picture(const PictureJob& job, RealCugan& network, const UpscaleSettings& settings) {
  INK_TRY(Picture picture, read_picture(job.input, network, settings));
  const int channels = picture.channels, scale = network.config().scale, w = picture.w, h = picture.h;
  fill_transparent(picture);
  std::vector<uint8_t> alpha = alpha_plane(picture);
  picture = to_rgb(std::move(picture));
  if (interrupted()) return interruption();

  Picture result{w * scale, h * scale, 3, {}};
  const size_t result_pixels = static_cast<size_t>(result.w) * static_cast<size_t>(result.h);
  result.pixels.reserve(result_pixels * (channels == 4 ? 4 : 3));  // room for the alpha that joins it
  result.pixels.resize(result_pixels * 3);
  INK_TRY_STATUS(
      network.upscale(picture.pixels.data(), w, h, result.pixels.data(), network_options(settings)));
  picture = {};

  if (has_alpha(channels)) {
    std::vector<uint8_t> big(result_pixels);
    resize_bicubic(alpha.data(), w, h, 1, big.data(), result.w, result.h, settings.threads);
    alpha = std::move(big);
  }
  result = from_rgb(std::move(result), channels, alpha);
  INK_TRY_STATUS(write_picture(result, job.output, settings.png_level));
  return Size{result.w, result.h};
}

}  // namespace ink::cli
