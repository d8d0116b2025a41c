#include "converters/sources/hdf5/dense.h"

#include "converters/sources/hdf5/btree2.h"
#include "converters/sources/hdf5/fractal_heap.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kWhat = "a message that describes dense storage";

// The trees ordered by name.
constexpr uint64_t kLinksByName = 5, kAttributesByName = 8;

}  // namespace

Result<DenseStorage> read_dense_info(ByteReader& reader, DenseStorage::Of of) {
  const uint64_t offset = reader.offset();
  DenseStorage dense;
  dense.of = of;
  INK_TRY(const uint64_t version, number(reader, 1, kWhat));
  INK_TRY(const uint64_t flags, number(reader, 1, kWhat));
  constexpr uint64_t kTracked = 1, kIndexed = 2;
  if (version != 0 || flags > (kTracked | kIndexed)) {
    return model_error(reader.file(), ": ", kWhat, " at offset ", offset, " has version ", version,
                       " and flags ", flags, ", supported: 0 and 0 to 3");
  }
  if (flags & kTracked) {
    INK_TRY_STATUS(reader.bytes(of == DenseStorage::Of::links ? 8 : 2, kWhat).status());
  }
  INK_TRY(dense.heap, reader.u64(kWhat));
  INK_TRY(dense.tree, reader.u64(kWhat));
  if (flags & kIndexed) INK_TRY_STATUS(reader.u64(kWhat).status());
  INK_TRY_STATUS(expect_end(reader, kWhat));
  return dense;
}

Result<std::vector<ByteReader>> read_dense(Space& space, const DenseStorage& dense) {
  std::vector<ByteReader> bodies;
  if (dense.heap == kUndefined) return bodies;
  INK_TRY(const FractalHeap heap, FractalHeap::open(space, dense.heap));
  // Of a link: hash of the name, ID. Of an attribute: ID, flags, order of creation, hash of the name.
  const bool links = dense.of == DenseStorage::Of::links;
  const size_t id_at = links ? 4 : 0, others = links ? 4 : 9;
  INK_TRY(const std::vector<Record> records,
          read_btree2(space, dense.tree, links ? kLinksByName : kAttributesByName, heap.id_bytes() + others));
  for (const Record& record : records) {
    constexpr uint64_t kShared = 2;
    if (!links && (number(record.bytes, heap.id_bytes(), 1) & kShared)) {
      return model_error(space.origin(), ": the attribute named at offset ", record.offset,
                         " is shared between objects, which is not supported");
    }
    INK_TRY(ByteReader body,
            heap.get(space, record.bytes.subspan(id_at, heap.id_bytes()), record.offset + id_at));
    bodies.push_back(std::move(body));
  }
  return bodies;
}

}  // namespace ink::hdf5
