#include "tests/fuzz/picture_target.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "pictures/channels.h"
#include "pictures/codec.h"
#include "pictures/original.h"

namespace ink::fuzz {
namespace {

constexpr PictureFormat kFormats[] = {PictureFormat::png, PictureFormat::jpeg, PictureFormat::webp};

void check(bool condition) {
  if (!condition) std::abort();
}

size_t samples(const Picture& picture) { return picture.pixels.size() + picture.pixels16.size(); }

void check_round_trip(const Picture& picture, PictureFormat format) {
  if (!check_writable("fuzz", format, picture.w, picture.h, picture.channels).ok()) return;
  EncodeOptions options;
  options.format = format;
  options.lossless = true;
  options.png_level = 1;
  std::vector<std::byte> file;
  const auto written = encode_picture(picture, options, "fuzz", [&](ByteSpan bytes) {
    file.insert(file.end(), bytes.begin(), bytes.end());
    return Status();
  });
  check(written.ok());
  const auto again = decode_picture(file, "fuzz", {});
  check(again.ok() && again->w == picture.w && again->h == picture.h);
  if (format == PictureFormat::png) {
    check(again->pixels == picture.pixels && again->pixels16 == picture.pixels16);
    check(again->metadata.icc == picture.metadata.icc);
  }
  // Nothing is turned a second time.
  check(again->metadata.orientation == 1);
}

// As another program decodes it: refused or taken as decode_picture does, but for palette indices.
void check_original(ByteSpan file, bool decoded) {
  for (const auto decoder :
       {PictureDecoder::pillow, PictureDecoder::tensorflow, PictureDecoder::torchvision}) {
    const auto original = decode_original(file, "fuzz", decoder, kPictureLimits);
    if (!original.ok()) {
      check(!decoded);
      continue;
    }
    const size_t pixels = static_cast<size_t>(original->w) * static_cast<size_t>(original->h);
    const auto channels = static_cast<size_t>(mode_channels(original->mode));
    check(original->samples.size() + original->samples16.size() == pixels * channels);
    check(original->mode != PixelMode::palette || original->palette.size() == kPaletteColours * 4);
  }
}

}  // namespace

int fuzz_picture(const uint8_t* data, size_t size) {
  const auto bytes = bytes_of(data, size);
  const auto shape = picture_shape(bytes, "fuzz", kPictureLimits);
  auto picture = decode_picture(bytes, "fuzz", kPictureLimits);
  check_original(bytes, picture.ok());
  if (!shape.ok()) {
    check(!picture.ok() && picture.error().message == shape.error().message);
    return 0;
  }
  if (!picture.ok()) return 1;
  check(picture->w == shape->w && picture->h == shape->h && picture->channels == shape->channels &&
        picture->depth == shape->depth);
  check(samples(*picture) == sample_count(*picture));
  uint64_t sum = 0;
  for (size_t i = 0; i < size; ++i) sum = sum * 31 + data[i];
  if (sum % 32 == 0) {
    for (const PictureFormat format : kFormats) check_round_trip(*picture, format);
    const int channels = picture->channels;
    const Picture alpha = alpha_plane(*picture);
    const size_t before = samples(*picture);
    fill_transparent(*picture);
    check(samples(from_rgb(to_rgb(std::move(*picture)), channels, alpha)) == before);
  }
  return 1;
}

std::vector<Input> golden_inputs(const std::vector<std::string>& names) {
  std::vector<Input> inputs;
  for (const std::string& name : names) {
    std::ifstream stream(std::string(INK_GOLDENS_DIR) + "/pictures/" + name, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void mutate_parts(std::vector<Part>& parts, Random& random) {
  if (parts.empty()) return;
  const size_t at = random.below(parts.size());
  const auto place = parts.begin() + static_cast<std::ptrdiff_t>(at);
  switch (random.below(12)) {
    case 0: parts.erase(place); break;
    case 1: {
      const Part copy = *place;
      parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(random.below(parts.size() + 1)), copy);
      break;
    }
    case 2: std::swap(*place, parts[random.below(parts.size())]); break;
    case 3: place->body = parts[random.below(parts.size())].body; break;
    default: mutate_bytes(place->body, random, 0, place->body.size()); break;
  }
}

}  // namespace ink::fuzz
