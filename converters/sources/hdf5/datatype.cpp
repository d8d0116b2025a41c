#include "converters/sources/hdf5/datatype.h"

#include <array>

#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kType = "a datatype";
constexpr std::string_view kSpace = "a dataspace";
constexpr std::array<std::string_view, 12> kClasses = {
    "integer",      "float",    "time",      "text", "bit field",
    "opaque bytes", "compound", "reference", "enum", "variable-length data",
    "array",        "complex"};
enum Class : uint64_t { kInteger = 0, kFloat = 1, kText = 3, kVariable = 9 };
constexpr uint64_t kBigEndian = 1;

struct Head {
  uint64_t type = 0, version = 0, bits = 0, size = 0, offset = 0;
};

Result<Head> read_head(ByteReader& reader) {
  Head head;
  head.offset = reader.offset();
  INK_TRY(const uint64_t first, number(reader, 1, kType));
  head.type = first & 15;
  head.version = first >> 4;
  INK_TRY(head.bits, number(reader, 3, kType));
  INK_TRY(head.size, number(reader, 4, kType));
  if (head.version < 1 || head.version > 4 || head.type >= kClasses.size()) {
    return model_error(reader.file(), ": ", kType, " at offset ", head.offset, " has class ", head.type,
                       " and version ", head.version, ", which are unknown");
  }
  if (head.size == 0) {
    return model_error(reader.file(), ": ", kType, " at offset ", head.offset, " has elements of 0 bytes");
  }
  return head;
}

Error bad_bits(const ByteReader& reader, const Head& head) {
  return model_error(reader.file(), ": ", kType, " at offset ", head.offset, " of class ",
                     kClasses[head.type], " has fields that contradict each other or are unknown");
}

Status read_integer(ByteReader& reader, const Head& head, Datatype& type) {
  INK_TRY(const uint64_t bit_offset, number(reader, 2, kType));
  INK_TRY(const uint64_t precision, number(reader, 2, kType));
  const bool is_signed = head.bits & 8;
  if ((head.bits & ~uint64_t{9}) != 0 || bit_offset != 0 || precision != head.size * 8) {
    return bad_bits(reader, head);
  }
  const bool turned = head.size > 1 && (head.bits & kBigEndian);
  type.name = concat(turned ? "big-endian " : "", is_signed ? "integers" : "unsigned integers", " of ",
                     head.size, " bytes");
  if (turned) return {};
  if (head.size == 1) type.dtype = is_signed ? DType::i8 : DType::u8;
  if (is_signed && head.size == 2) type.dtype = DType::i16;
  if (is_signed && head.size == 4) type.dtype = DType::i32;
  if (is_signed && head.size == 8) type.dtype = DType::i64;
  if (type.dtype) type.kind = Datatype::Kind::number;
  return {};
}

// The four formats of IEEE 754 and its relatives that a tensor may have; all have an implied leading bit and
// the sign on top.
struct FloatFormat {
  DType dtype;
  uint64_t size, exponent_bits, mantissa_bits, bias;
};
constexpr std::array<FloatFormat, 4> kFloats = {{{DType::f16, 2, 5, 10, 15},
                                                 {DType::bf16, 2, 8, 7, 127},
                                                 {DType::f32, 4, 8, 23, 127},
                                                 {DType::f64, 8, 11, 52, 1023}}};

Status read_float(ByteReader& reader, const Head& head, Datatype& type) {
  INK_TRY(const std::span<const std::byte> raw, reader.bytes(12, kType));
  const uint64_t sign = head.bits >> 8 & 0xff;
  constexpr uint64_t kImpliedBit = 0x20;
  const bool turned = head.bits & kBigEndian;
  type.name = concat(turned ? "big-endian " : "", "floats of ", head.size, " bytes");
  for (const FloatFormat& format : kFloats) {
    const bool same = head.size == format.size && sign == 8 * format.size - 1 && number(raw, 0, 2) == 0 &&
                      number(raw, 2, 2) == 8 * format.size && number(raw, 4, 1) == format.mantissa_bits &&
                      number(raw, 5, 1) == format.exponent_bits && number(raw, 6, 1) == 0 &&
                      number(raw, 7, 1) == format.mantissa_bits && number(raw, 8, 4) == format.bias;
    if (!same) continue;
    if ((head.bits & 0xff00ff & ~kBigEndian) != kImpliedBit) return bad_bits(reader, head);
    if (turned) return {};
    type.kind = Datatype::Kind::number;
    type.dtype = format.dtype;
    return {};
  }
  return {};
}

Status read_text(const ByteReader& reader, const Head& head, Datatype& type) {
  const uint64_t padding = head.bits & 15, charset = head.bits >> 4;
  if (padding > 2 || charset > 1) return bad_bits(reader, head);
  type.kind = Datatype::Kind::text;
  type.space_padded = padding == 2;
  type.name = "text";
  return {};
}

Status read_variable(ByteReader& reader, const Head& head, Datatype& type) {
  const uint64_t kind = head.bits & 15, padding = head.bits >> 4 & 15, charset = head.bits >> 8;
  if (kind > 1 || padding > 2 || charset > 1 || head.size != 16) return bad_bits(reader, head);
  if (kind == 0) return {};
  INK_TRY(const Head base, read_head(reader));
  if (base.size != 1 || (base.type != kText && base.type != kInteger)) return bad_bits(reader, base);
  if (base.type == kInteger) INK_TRY_STATUS(number(reader, 4, kType).status());
  type.kind = Datatype::Kind::text_in_heap;
  type.name = "text";
  return {};
}

}  // namespace

Result<Datatype> read_datatype(ByteReader& reader) {
  INK_TRY(const Head head, read_head(reader));
  Datatype type;
  type.size = head.size;
  type.name = kClasses[head.type];
  switch (head.type) {
    case kInteger: INK_TRY_STATUS(read_integer(reader, head, type)); break;
    case kFloat: INK_TRY_STATUS(read_float(reader, head, type)); break;
    case kText: INK_TRY_STATUS(read_text(reader, head, type)); break;
    case kVariable: INK_TRY_STATUS(read_variable(reader, head, type)); break;
    default: break;
  }
  // Of the others the fields are unknown, and so is where they end.
  if (type.kind == Datatype::Kind::other) INK_TRY_STATUS(reader.bytes(reader.remaining(), kType).status());
  return type;
}

Result<Dataspace> read_dataspace(ByteReader& reader) {
  const uint64_t offset = reader.offset();
  const auto bad = [&](const auto&... parts) {
    return model_error(reader.file(), ": ", kSpace, " at offset ", offset, " ", parts...);
  };
  INK_TRY(const uint64_t version, number(reader, 1, kSpace));
  INK_TRY(const uint64_t rank, number(reader, 1, kSpace));
  INK_TRY(const uint64_t flags, number(reader, 1, kSpace));
  if (version != 1 && version != 2) return bad("has the version ", version, ", supported: 1 and 2");
  INK_TRY(const uint64_t kind, number(reader, version == 1 ? 5 : 1, kSpace));
  constexpr uint64_t kMostRank = 32, kHasMost = 1, kNull = 2;
  if (rank > kMostRank) return bad("has ", rank, " dimensions, the format allows ", kMostRank);
  if (flags > kHasMost) return bad("has unknown flags ", flags);
  Dataspace space;
  if (version == 2) {
    if (kind > kNull || (kind == 1) != (rank > 0)) return bad("is of kind ", kind, " and rank ", rank);
    space.null = kind == kNull;
  } else if (kind != 0) {
    return bad("has unknown fields");
  }
  for (uint64_t i = 0; i < rank; ++i) {
    INK_TRY(const uint64_t dim, reader.u64(kSpace));
    space.dims.push_back(dim);
  }
  space.most = space.dims;
  for (uint64_t i = 0; i < rank && flags == kHasMost; ++i) {
    INK_TRY(space.most[i], reader.u64(kSpace));
    if (space.most[i] < space.dims[i]) return bad("is larger than it may grow");
  }
  if (space.null) return space;
  constexpr uint64_t kMostElements = uint64_t{1} << 48;
  space.elements = 1;
  bool empty = false;
  for (const uint64_t dim : space.dims) {
    empty = empty || dim == 0;
    if (dim > kMostElements ||
        __builtin_mul_overflow(space.elements, std::max<uint64_t>(dim, 1), &space.elements) ||
        space.elements > kMostElements) {
      return bad("has more than ", kMostElements, " elements");
    }
  }
  if (empty) space.elements = 0;
  return space;
}

}  // namespace ink::hdf5
