#include <gtest/gtest.h>

#include <functional>

#include "tests/converters/keras_samples.h"

namespace ink {
namespace {

using hdf5::MessageType;
using test::Bytes;
using test::SampleH5;

// A sample, what is changed in it, and the sentence.
struct Hazard {
  std::string name, sample;
  std::function<void(SampleH5&)> change;
  std::string message;
};

void PrintTo(const Hazard& hazard, std::ostream* out) { *out << hazard.name; }

const std::string kOld = "h5py2.h5", kChunked = "chunked.h5", kNew = "compact-latest.h5";
const std::string kKernel = "conv/conv/kernel:0", kBias = "conv/conv/bias:0";
constexpr uint64_t kUndefined = ~uint64_t{0}, kHuge = uint64_t{1} << 62;

std::vector<Hazard> hazards() {
  const auto put = [](size_t at, size_t count, uint64_t value) {
    return [=](SampleH5& file) { file.put(at, count, value); };
  };
  // A field of a message, `at` bytes behind the beginning of its body.
  const auto field = [](const std::string& path, MessageType type, size_t at, size_t count, uint64_t value) {
    return [=](SampleH5& file) { file.put(file.message(path, type) + at, count, value); };
  };
  // A field behind the n-th mark.
  const auto mark = [](const std::string& text, size_t n, size_t at, size_t count, uint64_t value) {
    return [=](SampleH5& file) { file.put(file.find(text, n) + at, count, value); };
  };
  const MessageType layout = MessageType::layout, shape = MessageType::dataspace,
                    type = MessageType::datatype, filters = MessageType::filters,
                    fill = MessageType::fill_value;
  return {
      {"Signature", kOld, put(1, 1, 'h'),
       "f is a file of unknown format, expected an HDF5 file, whose signature stands at offset 0"},
      {"SuperblockVersion", kOld, put(8, 1, 9),
       "f: the superblock at offset 8 has the version 9, supported: 0, 2 and 3"},
      {"FreeSpaceVersion", kOld, put(9, 1, 1), "f: the superblock has the unknown version 1 at offset 9"},
      {"AddressesOfFourBytes", kOld, put(13, 1, 4),
       "f: the superblock at offset 0 declares addresses of 4 and lengths of 8 bytes, supported: 8 and 8"},
      {"BaseAddress", kOld, put(24, 8, 512),
       "f: the superblock at offset 0 declares the base address 512, supported: 0"},
      {"EndBeyondTheFile", kOld, put(40, 8, kHuge),
       "f is 4611686018427377432 bytes shorter than its superblock at offset 0 declares: incomplete "
       "download?"},
      {"EndBeforeTheSuperblock", kOld, put(40, 8, 10),
       "f: an object header of 4 bytes is said to be at offset 96, beyond the end at 10"},
      {"SeveralFiles", kOld, put(48, 8, 600),
       "f: the driver information at offset 48 says that the data lie in several files, which is not "
       "supported"},
      {"RootAtTheSuperblock", kOld, put(64, 8, 0),
       "f: an object header at offset 0 overlaps the superblock at offset 0"},
      {"RootOutside", kOld, put(64, 8, kHuge),
       "f: an object header of 4 bytes is said to be at offset 4611686018427387904, beyond the end at 10472"},
      {"RootAtTheLastByte", kOld, [](SampleH5& f) { f.put(64, 8, f.bytes.size() - 1); },
       "f: an object header of 4 bytes is said to be at offset 10471, beyond the end at 10472"},
      {"SuperblockChecksum", kNew, put(44, 4, 1),
       "f: the superblock at offset 0 has the checksum 0xac72d1bd, expected 0x00000001"},
      {"HeaderVersion", kOld, [](SampleH5& f) { f.put(f.object("conv"), 1, 3); },
       "f: an object header at offset 2168 has the version 3, supported: 1 and 2"},
      {"HeaderVersionNew", kNew, [](SampleH5& f) { f.put(f.object("l") + 4, 1, 3); },
       "f: an object header at offset 223 has the version 3, supported: 1 and 2"},
      {"HeaderChecksum", kNew, [](SampleH5& f) { f.put(f.object("l") + 8, 1, 3); },
       "f: an object header at offset 223 has the checksum 0xb944b6f3, expected 0x8a120882"},
      {"HeaderOfHugeLength", kOld, [](SampleH5& f) { f.put(f.object("conv") + 8, 4, ~0u); },
       "f: an object header of 4294967295 bytes is said to be at offset 2184, beyond the end at 10472"},
      {"HeaderCount", kOld, [](SampleH5& f) { f.put(f.object("conv") + 2, 2, 99); },
       "f: an object header at offset 2168 declares 99 messages, found 3"},
      {"ContinuationToItself", kOld, [](SampleH5& f) { f.put(f.continuation("conv"), 8, f.object("conv")); },
       "f: a continuation of an object header at offset 2168 overlaps an object header at offset 2168"},
      {"ContinuationOutside", kOld, [](SampleH5& f) { f.put(f.continuation("conv"), 8, kHuge); },
       "f: a continuation of an object header of 120 bytes is said to be at offset 4611686018427387904, "
       "beyond the end at 10472"},
      {"ContinuationHuge", kOld, [](SampleH5& f) { f.put(f.continuation("conv") + 8, 8, kHuge); },
       "f: a continuation of an object header of 4611686018427387904 bytes is said to be at offset 2872, "
       "beyond the end at 10472"},
      {"ContinuationInTheMiddle", kOld, [](SampleH5& f) { f.put(f.continuation("conv"), 8, f.object("fc")); },
       "f: a message of an object header at offset 7803 needs 256 bytes, 69 are left"},
      {"MessageBeyondItsBlock", kOld, field(kKernel, shape, static_cast<size_t>(-6), 2, 60000),
       "f: a message of an object header at offset 4048 needs 60000 bytes, 248 are left"},
      {"MessageOfUnknownType", kOld, field(kKernel, fill, static_cast<size_t>(-8), 2, 100),
       "f: the message at offset 4160 has the unknown type 100"},
      {"MessageShared", kOld, field(kKernel, type, static_cast<size_t>(-4), 1, 2),
       "f: the message at offset 4128 of type 3 is shared between objects, which is not supported"},
      {"MessageTwice", kOld, field(kKernel, fill, static_cast<size_t>(-8), 2, 8),
       "f: the message of type 8 at offset 4176 is the second one in the object header at offset 4024"},
      {"MessageMissing", kOld, field(kKernel, layout, static_cast<size_t>(-8), 2, 0),
       "f: the object at offset 4024 is neither a group nor a dataset with type, shape and layout"},
      {"MessageOfAnotherObject", kOld, field(kKernel, fill, static_cast<size_t>(-8), 2, 10),
       "f: the message at offset 4048 is of type 1, which a group does not have"},
      {"CommentThatIsNone", kOld, field(kKernel, type, static_cast<size_t>(-8), 2, 13),
       "f: the message at offset 4128 is not what its type 13 says"},
      {"ExternalFiles", kOld, field(kKernel, fill, static_cast<size_t>(-8), 2, 7),
       "f: the dataset at offset 4024 has external storage (message at offset 4160): data in other files are "
       "not read"},
      {"TreeNodeMark", kOld, mark("TREE", 0, 0, 1, 'X'),
       "f: expected a node of a B-tree at offset 136, which begins with 'TREE', found 'XREE'"},
      {"TreeOfAnotherType", kOld, mark("TREE", 0, 4, 1, 1),
       "f: a node of a B-tree at offset 136 has type 1, level 0 and 1 entries, which does not fit its tree"},
      {"TreeEntriesTooMany", kOld, mark("TREE", 0, 6, 2, 60000),
       "f: a node of a B-tree at offset 136 has type 0, level 0 and 60000 entries, which does not fit its "
       "tree"},
      {"TreeChildIsItself", kOld, [](SampleH5& f) { f.put(f.find("TREE", 0) + 32, 8, f.find("TREE", 0)); },
       "f: expected a symbol table at offset 136, which begins with 'SNOD\\x01', found 'TREE\\x00'"},
      {"TreeInACircle", kOld,
       [](SampleH5& f) {
         f.put(f.find("TREE", 0) + 5, 1, 1);
         f.put(f.find("TREE", 0) + 32, 8, f.find("TREE", 0));
       },
       "f: a node of a B-tree at offset 136 has type 0, level 1 and 1 entries, which does not fit its tree"},
      {"TreeLevels", kOld,
       [](SampleH5& f) {
         f.put(f.find("TREE", 0) + 5, 1, 9);
         f.put(f.find("TREE", 0) + 32, 8, f.find("TREE", 1));
       },
       "f: a node of a B-tree at offset 1072 has type 0, level 0 and 0 entries, which does not fit its tree"},
      {"TreeChildOutside", kOld, mark("TREE", 0, 32, 8, kHuge),
       "f: a symbol table of 8 bytes is said to be at offset 4611686018427387904, beyond the end at 10472"},
      {"HeapMark", kOld, mark("HEAP", 0, 0, 1, 'X'),
       "f: expected a local heap at offset 680, which begins with 'HEAP\\x00', found 'XEAP\\x00'"},
      {"HeapOutside", kOld, mark("HEAP", 0, 24, 8, kHuge),
       "f: the data of a local heap of 88 bytes is said to be at offset 4611686018427387904, beyond the end "
       "at 10472"},
      {"HeapOverATree", kOld, [](SampleH5& f) { f.put(f.find("HEAP", 0) + 24, 8, f.find("TREE", 0)); },
       "f: a node of a B-tree at offset 136 overlaps the data of a local heap at offset 136"},
      {"TableEntriesTooMany", kOld, mark("SNOD", 0, 6, 2, 60000),
       "f: a symbol table at offset 1736 has 60000 entries, the superblock allows 8"},
      {"NameOutsideTheHeap", kOld, mark("SNOD", 0, 8, 8, 5000),
       "f: the entry at offset 1744 of a symbol table has its name at 5000 of the 88 bytes of the local "
       "heap, where none ends"},
      {"NameEmpty", kOld, mark("SNOD", 0, 8, 8, 0),
       "f: the object at offset 2168 has the unsupported name ''"},
      {"NamesOutOfOrder", kOld,
       [](SampleH5& f) { f.put(f.find("SNOD", 0) + 8, 8, f.get(f.find("SNOD", 0) + 48, 8)); },
       "f: the entry at offset 1784 of a symbol table has the name 'fc', which does not come after 'fc'"},
      {"NameWithASlash", kOld, [](SampleH5& f) { f.put(f.find("input_1", 0) + 5, 1, '/'); },
       "f: the object at offset 1032 has the unsupported name 'input/1'"},
      {"SoftLink", kOld, mark("SNOD", 0, 24, 4, 2),
       "f: the member 'conv' at offset 1744 is a soft link, which is not supported"},
      {"LinkOfUnknownKind", kOld, mark("SNOD", 0, 24, 4, 7),
       "f: the member 'conv' at offset 1744 is a link of an unknown kind, which is not supported"},
      {"GroupInItself", kOld, [](SampleH5& f) { f.put(f.find("SNOD", 0) + 16, 8, f.get(64, 8)); },
       "f: the member 'conv' of the group at offset 96 is the object at offset 96, which has another name "
       "already (a hard link or a circle); that is not supported"},
      {"ObjectLinkedTwice", kOld,
       [](SampleH5& f) { f.put(f.find("SNOD", 0) + 16, 8, f.get(f.find("SNOD", 0) + 56, 8)); },
       "f: the member 'fc' of the group at offset 96 is the object at offset 7752, which has another name "
       "already (a hard link or a circle); that is not supported"},
      {"AttributeVersion", kOld, field("", MessageType::attribute, 0, 1, 9),
       "f: an attribute at offset 832 has the version 9, supported: 1 to 3"},
      {"AttributeFlags", kOld, field("", MessageType::attribute, 1, 1, 1),
       "f: an attribute at offset 832 has unknown flags"},
      {"AttributeNameWithoutEnd", kOld, field("", MessageType::attribute, 2, 2, 8),
       "f: an attribute at offset 832 has a name that does not end in NUL"},
      {"AttributeOfALongType", kOld, field("", MessageType::attribute, 4, 2, 60000),
       "f: an attribute at offset 856 needs 60000 bytes, 64 are left"},
      {"TextsVersion", "sequential.h5", mark("GCOL", 0, 4, 1, 2),
       "f: expected a collection of the global heap at offset 2048, found 0x4c4f4347 of version 2 and 4096 "
       "bytes"},
      {"TextsBeyondTheFile", "sequential.h5", mark("GCOL", 0, 8, 8, kHuge),
       "f: a collection of the global heap of 4611686018427387904 bytes is said to be at offset 2048, beyond "
       "the end at 17952"},
      {"TextTwice", "sequential.h5", mark("GCOL", 0, 16, 2, 2),
       "f: object 2 at offset 2104 of the global heap is there twice"},
      {"TextElsewhere", "sequential.h5", mark("GCOL", 0, 16, 2, 77),
       "f: the reference at offset 888 names object 1 of 6 bytes in the global heap at offset 2048, which is "
       "not there"},
      {"TextShorter", "sequential.h5", mark("GCOL", 0, 24, 8, 1),
       "f: the reference at offset 888 names object 1 of 6 bytes in the global heap at offset 2048, which "
       "has 1 bytes"},
      {"LayoutVersion", kOld, field(kKernel, layout, 0, 1, 5),
       "f: a layout message at offset 4176 has the version 5, supported: 3 and 4"},
      {"LayoutVirtual", kOld, field(kKernel, layout, 1, 1, 3),
       "f: a layout message at offset 4176 describes a virtual dataset, whose data lie in other files: they "
       "are not read"},
      {"LayoutOfUnknownClass", kOld, field(kKernel, layout, 1, 1, 4),
       "f: a layout message at offset 4176 has the unknown class 4"},
      {"DataOutside", kOld, field(kKernel, layout, 2, 8, kHuge),
       "f: the data of a dataset of 288 bytes is said to be at offset 4611686018427387904, beyond the end at "
       "10472"},
      {"DataWrapAround", kOld, field(kKernel, layout, 2, 8, kUndefined - 15),
       "f: the data of a dataset of 288 bytes is said to be at offset 18446744073709551600, beyond the end "
       "at 10472"},
      {"DataOverTheSuperblock", kOld, field(kKernel, layout, 2, 8, 0),
       "f: the data of a dataset at offset 0 overlaps the superblock at offset 0"},
      {"DataOfAnotherTensor", kOld,
       [](SampleH5& f) {
         f.put(f.message(kBias, MessageType::layout) + 2, 8,
               f.get(f.message(kKernel, MessageType::layout) + 2, 8));
       },
       "f: the data of a dataset at offset 4624 overlaps the data of a dataset at offset 4624"},
      {"DataNowhere", kOld, field(kKernel, layout, 2, 8, kUndefined),
       "f: the dataset at offset 4024 declares 288 bytes, but nothing is stored"},
      {"DataShorterThanTheShape", kOld, field(kKernel, layout, 10, 8, 16),
       "f: the dataset at offset 4024 declares 288 bytes, 16 are stored"},
      {"ShapeOf8Pebibytes", kOld,
       [](SampleH5& f) {
         const size_t at = f.message(kKernel, MessageType::dataspace) + 8;
         f.put(at, 8, uint64_t{1} << 42);
         f.put(at + 32, 8, uint64_t{1} << 42);
       },
       "f: the dataset at offset 4024 declares 422212465065984 bytes, 288 are stored"},
      {"ShapeOf2To63", kOld, field(kKernel, shape, 8, 8, uint64_t{1} << 63),
       "f: a dataspace at offset 4048 is larger than it may grow"},
      {"ShapeOverflows", kOld,
       [](SampleH5& f) {
         const size_t at = f.message(kKernel, MessageType::dataspace) + 8;
         for (size_t i = 0; i < 8; ++i) f.put(at + 8 * i, 8, uint64_t{1} << 40);
       },
       "f: a dataspace at offset 4048 has more than 281474976710656 elements"},
      {"ShapeVersion", kOld, field(kKernel, shape, 0, 1, 3),
       "f: a dataspace at offset 4048 has the version 3, supported: 1 and 2"},
      {"ShapeRank", kOld, field(kKernel, shape, 1, 1, 200),
       "f: a dataspace at offset 4048 has 200 dimensions, the format allows 32"},
      {"ShapeFlags", kOld, field(kKernel, shape, 2, 1, 2),
       "f: a dataspace at offset 4048 has unknown flags 2"},
      {"ShapeBeyondItsLimit", kOld, field(kKernel, shape, 40, 8, 1),
       "f: a dataspace at offset 4048 is larger than it may grow"},
      {"TypeVersion", kOld, field(kKernel, type, 0, 1, 0x91),
       "f: a datatype at offset 4128 has class 1 and version 9, which are unknown"},
      {"TypeClass", kOld, field(kKernel, type, 0, 1, 0x1f),
       "f: a datatype at offset 4128 has class 15 and version 1, which are unknown"},
      {"TypeOfNoBytes", kOld, field(kKernel, type, 4, 4, 0),
       "f: a datatype at offset 4128 has elements of 0 bytes"},
      {"TypeOfHugeElements", kOld, field(kKernel, type, 4, 4, ~0u),
       "f: the dataset at offset 4024 declares 309237645240 bytes, 288 are stored"},
      {"TypeBigEndian", kOld, field(kKernel, type, 1, 1, 0x21),
       "f: the dataset 'conv/kernel:0' at offset 4024 holds big-endian floats of 4 bytes, which no tensor "
       "has"},
      {"TypeWithOtherBits", kOld, field(kKernel, type, 1, 1, 0x10),
       "f: a datatype at offset 4128 of class float has fields that contradict each other or are unknown"},
      {"TypeOfOddExponent", kOld, field(kKernel, type, 13, 1, 9),
       "f: the dataset 'conv/kernel:0' at offset 4024 holds floats of 4 bytes, which no tensor has"},
      {"FillValueBeyondItsMessage", kOld,
       [](SampleH5& f) {
         f.put(f.message(kKernel, MessageType::fill_value) + 3, 1, 1);
         f.put(f.message(kKernel, MessageType::fill_value) + 4, 4, 60000);
       },
       "f: a fill value message at offset 4168 needs 60000 bytes, 0 are left"},
      {"FillValueVersion", kOld, field(kKernel, fill, 0, 1, 9),
       "f: a fill value message at offset 4160 has the version 9, supported: 1 to 3"},
      {"ChunksOfNothing", kChunked, field("l/k", layout, 11, 4, 0),
       "f: the chunks of the dataset at offset 2080 have 0 bytes or more than 4 GiB"},
      {"ChunksOf4Gibibytes", kChunked, field("l/k", layout, 11, 4, ~0u),
       "f: the chunks of the dataset at offset 2080 have 0 bytes or more than 4 GiB"},
      {"ChunksTooMany", kChunked,
       [](SampleH5& f) {
         const size_t at = f.message("l/k", MessageType::dataspace) + 8;
         f.put(at, 8, uint64_t{1} << 40);
         f.put(at + 24, 8, uint64_t{1} << 40);
       },
       "f: the chunks of the dataset at offset 2080 are more than the file has bytes"},
      {"ChunksOfAnotherRank", kChunked, field("l/k", layout, 2, 1, 3),
       "f: a layout message ends at offset 2303, but 9 bytes are left for it"},
      {"ChunksOfRank200", kChunked, field("l/k", layout, 2, 1, 200),
       "f: a layout message at offset 2280 has 200 dimensions"},
      {"ChunksOfOtherElements", kChunked, field("l/k", layout, 23, 4, 8),
       "f: the chunks of the dataset at offset 2080 have elements of another size than the data"},
      {"ChunkTreeNowhere", kChunked, field("l/k", layout, 3, 8, kUndefined),
       "f: the dataset at offset 2080 declares 6 chunks, but none is stored"},
      {"ChunkTreeOfAGroup", kChunked,
       [](SampleH5& f) { f.put(f.message("l/k", MessageType::layout) + 3, 8, f.find("TREE", 0)); },
       "f: a node of a B-tree at offset 136 has type 0, level 0 and 1 entries, which does not fit its tree"},
      {"ChunkMissing", kChunked, [](SampleH5& f) { f.put(f.chunk_tree("l/k") + 6, 2, 2); },
       "f: the chunk index at offset 2680 names 2 chunks, the data have 6"},
      {"ChunkTwice", kChunked,
       [](SampleH5& f) {
         const size_t tree = f.chunk_tree("l/b");
         f.put(tree + 24 + 8, 8, f.get(tree + 24 + 32 + 8, 8));
       },
       "f: the chunk at offset 6190 is there twice"},
      {"ChunkBetweenChunks", kChunked, [](SampleH5& f) { f.put(f.chunk_tree("l/k") + 24 + 8, 8, 1); },
       "f: the entry at offset 2704 of a chunk index is about 1 on axis 0, where no chunk begins"},
      {"ChunkInsideAnElement", kChunked, [](SampleH5& f) { f.put(f.chunk_tree("l/k") + 24 + 8 + 24, 8, 1); },
       "f: the entry at offset 2704 of a chunk index begins inside an element"},
      {"ChunkOutside", kChunked, [](SampleH5& f) { f.put(f.chunk_tree("l/k") + 24 + 40, 8, kHuge); },
       "f: a chunk of 75 bytes is said to be at offset 4611686018427387904, beyond the end at 13392"},
      {"ChunkThatSkipsShuffle", kChunked, [](SampleH5& f) { f.put(f.chunk_tree("l/k") + 24 + 4, 4, 1); },
       "f: the chunk at offset 5816 skips the filters 0x00000001 (a bit each), of which 0x00000002 can be "
       "left out"},
      {"ChunkThatSkipsDeflate", kChunked, [](SampleH5& f) { f.put(f.chunk_tree("l/k") + 24 + 4, 4, 2); },
       "f: the chunk at offset 5816 of 'k' does not unpack to its 96 bytes"},
      {"ChunkCutShort", kChunked, [](SampleH5& f) { f.put(f.chunk_tree("l/k") + 24, 4, 9); },
       "f: the chunk at offset 5816 of 'k' does not unpack to its 96 bytes"},
      {"ChunkOfBrokenDeflate", kChunked,
       [](SampleH5& f) { f.put(f.get(f.chunk_tree("l/k") + 24 + 40, 8) + 8, 4, 0); },
       "f: the chunk at offset 5816 of 'k' does not unpack to its 96 bytes"},
      {"ChunkChecksum", kChunked,
       [](SampleH5& f) { f.put(f.get(f.chunk_tree("l/b") + 24 + 24, 8), 1, 0x55); },
       "f: the chunk at offset 6190 of 'b' does not unpack to its 16 bytes"},
      {"FilterVersion", kChunked, field("l/k", filters, 0, 1, 3),
       "f: a filter message at offset 2216 has the version 3, supported: 1 and 2"},
      {"FilterCount", kChunked, field("l/k", filters, 1, 1, 200),
       "f: a filter message at offset 2272 needs 2 bytes, 0 are left"},
      {"FilterTwice", kChunked, field("l/k", filters, 32, 2, 2),
       "f: the filter at offset 2248 is there twice"},
      {"FilterSzip", kChunked, field("l/k", filters, 8, 2, 4),
       "f: the filter at offset 2224 is szip, supported: deflate, shuffle and fletcher32"},
      {"FilterNBit", kChunked, field("l/k", filters, 8, 2, 5),
       "f: the filter at offset 2224 is n-bit, supported: deflate, shuffle and fletcher32"},
      {"FilterScaleOffset", kChunked, field("l/k", filters, 8, 2, 6),
       "f: the filter at offset 2224 is scale-offset, supported: deflate, shuffle and fletcher32"},
      {"FilterOfAUser", kChunked, field("l/k", filters, 8, 2, 40000),
       "f: the filter at offset 2224 is number 40000, supported: deflate, shuffle and fletcher32"},
      {"FilterName", kChunked, field("l/k", filters, 10, 2, 60000),
       "f: a filter message at offset 2232 needs 60000 bytes, 40 are left"},
      {"FilterValues", kChunked, field("l/k", filters, 14, 2, 60000),
       "f: a filter message at offset 2240 needs 240000 bytes, 32 are left"},
      {"FilterShufflesOtherElements", kChunked, field("l/k", filters, 24, 4, 0),
       "f: the filter at offset 2224 shuffles elements of 0 bytes, the data have elements of 4"},
  };
}

class Hdf5Hazard : public testing::TestWithParam<Hazard> {};

TEST_P(Hdf5Hazard, IsRefusedInWords) {
  SampleH5 file(GetParam().sample);
  ASSERT_EQ(test::refusal(file.bytes), "accepted");
  GetParam().change(file);
  EXPECT_EQ(test::refusal(file.bytes), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(All, Hdf5Hazard, testing::ValuesIn(hazards()),
                         [](const auto& hazard) { return hazard.param.name; });

// Files that h5py wrote and reads.
const std::pair<std::string, std::string> kRefused[] = {
    {"absent-chunk", "f: the chunk index at offset 1400 names 1 chunks, the data have 2"},
    {"cycle",
     "f: the member 'up' of the group at offset 800 is the object at offset 96, which has another name "
     "already (a hard link or a circle); that is not supported"},
    {"extensible",
     "f: the chunk index at offset 463 is an extensible array, which is not supported; a copy with chunks of "
     "a fixed shape can be read"},
    {"external-data",
     "f: the dataset at offset 800 has external storage (message at offset 904): data in other files are not "
     "read"},
    {"external-link", "f: the member 'e' at offset 856 is an external link, which is not supported"},
    {"external-link-latest", "f: the member 'e' at offset 103 is an external link, which is not supported"},
    {"hard-link",
     "f: the member 'b' of the group at offset 96 is the object at offset 800, which has another name "
     "already (a hard link or a circle); that is not supported"},
    {"hard-link-latest",
     "f: the member 'b' of the group at offset 48 is the object at offset 195, which has another name "
     "already (a hard link or a circle); that is not supported"},
    {"lzf", "f: the filter at offset 928 is lzf, supported: deflate, shuffle and fletcher32"},
    {"named-type",
     "f: the object at offset 800 is neither a group nor a dataset with type, shape and layout"},
    {"rank-9", "f: the dataset 'd' at offset 800 has 9 dimensions, the limit is 8"},
    {"scale-offset",
     "f: the filter at offset 928 is scale-offset, supported: deflate, shuffle and fletcher32"},
    {"shared-type",
     "f: the message at offset 1248 of type 3 is shared between objects, which is not supported"},
    {"soft-link", "f: the member 's' at offset 808 is a soft link, which is not supported"},
    {"soft-link-latest", "f: the member 's' at offset 103 is a soft link, which is not supported"},
    {"twice", "f: the weight 'a/w' at offset 1709 is there twice"},
    {"unwritten", "f: the dataset at offset 800 declares 64 bytes, but nothing is stored"},
    {"unwritten-chunks", "f: the chunks of the dataset at offset 800 are more than the file has bytes"},
    {"zeros",
     "f: the dataset 'd' at offset 800 brings the tensors that are unpacked to 41943040 bytes, the limit is "
     "4 "
     "times the file's 44273 and 33554432 more"},
    {"virtual",
     "f: a layout message at offset 277 describes a virtual dataset, whose data lie in other files: they are "
     "not read"}};

TEST(Hdf5Refused, InWords) {
  for (const auto& [name, message] : kRefused) {
    SCOPED_TRACE(name);
    EXPECT_EQ(test::refusal(test::read_file(test::keras_golden("refused/" + name + ".h5"))), message);
  }
}

TEST(Hdf5Hazard, Limits) {
  const Bytes file = test::read_file(test::keras_golden(kOld));
  const auto with = [&](const ModelLimits& limits) {
    return open_keras_h5(file, nullptr, "f", limits).error().message;
  };
  ModelLimits limits;
  limits.hdf5_depth = 2;
  EXPECT_EQ(with(limits), "f: the group at offset 2992 lies deeper than 2 groups");
  limits = {};
  limits.hdf5_objects = 6;
  EXPECT_EQ(with(limits), "f: the group at offset 7752 is one of more than 6 objects");
  limits = {};
  limits.tensors = 2;
  EXPECT_EQ(with(limits), "f: the dataset 'fc/kernel:0' at offset 9600 is one of more than 2 tensors");
  limits = {};
  limits.tensor_rank = 3;
  EXPECT_EQ(with(limits), "f: the dataset 'conv/kernel:0' at offset 4024 has 4 dimensions, the limit is 3");
}

// What the lists of Keras say and what is there.
struct ListHazard {
  std::string name, sample, from, to, message;
  size_t n = 0;
};
const ListHazard kLists[] = {
    {"LayerWithoutGroup", kOld, "relu", "rely",
     "f: the layer 'relu' of 'layer_names' has no group in that at offset 96"},
    {"LayerTwice", kOld, "relu", "conv", "f: the layer 'conv' at offset 2168 is named twice", 1},
    {"WeightWithoutDataset", kOld, "conv/kernel:0", "conv/kernel:1",
     "f: the weight 'conv/kernel:1' of the layer 'conv' has no dataset in the group at offset 2168"},
    {"WeightTwice", kOld, std::string("conv/bias:0\0\0", 13), "conv/kernel:0",
     "f: the dataset of the weight 'conv/kernel:0' at offset 4024 is named twice"},
    {"NoLayerNames", kOld, "layer_names", "layer_namez",
     "f: the group '' at offset 96 has no attribute 'layer_names', which Keras writes"},
    {"NoWeightNames", kOld, "weight_names", "weight_namez",
     "f: the group 'input_1' at offset 1032 has no attribute 'weight_names', which Keras writes"},
    {"PartOfAListLost", "split.h5", "layer_names1", "layer_names7",
     "f: 'c' at offset 18464 is named by no layer"},
    {"PartOfWeightsLost", "split.h5", "weight_names2", "weight_names9",
     "f: 'a/w:0' at offset 12768 is named by no layer"},
    {"NoModelWeights", "sequential.h5", "model_weights", "model_weightz",
     "f: is a model of Keras, but its root group at offset 96 has no member 'model_weights'"},
};

TEST(KerasHazard, Lists) {
  for (const ListHazard& hazard : kLists) {
    SCOPED_TRACE(hazard.name);
    SampleH5 file(hazard.sample);
    const size_t at = file.find(hazard.from, hazard.n);
    for (size_t i = 0; i < hazard.to.size(); ++i)
      file.put(at + i, 1, static_cast<unsigned char>(hazard.to[i]));
    EXPECT_EQ(test::refusal(file.bytes), hazard.message);
  }
}

TEST(KerasHazard, Archives) {
  const Bytes weights = test::read_file(test::keras_golden(kNew));
  const auto refusal_of = [](std::initializer_list<test::ZipPart> parts) {
    return test::refusal(test::build_zip(std::vector<test::ZipPart>(parts)));
  };
  const test::ZipPart good = test::stored_part("model.weights.h5", weights);
  EXPECT_EQ(refusal_of({good}), "accepted");
  EXPECT_EQ(refusal_of({test::stored_part("a", weights)}),
            "f: the zip archive has no member 'model.weights.h5', which one of Keras has");
  EXPECT_EQ(refusal_of({test::stored_part("model.weights.npz", weights)}),
            "f: the zip archive has no member 'model.weights.h5': weights as .npz or in several files are "
            "not supported");
  EXPECT_EQ(refusal_of({test::stored_part("model.weights.h5", test::bytes_of("no HDF5"))}),
            "f, member 'model.weights.h5' is a file of unknown format, expected an HDF5 file, whose "
            "signature stands "
            "at offset 0");
  test::ZipPart bad = good;
  bad.crc ^= 1;
  EXPECT_EQ(
      refusal_of({bad}),
      "f: member 'model.weights.h5' at offset 46 has the checksum 0x8538a165, the directory says 0x8538a164");
  EXPECT_EQ(refusal_of({good, test::stored_part("metadata.json", test::bytes_of("{"))}),
            "f, member 'metadata.json' is broken at offset 1: Missing a name for object member.");
  EXPECT_EQ(refusal_of({good, test::stored_part("metadata.json", test::bytes_of("[{}]"))}),
            "f, member 'metadata.json' is broken at offset 0: expected an object");
  EXPECT_EQ(refusal_of({good, test::stored_part("metadata.json",
                                                test::bytes_of(R"({"keras_version":{"a":[1,"b"]}})"))}),
            "accepted");
}

}  // namespace
}  // namespace ink
