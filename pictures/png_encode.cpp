#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>
#include <vector>

#include "kernels/base/check.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "pictures/deflate_block.h"
#include "pictures/png.h"
#include "pictures/png_filter.h"

namespace ink {
namespace {

constexpr size_t kChunkHead = 8, kChunkSum = 4, kAdlerBytes = 4;

// Of filtered bytes that are compressed at a time: small enough for every thread to have some in a small
// picture; twice as much saves 0.1 %. And how many of them are held for each thread before the sink gets
// them.
constexpr size_t kBlockBytes = 256 << 10, kBlocksPerWorker = 2;

void put(std::byte* dst, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) dst[i] = static_cast<std::byte>(value >> (24 - 8 * i));
}

// Fills in length, type and CRC round a body that already lies at chunk + 8.
void close_chunk(std::byte* chunk, std::string_view type, size_t body_bytes) {
  put(chunk, static_cast<uint32_t>(body_bytes));
  std::memcpy(chunk + 4, type.data(), 4);
  put(chunk + kChunkHead + body_bytes, libdeflate_crc32(0, chunk + 4, body_bytes + 4));
}

Status write_chunk(ByteSink sink, std::string_view type, std::initializer_list<ByteSpan> body) {
  std::vector<std::byte> chunk(kChunkHead);
  for (const ByteSpan part : body) chunk.insert(chunk.end(), part.begin(), part.end());
  const size_t bytes = chunk.size() - kChunkHead;
  chunk.resize(chunk.size() + kChunkSum);
  close_chunk(chunk.data(), type, bytes);
  return sink(chunk);
}

Status write_header(const Picture& picture, const MetadataBlocks& blocks, ByteSink sink) {
  constexpr std::byte kColourTypes[] = {std::byte{0}, std::byte{4}, std::byte{2}, std::byte{6}};
  std::byte header[13]{};
  put(header, static_cast<uint32_t>(picture.w));
  put(header + 4, static_cast<uint32_t>(picture.h));
  header[8] = static_cast<std::byte>(picture.depth);
  header[9] = kColourTypes[picture.channels - 1];
  INK_TRY_STATUS(sink(as_bytes("\x89PNG\r\n\x1a\n")));
  INK_TRY_STATUS(write_chunk(sink, "IHDR", {header}));
  if (!blocks.icc.empty()) {
    INK_TRY_STATUS(write_chunk(sink, "iCCP", {as_bytes({"ICC profile\0\0", 13}), zlib_block(blocks.icc)}));
  }
  if (!blocks.exif.empty()) INK_TRY_STATUS(write_chunk(sink, "eXIf", {blocks.exif}));
  if (!blocks.xmp.empty()) {
    INK_TRY_STATUS(write_chunk(sink, "iTXt", {as_bytes({"XML:com.adobe.xmp\0\0\0\0\0", 22}), blocks.xmp}));
  }
  return {};
}

// What one worker needs to filter and compress a block of rows; its results do not depend on earlier blocks.
class BlockWriter {
 public:
  BlockWriter(const Picture& picture, size_t block_rows, int level)
      : picture_(picture),
        pixel_bytes_(static_cast<size_t>(picture.channels) * static_cast<size_t>(picture.depth / 8)),
        row_bytes_(static_cast<size_t>(picture.w) * pixel_bytes_),
        stored_(level == 0),
        filter_(row_bytes_, pixel_bytes_),
        deflate_(block_rows * (row_bytes_ + 1), level),
        filtered_(block_rows * (row_bytes_ + 1)) {
    if (picture.depth == 16) swapped_.resize(2 * row_bytes_);
  }

  size_t bound() const { return deflate_.bound(filtered_.size()); }

  // Compresses rows [begin, end) into dst; gives the size and, in adler, the checksum of what was compressed.
  size_t write(size_t begin, size_t end, bool last, std::byte* dst, uint32_t& adler) {
    for (size_t y = begin; y < end; ++y) {
      uint8_t* to = filtered_.data() + (y - begin) * (row_bytes_ + 1);
      if (stored_) {
        to[0] = 0;
        std::memcpy(to + 1, row(y), row_bytes_);
      } else {
        filter_.filter(row(y), y == 0 ? nullptr : row(y - 1), to);
      }
    }
    const ByteSpan raw = std::as_bytes(std::span(filtered_)).first((end - begin) * (row_bytes_ + 1));
    adler = libdeflate_adler32(1, raw.data(), raw.size());
    return deflate_.compress(raw, last, dst);
  }

 private:
  // Row y with its samples as the file has them; stays until the row after the next is asked for.
  const uint8_t* row(size_t y) {
    if (picture_.depth == 8) return picture_.pixels.data() + y * row_bytes_;
    uint8_t* place = swapped_.data() + (y % 2) * row_bytes_;
    const uint16_t* samples = picture_.pixels16.data() + y * (row_bytes_ / 2);
    for (size_t i = 0; i < row_bytes_ / 2; ++i) {
      place[2 * i] = static_cast<uint8_t>(samples[i] >> 8);
      place[2 * i + 1] = static_cast<uint8_t>(samples[i] & 0xff);
    }
    return place;
  }

  const Picture& picture_;
  size_t pixel_bytes_, row_bytes_;
  bool stored_;
  PngFilter filter_;
  DeflateBlocks deflate_;
  std::vector<uint8_t> filtered_, swapped_;
};

// One block as it stands in the file: a chunk, with room for what begins and what ends the zlib stream.
struct Block {
  std::vector<std::byte> chunk;
  size_t bytes = 0;  // of the body
  uint32_t adler = 1;
};

constexpr std::byte kZlibHeader[] = {std::byte{0x78}, std::byte{0x9c}};

class PixelWriter {
 public:
  PixelWriter(const Picture& picture, const PngOptions& options)
      : h_(static_cast<size_t>(picture.h)),
        row_bytes_(sample_count(picture) / h_ * static_cast<size_t>(picture.depth / 8) + 1),
        block_rows_(std::clamp<size_t>(kBlockBytes / row_bytes_, 1, h_)),
        count_(divide_up(h_, block_rows_)) {
    const size_t workers = std::min(static_cast<size_t>(std::max(options.threads, 1)), count_);
    for (size_t i = 0; i < workers; ++i) writers_.emplace_back(picture, block_rows_, options.level);
    blocks_.resize(std::min(count_, workers * kBlocksPerWorker));
    for (Block& block : blocks_) {
      block.chunk.resize(kChunkHead + sizeof kZlibHeader + writers_[0].bound() + kAdlerBytes + kChunkSum);
    }
  }

  Status write(ByteSink sink) {
    for (size_t first = 0; first < count_; first += blocks_.size()) {
      const size_t batch = std::min(blocks_.size(), count_ - first);
      parallel_for(static_cast<int64_t>(batch), static_cast<int>(writers_.size()),
                   [&](int64_t task, int worker) {
                     fill(first + static_cast<size_t>(task), blocks_[static_cast<size_t>(task)],
                          writers_[static_cast<size_t>(worker)]);
                   });
      for (size_t i = 0; i < batch; ++i) INK_TRY_STATUS(pass_on(first + i, blocks_[i], sink));
    }
    return {};
  }

 private:
  size_t rows_before(size_t block) const { return std::min(block * block_rows_, h_); }

  void fill(size_t index, Block& block, BlockWriter& writer) {
    std::byte* body = block.chunk.data() + kChunkHead;
    const size_t head = index == 0 ? sizeof kZlibHeader : 0;
    std::copy_n(kZlibHeader, head, body);
    const bool last = index + 1 == count_;
    block.bytes =
        head + writer.write(rows_before(index), rows_before(index + 1), last, body + head, block.adler);
    if (!last) close_chunk(block.chunk.data(), "IDAT", block.bytes);
  }

  Status pass_on(size_t index, Block& block, ByteSink sink) {
    const size_t raw_bytes = (rows_before(index + 1) - rows_before(index)) * row_bytes_;
    adler_ = adler32_combine(adler_, block.adler, static_cast<z_off_t>(raw_bytes));
    if (index + 1 == count_) {
      put(block.chunk.data() + kChunkHead + block.bytes, static_cast<uint32_t>(adler_));
      block.bytes += kAdlerBytes;
      close_chunk(block.chunk.data(), "IDAT", block.bytes);
    }
    return sink(ByteSpan(block.chunk).first(kChunkHead + block.bytes + kChunkSum));
  }

  size_t h_, row_bytes_, block_rows_, count_;
  std::vector<BlockWriter> writers_;
  std::vector<Block> blocks_;
  uLong adler_ = 1;
};

}  // namespace

uint64_t png_encoding_bytes(int w, int channels, int depth, const PngOptions& options) {
  constexpr uint64_t kCompressor = 1 << 20, kNearOptimalCompressor = 9 << 20;  // measured
  const uint64_t row =
      static_cast<uint64_t>(w) * static_cast<uint64_t>(channels) * static_cast<uint64_t>(depth / 8);
  const uint64_t block = std::max<uint64_t>(kBlockBytes, row + 1) * 5 / 4;
  const uint64_t worker =
      (kBlocksPerWorker + 3) * block + 4 * row + (options.level >= 8 ? kNearOptimalCompressor : kCompressor);
  return static_cast<uint64_t>(std::max(options.threads, 1)) * worker;
}

Status encode_png(const Picture& picture, const MetadataBlocks& blocks, const PngOptions& options,
                  ByteSink sink) {
  INK_CHECK(picture.w > 0 && picture.h > 0 && picture.channels >= 1 && picture.channels <= 4);
  INK_CHECK(options.level >= 0 && options.level <= 9);
  visit_samples(picture, [&](const auto& samples) { INK_CHECK(samples.size() == sample_count(picture)); });
  INK_TRY_STATUS(write_header(picture, blocks, sink));
  INK_TRY_STATUS(PixelWriter(picture, options).write(sink));
  return write_chunk(sink, "IEND", {});
}

}  // namespace ink
