#include <gtest/gtest.h>

#include <functional>

#include "tests/converters/keras_samples.h"

namespace ink {
namespace {

using hdf5::MessageType;
using test::SampleH5;

// Damage behind the checksums of the newer form: what is changed gets the sum that belongs to it.
struct Hazard {
  std::string name, sample;
  std::function<void(SampleH5&)> change;
  std::string message;
};

void PrintTo(const Hazard& hazard, std::ostream* out) { *out << hazard.name; }

constexpr uint64_t kUndefined = ~uint64_t{0};
// Bytes of the checksummed structures, without the sum.
constexpr size_t kSuperblock = 44, kHeap = 142, kTree = 34, kArray = 24;

std::vector<Hazard> hazards() {
  // A field of the n-th structure of `size` bytes that begins with a mark.
  const auto field = [](const std::string& mark, size_t n, size_t size, size_t at, size_t count,
                        uint64_t value) {
    return [=](SampleH5& file) {
      const size_t begin = file.find(mark, n);
      file.put(begin + at, count, value);
      file.mend(begin, size);
    };
  };
  // A byte of the data block of the array that has pages.
  const auto paged = [](size_t at, uint64_t value) {
    return [=](SampleH5& file) {
      const size_t begin = file.find("FADB", 2);
      file.put(begin + at, 1, value);
      file.mend(begin, 15);
    };
  };
  // The type of the only message of the superblock's extension.
  const auto extension = [](uint64_t type) {
    return [=](SampleH5& file) {
      const size_t begin = file.find("OHDR", 0);
      file.put(begin + 23, 1, type);
      file.mend(begin, 56);
    };
  };
  return {
      {"HeapVersion", "dense.h5", field("FRHP", 0, kHeap, 4, 1, 1),
       "f: a fractal heap at offset 8866 has an unknown version"},
      {"HeapWithFilters", "dense.h5", field("FRHP", 0, kHeap, 7, 2, 8),
       "f: a fractal heap at offset 8866 is packed by filters, which is not supported"},
      {"HeapOfNoWidth", "dense.h5", field("FRHP", 0, kHeap, 110, 2, 0),
       "f: a fractal heap at offset 8866 has sizes that contradict each other"},
      {"HeapOfOddBlocks", "dense.h5", field("FRHP", 0, kHeap, 112, 8, 513),
       "f: a fractal heap at offset 8866 has sizes that contradict each other"},
      {"HeapOfHugeBlocks", "dense.h5", field("FRHP", 0, kHeap, 120, 8, uint64_t{1} << 40),
       "f: a fractal heap at offset 8866 has sizes that contradict each other"},
      {"HeapOfShortIds", "dense.h5", field("FRHP", 0, kHeap, 5, 2, 3),
       "f: a fractal heap at offset 8866 has IDs of an unsuitable length"},
      {"HeapOfLongIds", "dense.h5", field("FRHP", 0, kHeap, 5, 2, 65),
       "f: a fractal heap at offset 8866 has IDs of an unsuitable length"},
      {"HeapOfOtherIds", "dense.h5", field("FRHP", 0, kHeap, 5, 2, 9),
       "f: a B-tree (version 2) at offset 9012 has version 0, type 8, records of 17 bytes and depth 0, "
       "expected 0, type 8, 18 bytes and at most 16"},
      {"HeapRootOfManyRows", "dense.h5", field("FRHP", 0, kHeap, 140, 2, 60000),
       "f: an indirect block of a fractal heap at offset 50060 has 60000 rows, the limit is 32"},
      {"HeapRootElsewhere", "dense.h5", field("FRHP", 0, kHeap, 132, 8, 48),
       "f: a block of a fractal heap at offset 48 overlaps an object header at offset 48"},
      {"HeapWithoutRoot", "dense.h5", field("FRHP", 0, kHeap, 132, 8, kUndefined),
       "f: the ID at offset 9606 of the fractal heap at offset 8866 names no block"},
      {"HugeObjectsNowhere", "dense.h5", field("FRHP", 0, kHeap, 22, 8, kUndefined),
       "f: the ID at offset 9759 of the fractal heap at offset 8866 names a huge object that is not there"},
      {"HeapBlockVersion", "dense.h5", [](SampleH5& f) { f.put(f.find("FHDB", 0) + 4, 1, 1); },
       "f: a block of a fractal heap at offset 44791 does not belong where its heap puts it"},
      {"HeapBlockOfAnotherHeap", "dense.h5", [](SampleH5& f) { f.put(f.find("FHDB", 0) + 5, 8, 48); },
       "f: a block of a fractal heap at offset 44791 does not belong where its heap puts it"},
      {"HeapBlockChecksum", "dense.h5", [](SampleH5& f) { f.put(f.find("FHDB", 0) + 40, 1, 1); },
       "f: a block of a fractal heap at offset 44791 has the checksum 0x1fefe4a6, expected 0x26874bfc"},
      {"IndirectBlockOfAnotherHeap", "dense.h5", field("FHIB", 0, 145, 5, 8, 48),
       "f: an indirect block of a fractal heap at offset 49911 does not belong where its heap puts it"},
      {"TreeVersion", "dense.h5", field("BTHD", 0, kTree, 4, 1, 1),
       "f: a B-tree (version 2) at offset 9012 has version 1, type 8, records of 17 bytes and depth 0, "
       "expected 0, type 8, 17 bytes and at most 16"},
      {"TreeOfAnotherType", "dense.h5", field("BTHD", 0, kTree, 5, 1, 6),
       "f: a B-tree (version 2) at offset 9012 has version 0, type 6, records of 17 bytes and depth 0, "
       "expected 0, type 8, 17 bytes and at most 16"},
      {"TreeOfOtherRecords", "dense.h5", field("BTHD", 0, kTree, 10, 2, 9),
       "f: a B-tree (version 2) at offset 9012 has version 0, type 8, records of 9 bytes and depth 0, "
       "expected 0, type 8, 17 bytes and at most 16"},
      {"TreeTooDeep", "dense.h5", field("BTHD", 0, kTree, 12, 2, 17),
       "f: a B-tree (version 2) at offset 9012 has version 0, type 8, records of 17 bytes and depth 17, "
       "expected 0, type 8, 17 bytes and at most 16"},
      {"TreeOfEmptyNodes", "dense.h5", field("BTHD", 0, kTree, 6, 4, 12),
       "f: a B-tree (version 2) at offset 9012 has nodes of 12 bytes, too few for its records of 17"},
      {"TreeOfManyRecords", "dense.h5", field("BTHD", 0, kTree, 24, 2, 60000),
       "f: a leaf of a B-tree (version 2) at offset 9600 has 60000 records, more than fit"},
      {"TreeOfOtherTotal", "dense.h5", field("BTHD", 0, kTree, 26, 8, 1),
       "f: a B-tree (version 2) at offset 9012 declares 1 records, found 14"},
      {"TreeNowhere", "dense.h5", field("BTHD", 0, kTree, 16, 8, uint64_t{1} << 62),
       "f: a leaf of a B-tree (version 2) of 248 bytes is said to be at offset 4611686018427387904, beyond "
       "the end at 51084"},
      {"ArrayVersion", "indexes.h5", field("FAHD", 0, kArray, 4, 1, 1),
       "f: a fixed array at offset 1075 has entries of 8 bytes and other fields that do not fit its data"},
      {"ArrayOfOtherEntries", "indexes.h5", field("FAHD", 0, kArray, 6, 1, 9),
       "f: a fixed array at offset 1075 has entries of 9 bytes and other fields that do not fit its data"},
      {"ArrayOfManyEntries", "indexes.h5", field("FAHD", 0, kArray, 8, 8, uint64_t{1} << 60),
       "f: a fixed array at offset 1075 declares 1152921504606846976 entries, more than the file can hold"},
      {"ArrayOfFewEntries", "indexes.h5", field("FAHD", 0, kArray, 8, 8, 1),
       "f: the data block of a fixed array at offset 8192 has the checksum 0x1d05d85b, expected 0x00000000"},
      {"ArrayNowhere", "indexes.h5", field("FAHD", 0, kArray, 16, 8, kUndefined),
       "f: the chunk index at offset 1075 names 0 chunks, the data have 1200"},
      {"ArrayBlockOfAnotherArray", "indexes.h5", paged(6, 8),
       "f: the data block of a fixed array at offset 8192 does not belong to the array at 1075"},
      {"ArrayPageNotWritten", "indexes.h5", paged(14, 0x40),
       "f: a page of a fixed array at offset 8211 was never written: chunks are missing"},
      {"LeafOfAnotherType", "ordered.h5", field("BTLF", 0, 176, 5, 1, 6),
       "f: a leaf of a B-tree (version 2) at offset 4608 has another version or type than its tree"},
      {"SharedAttribute", "ordered.h5", field("BTLF", 0, 176, 14, 1, 2),
       "f: the attribute named at offset 4614 is shared between objects, which is not supported"},
      {"SuperblockOfOtherTrees", "ordered.h5", extension(19),
       "f: the message at offset 75 is of type 19, which a superblock does not have"},
      {"SuperblockOfSeveralFiles", "ordered.h5", extension(20),
       "f: the driver information at offset 75 says that the data lie in several files, which is not "
       "supported"},
      {"SuperblockBase", "ordered.h5", field("\x89HDF", 0, kSuperblock, 12, 8, 512),
       "f: the superblock at offset 0 declares the base address 512, supported: 0"},
      {"SuperblockExtensionNowhere", "ordered.h5", field("\x89HDF", 0, kSuperblock, 20, 8, 1 << 20),
       "f: an object header of 4 bytes is said to be at offset 1048576, beyond the end at 9216"},
  };
}

class Hdf5LatestHazard : public testing::TestWithParam<Hazard> {};

TEST_P(Hdf5LatestHazard, IsRefusedInWords) {
  SampleH5 file(GetParam().sample);
  ASSERT_EQ(test::refusal(file.bytes), "accepted");
  GetParam().change(file);
  EXPECT_EQ(test::refusal(file.bytes), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(All, Hdf5LatestHazard, testing::ValuesIn(hazards()),
                         [](const auto& hazard) { return hazard.param.name; });

}  // namespace
}  // namespace ink
