#include "converters/sources/hdf5/filters.h"

#include <zlib.h>

#include <algorithm>

#include "converters/sources/hdf5/checksum.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kWhat = "a filter message";

std::string filter_name(uint64_t id) {
  switch (id) {
    case 4: return "szip";
    case 5: return "n-bit";
    case 6: return "scale-offset";
    case 32000: return "lzf";
    case 32001: return "blosc";
    case 32004: return "lz4";
    case 32015: return "zstd";
    default: return concat("number ", id);
  }
}

bool inflate_exactly(std::span<const std::byte> src, std::vector<std::byte>& dst) {
  z_stream stream = {};
  if (inflateInit(&stream) != Z_OK) return false;
  Bytef empty = 0;  // zlib wants a place even for no bytes
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(src.data()));
  stream.avail_in = static_cast<uInt>(src.size());
  stream.next_out = dst.empty() ? &empty : reinterpret_cast<Bytef*>(dst.data());
  stream.avail_out = static_cast<uInt>(dst.size());
  const int result = inflate(&stream, Z_FINISH);
  const bool exact = result == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  return exact;
}

// The first bytes of all elements stand first, then the second ones; what does not fill an element is last.
void unshuffle(std::span<const std::byte> src, size_t element, std::span<std::byte> dst) {
  const size_t count = src.size() / element;
  for (size_t b = 0; b < element; ++b) {
    for (size_t i = 0; i < count; ++i) dst[i * element + b] = src[b * count + i];
  }
  std::ranges::copy(src.subspan(count * element), dst.begin() + static_cast<ptrdiff_t>(count * element));
}

}  // namespace

Result<std::vector<Filter>> read_filters(const Space& space, const Message& message, uint64_t element_bytes) {
  ByteReader reader = message.reader(space);
  INK_TRY(const uint64_t version, number(reader, 1, kWhat));
  INK_TRY(const uint64_t count, number(reader, 1, kWhat));
  if (version != 1 && version != 2) {
    return model_error(space.origin(), ": ", kWhat, " at offset ", message.offset, " has the version ",
                       version, ", supported: 1 and 2");
  }
  if (version == 1) INK_TRY_STATUS(reader.bytes(6, kWhat).status());
  constexpr uint64_t kOwn = 256;  // below it a filter of version 2 has no name
  std::vector<Filter> filters;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t offset = reader.offset();
    INK_TRY(const uint64_t id, number(reader, 2, kWhat));
    uint64_t name_bytes = 0;
    if (version == 1 || id >= kOwn) {
      INK_TRY(name_bytes, number(reader, 2, kWhat));
    }
    INK_TRY_STATUS(reader.bytes(2, kWhat).status());  // whether it may be left out
    INK_TRY(const uint64_t values, number(reader, 2, kWhat));
    INK_TRY_STATUS(reader.bytes(version == 1 ? (name_bytes + 7) / 8 * 8 : name_bytes, kWhat).status());
    INK_TRY(const std::span<const std::byte> raw, reader.bytes(4 * values, kWhat));
    if (version == 1 && values % 2 == 1) INK_TRY_STATUS(reader.bytes(4, kWhat).status());
    if (id < 1 || id > 3) {
      return model_error(space.origin(), ": the filter at offset ", offset, " is ", filter_name(id),
                         ", supported: deflate, shuffle and fletcher32");
    }
    const Filter filter{static_cast<Filter::Kind>(id)};
    const uint64_t shuffled = values > 0 ? number(raw, 0, 4) : 0;
    if (filter.kind == Filter::Kind::shuffle && shuffled != element_bytes) {
      return model_error(space.origin(), ": the filter at offset ", offset, " shuffles elements of ",
                         shuffled, " bytes, the data have elements of ", element_bytes);
    }
    if (std::ranges::find(filters, filter.kind, &Filter::kind) != filters.end()) {
      return model_error(space.origin(), ": the filter at offset ", offset, " is there twice");
    }
    filters.push_back(filter);
  }
  INK_TRY_STATUS(expect_end(reader, kWhat));
  return filters;
}

bool unpack(std::span<const std::byte> stored, std::span<const Filter> filters, uint32_t skipped,
            size_t element, size_t size, std::vector<std::byte>& dst) {
  std::vector<std::byte> packed;
  std::span<const std::byte> now = stored;
  for (size_t i = filters.size(); i-- > 0;) {
    if (skipped >> i & 1) continue;
    if (filters[i].kind == Filter::Kind::fletcher32) {
      if (now.size() < 4) return false;
      const std::span<const std::byte> data = now.first(now.size() - 4);
      if (fletcher32(data) != number(now, data.size(), 4)) return false;
      now = data;
      continue;
    }
    if (filters[i].kind == Filter::Kind::shuffle) {
      dst.resize(now.size());
      unshuffle(now, element, dst);
    } else {
      size_t expected = size;
      for (size_t before = 0; before < i; ++before) {
        const bool sums = filters[before].kind == Filter::Kind::fletcher32 && !(skipped >> before & 1);
        if (sums) expected += 4;
      }
      if (expected / kDeflateRatio > now.size()) return false;
      dst.resize(expected);
      if (!inflate_exactly(now, dst)) return false;
    }
    packed.swap(dst);
    now = std::span(packed).first(packed.size());
  }
  if (now.size() != size) return false;
  if (now.data() == packed.data() && packed.size() == size) {
    dst = std::move(packed);
  } else {
    dst.assign(now.begin(), now.end());
  }
  return true;
}

}  // namespace ink::hdf5
