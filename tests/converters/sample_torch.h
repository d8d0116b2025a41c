#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/source.h"
#include "tests/weights/sample_files.h"

namespace ink::test {

// A line of tests/goldens/torch/manifest.txt.
struct TorchTensor {
  std::string name, dtype, shape, sha256;
  bool operator==(const TorchTensor&) const = default;
};
struct TorchGolden {
  std::string file;
  std::vector<TorchTensor> tensors;  // by name
};

std::vector<TorchGolden> torch_goldens();
Bytes torch_golden(std::string_view file);
// All tensors of a source, by name; `problem` where one cannot be read.
std::vector<TorchTensor> read_all(const TensorSource& source, std::string& problem);

// Pieces of a pickle, to be put behind each other.
namespace pickle {

std::string text(std::string_view value);
std::string integer(int64_t value);
std::string global(std::string_view module, std::string_view name);
// Marked, of items put behind each other.
std::string tuple(std::string_view items);
std::string dict(std::string_view pairs);
std::string call(std::string_view module, std::string_view name, std::string_view arguments);
// An instance with attributes.
std::string object(std::string_view module, std::string_view name, std::string_view attributes);
std::string sizes(std::initializer_list<int64_t> values);
std::string storage(std::string_view type, std::string_view key, int64_t elements);
std::string tensor(std::string_view storage, int64_t offset, std::initializer_list<int64_t> shape,
                   std::initializer_list<int64_t> stride);
// Protocol 2 to STOP.
std::string whole(std::string_view value);

}  // namespace pickle

// The members of an archive of torch, stored: the pickle, one storage of `elements` zeros in four bytes each
// by the key "0", byteorder and version.
std::vector<ZipPart> torch_parts(std::string_view pickle, size_t elements = 6);
// The stream before torch 1.6: `object` is a whole pickle, `keys` the texts of the list, `storages` what
// stands behind the pickles.
Bytes torch_stream(std::string_view object, std::string_view keys, const Bytes& storages);

}  // namespace ink::test
