#include "weights/zip.h"

#include <zlib.h>

#include <algorithm>

#include "weights/crc32.h"
#include "weights/message.h"
#include "weights/zip_directory.h"

namespace ink {

namespace {

// Whether `data` is one deflate stream that makes exactly as many bytes as dst has.
bool inflate_exactly(std::span<const std::byte> data, std::span<std::byte> dst) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  Bytef empty = 0;  // zlib wants a place even for no bytes
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
  stream.next_out = dst.empty() ? &empty : reinterpret_cast<Bytef*>(dst.data());
  // zlib counts what is available in 32 bits.
  constexpr size_t kPiece = size_t{1} << 30;
  size_t in_left = data.size(), out_left = dst.size();
  int result = Z_OK;
  while (result == Z_OK) {
    const size_t in = std::min(in_left, kPiece), out = std::min(out_left, kPiece);
    stream.avail_in = static_cast<uInt>(in);
    stream.avail_out = static_cast<uInt>(out);
    result = inflate(&stream, Z_NO_FLUSH);
    in_left -= in - stream.avail_in;
    out_left -= out - stream.avail_out;
  }
  const bool exact = result == Z_STREAM_END && in_left == 0 && out_left == 0;
  inflateEnd(&stream);
  return exact;
}

}  // namespace

std::string member_origin(std::string_view origin, const ZipMember& member) {
  return concat(origin, ", member ", quote(member.name));
}

Result<ZipReader> ZipReader::open(std::span<const std::byte> archive, const std::string& origin,
                                  const ModelLimits& limits) {
  ZipReader reader;
  reader.origin_ = origin;
  INK_TRY(reader.members_, read_zip_directory(archive, origin, limits));
  return reader;
}

const ZipMember* ZipReader::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(members_, name, {}, &ZipMember::name);
  return found != members_.end() && found->name == name ? &*found : nullptr;
}

Status ZipReader::check_bytes(const ZipMember& member, std::span<const std::byte> bytes) const {
  const uint32_t crc = crc32_of(bytes);
  if (crc == member.crc) return {};
  return model_error(origin_, ": member ", quote(member.name), " at offset ", member.offset,
                     " has the checksum ", hex32(crc), ", the directory says ", hex32(member.crc));
}

Status ZipReader::check_stored(const ZipMember& member) const {
  INK_CHECK(!member.deflated);
  return check_bytes(member, member.data);
}

Result<std::vector<std::byte>> ZipReader::read(const ZipMember& member) const {
  std::vector<std::byte> bytes;
  if (member.deflated) {
    bytes.resize(static_cast<size_t>(member.size));
    if (!inflate_exactly(member.data, bytes)) {
      return model_error(origin_, ": member ", quote(member.name), " at offset ", member.offset,
                         " does not unpack to its ", member.size, " bytes");
    }
  } else {
    bytes.assign(member.data.begin(), member.data.end());
  }
  INK_TRY_STATUS(check_bytes(member, bytes));
  return bytes;
}

}  // namespace ink
