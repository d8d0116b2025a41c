#include "tests/pictures/png_builder.h"

#include <zlib.h>

#include <stdexcept>

namespace ink::test {
namespace {

void append_big_endian(Bytes& dst, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) dst.push_back(static_cast<std::byte>(value >> shift));
}

struct Pass {
  int x0, y0, dx, dy;
};

constexpr Pass kWhole[] = {{0, 0, 1, 1}};
constexpr Pass kAdam7[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                           {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};

// Samples packed from the high bit down, a row filled up to whole bytes.
class BitRow {
 public:
  explicit BitRow(int depth) : depth_(depth) {}
  void push(int sample) {
    for (int bit = depth_ - 1; bit >= 0; --bit) {
      if (used_ == 0) bytes_.push_back(std::byte{0});
      if (((sample >> bit) & 1) != 0) bytes_.back() |= static_cast<std::byte>(0x80 >> used_);
      used_ = (used_ + 1) % 8;
    }
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  int depth_, used_ = 0;
  Bytes bytes_;
};

Bytes narrow(const std::vector<int>& values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

}  // namespace

Bytes bytes_of(std::string_view text) {
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes png_signature() { return bytes_of("\x89PNG\r\n\x1a\n"); }

Bytes png_chunk(std::string_view type, const Bytes& body) {
  const Bytes covered = bytes_of(type) + body;
  Bytes chunk;
  append_big_endian(chunk, static_cast<uint32_t>(body.size()));
  chunk = chunk + covered;
  append_big_endian(chunk, static_cast<uint32_t>(
                               crc32_z(0, reinterpret_cast<const Bytef*>(covered.data()), covered.size())));
  return chunk;
}

Bytes png_header(uint32_t w, uint32_t h, int depth, int colour_type, int interlace) {
  Bytes body;
  append_big_endian(body, w);
  append_big_endian(body, h);
  for (const int value : {depth, colour_type, 0, 0, interlace}) body.push_back(static_cast<std::byte>(value));
  return png_chunk("IHDR", body);
}

Bytes deflated(const Bytes& raw) {
  uLongf size = compressBound(static_cast<uLong>(raw.size()));
  Bytes packed(size);
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(raw.data()),
                static_cast<uLong>(raw.size()), 9) != Z_OK) {
    throw std::runtime_error("zlib failed");
  }
  packed.resize(size);
  return packed;
}

int samples_of(int colour_type) {
  constexpr int kSamples[] = {1, 0, 3, 1, 2, 0, 4};
  return kSamples[colour_type];
}

Bytes raw_rows(const RawPng& image) {
  const int samples = samples_of(image.colour_type);
  Bytes rows;
  const auto add_pass = [&](const Pass& pass) {
    for (int y = pass.y0; y < image.h && pass.x0 < image.w; y += pass.dy) {
      BitRow row(image.depth);
      for (int x = pass.x0; x < image.w; x += pass.dx) {
        for (int s = 0; s < samples; ++s) {
          row.push(image.samples[static_cast<size_t>((y * image.w + x) * samples + s)]);
        }
      }
      rows.push_back(std::byte{0});
      rows = std::move(rows) + row.bytes();
    }
  };
  if (image.interlaced) {
    for (const Pass& pass : kAdam7) add_pass(pass);
  } else {
    for (const Pass& pass : kWhole) add_pass(pass);
  }
  return rows;
}

Bytes build_png(const RawPng& image) {
  Bytes file = png_signature() + png_header(static_cast<uint32_t>(image.w), static_cast<uint32_t>(image.h),
                                            image.depth, image.colour_type, image.interlaced ? 1 : 0);
  if (!image.palette.empty()) file = std::move(file) + png_chunk("PLTE", narrow(image.palette));
  if (!image.transparency.empty()) file = std::move(file) + png_chunk("tRNS", narrow(image.transparency));
  return std::move(file) + png_chunk("IDAT", deflated(raw_rows(image))) + png_chunk("IEND", {});
}

}  // namespace ink::test
