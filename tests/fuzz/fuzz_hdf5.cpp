

#include <cstdlib>

#include <string>

#include "converters/sources/hdf5/file.h"
#include "converters/sources/keras/keras.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/hdf5_sums.h"
#include "tests/fuzz/keras_target.h"

using ink::fuzz::Input;
using ink::fuzz::Random;

int fuzz_one(const uint8_t* data, size_t size) {
  const auto bytes = ink::fuzz::bytes_of(data, size);
  const auto source = ink::open_keras_h5(bytes, nullptr, "fuzz");
  if (source.ok()) {
    ink::fuzz::check_source(**source);
    return 1;
  }
  return ink::fuzz::has_superblock(bytes) ? 1 : 0;
}

std::vector<Input> fuzz_seeds() {
  return ink::fuzz::keras_inputs({"h5py2.h5", "split.h5", "compact.h5", "compact-latest.h5", "chunked.h5",
                                  "chunked-v108.h5", "chunked-latest.h5", "sequential-3.weights.h5",
                                  "sequential.h5", "indexes.h5", "types.h5"});
}

void fuzz_mutate(Input& input, Random& random) { ink::fuzz::mutate_hdf5(input, random); }
