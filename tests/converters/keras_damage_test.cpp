#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "converters/sources/hdf5/file.h"
#include "tests/converters/keras_samples.h"
#include "weights/sniff.h"
#include "weights/store.h"

namespace ink {
namespace {

using test::Bytes;

// Every name, type and shape of a checkpoint and every byte of each tensor, or why it is refused.
struct Reading {
  std::string table, error;
  std::vector<std::string> tensors;
  bool operator==(const Reading&) const = default;
};

Reading read_all(std::span<const std::byte> file) {
  Reading reading;
  const auto source = test::open_keras(file, "f");
  if (!source.ok()) return {"", source.error().message, {}};
  for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
    const SourceTensor& tensor = (*source)->tensors()[i];
    const auto data = (*source)->read(i);
    if (!data.ok()) return {"", data.error().message, {}};
    reading.table.append(tensor.name).append(dtype_name(tensor.dtype)).append(shape_text(tensor.shape));
    reading.tensors.push_back(test::text_of(data->bytes));
  }
  return reading;
}

// Whether a sentence names the file and a place in it; what is wrong inside an archive is in one of its
// members.
bool is_located(const std::string& error) {
  return (error.starts_with("f: ") || error.starts_with("f is ") || error.starts_with("f, member '")) &&
         error.find(" offset ") != std::string::npos;
}

// Whether of all only one tensor has other bytes.
bool differ_in_one_tensor(const Reading& a, const Reading& b) {
  if (a.table != b.table || !a.error.empty() || !b.error.empty()) return false;
  size_t others = 0;
  for (size_t i = 0; i < a.tensors.size(); ++i) others += a.tensors[i] != b.tensors[i];
  return others == 1;
}

// Bytes of tensors, which nothing in the file checks.
std::vector<bool> payload_of(std::span<const std::byte> file) {
  std::vector<bool> payload(file.size());
  const auto mark = [&](std::span<const std::byte> bytes) {
    const auto begin = payload.begin() + (bytes.data() - file.data());
    std::fill_n(begin, bytes.size(), true);
  };
  const auto opened = hdf5::File::open(file, "f");
  if (!opened.ok()) return payload;  // an archive, which has a checksum
  for (const hdf5::Object& object : opened->objects()) {
    for (const hdf5::Dataset& dataset : object.dataset) {
      if (!dataset.stored.empty()) mark(dataset.stored);
      for (const hdf5::Chunk& chunk : dataset.chunks) {
        if (dataset.filters.empty()) mark(chunk.bytes);
      }
    }
  }
  return payload;
}

// Where the data of the datasets are said to be, in the older form of the format. Neither this address nor
// the data it leads to have a checksum there. Of each byte of the file the reader knows what claims it, so
// that data in the place of something else, or beyond the file, are refused; but the library leaves bytes
// between what it writes that nothing claims, and tensor data that are said to lie there are as good as any.
std::vector<bool> addresses_of(std::span<const std::byte> file) {
  std::vector<bool> addresses(file.size());
  const auto opened = hdf5::File::open(file, "f");
  for (const hdf5::Object& object : opened->objects()) {
    if (object.is_group()) continue;
    hdf5::Space space(file, "f");
    const auto messages = hdf5::read_object_header(space, object.address);
    const uint64_t layout = hdf5::find(*messages, hdf5::MessageType::layout)->offset;
    std::fill_n(addresses.begin() + static_cast<ptrdiff_t>(layout + 2), 8, true);
  }
  return addresses;
}

// Every n-th bit is flipped; up to 7 there is one in each byte.
struct Sample {
  std::string name;
  size_t every = 1;
  bool has_unused_space = false;
  // Without Keras' lists a name, a type or a shape stands in one place only, and in the older form under no
  // checksum: a changed one makes another file, which is as good. It is read whole or refused with a place.
  bool has_no_lists = false;
};

void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }

class KerasDamage : public testing::TestWithParam<Sample> {
 protected:
  void SetUp() override {
    file_ = test::read_file(test::keras_golden(GetParam().name));
    whole_ = read_all(file_);
    ASSERT_EQ(whole_.error, "");
    ASSERT_FALSE(whole_.tensors.empty());
  }

  Bytes file_;
  Reading whole_;
};

TEST_P(KerasDamage, TruncatedAnywhereIsRefused) {
  for (size_t size = 0; size < file_.size(); ++size) {
    const Bytes cut(file_.begin(), file_.begin() + static_cast<ptrdiff_t>(size));
    const Reading reading = read_all(cut);
    ASSERT_TRUE(is_located(reading.error)) << "cut to " << size << ": " << reading.error;
  }
}

TEST_P(KerasDamage, AFlippedBitIsFoundOrHarmless) {
  const std::vector<bool> payload = payload_of(file_);
  std::vector<bool> addresses(file_.size());
  if (GetParam().has_unused_space) addresses = addresses_of(file_);
  size_t silent = 0, others = 0, flips = 0;
  for (size_t i = 0; i < 8 * file_.size(); i += GetParam().every) {
    const size_t at = i / 8;
    if (payload[at]) continue;
    ++flips;
    const std::byte mask{static_cast<unsigned char>(1 << i % 8)};
    file_[at] ^= mask;
    const Reading reading = read_all(file_);
    file_[at] ^= mask;
    if (reading == whole_ || is_located(reading.error)) continue;
    if (addresses[at] && differ_in_one_tensor(reading, whole_)) continue;
    if (GetParam().has_no_lists && reading.error.empty()) {
      ++others;
      continue;
    }
    if (++silent <= 20) ADD_FAILURE() << "bit " << i % 8 << " at " << at << ": " << reading.error;
  }
  EXPECT_EQ(silent, 0u);
  EXPECT_LT(others, flips / 2);
}

INSTANTIATE_TEST_SUITE_P(
    Samples, KerasDamage,
    testing::Values(Sample{"h5py2.h5"}, Sample{"compact.h5"}, Sample{"compact-latest.h5"},
                    Sample{"chunked.h5"}, Sample{"chunked-v108.h5"}, Sample{"chunked-latest.h5"},
                    Sample{"ordered.h5"}, Sample{"deflated.keras", 3}, Sample{"sequential.h5", 5, true},
                    Sample{"split.h5", 5, true}, Sample{"nested-weights.h5", 5, true},
                    Sample{"types.h5", 5, true, true}, Sample{"indexes.h5", 7},
                    Sample{"sequential-3.keras", 7}, Sample{"sequential-3.weights.h5", 7, true, true},
                    Sample{"sequential-3.h5", 7, true}, Sample{"functional.h5", 31, true},
                    Sample{"dense.h5", 31}, Sample{"many.h5", 31, true, true}),
    [](const auto& sample) {
      std::string name = sample.param.name;
      std::ranges::replace_if(
          name, [](char c) { return c == '.' || c == '-'; }, '_');
      return name;
    });

}  // namespace
}  // namespace ink
