#pragma once

#include <memory>
#include <span>
#include <string>

#include "converters/sources/hdf5/object_header.h"
#include "converters/sources/keras/keras.h"
#include "converters/sources/source.h"
#include "tests/weights/sample_files.h"

namespace ink::test {

// The path of a file of tests/goldens/keras.
std::string keras_golden(const std::string& name);

// By what the bytes begin with, a .keras archive or an HDF5 file. Borrows them.
Result<std::unique_ptr<TensorSource>> open_keras(std::span<const std::byte> bytes, const std::string& origin);

// Why a checkpoint is refused, when it is opened or when one of its tensors is read.
std::string refusal(std::span<const std::byte> bytes);

// A file of tests/goldens/keras to be damaged. Places are those of the file as it was.
class SampleH5 {
 public:
  explicit SampleH5(const std::string& name);

  Bytes bytes;

  // Little endian.
  void put(size_t at, size_t count, uint64_t value);
  uint64_t get(size_t at, size_t count) const { return hdf5::number(bytes, at, count); }
  // The n-th place of a text.
  size_t find(std::string_view text, size_t n) const;
  // The header of an object.
  size_t object(const std::string& path) const;
  // The body of its only message of a type.
  size_t message(const std::string& path, hdf5::MessageType type) const;
  // The body of the first continuation message in an old header.
  size_t continuation(const std::string& path) const;
  // The root of the B-tree of its chunks, by an old layout message.
  size_t chunk_tree(const std::string& path) const;
  // Sets the sum of the checksummed structure at `at`, whose fields have `size` bytes.
  void mend(size_t at, size_t size);

 private:
  Bytes whole_;
};

}  // namespace ink::test
