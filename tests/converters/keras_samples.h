#pragma once

#include <memory>
#include <span>
#include <string>

#include "converters/sources/keras/keras.h"
#include "converters/sources/source.h"
#include "tests/weights/sample_files.h"

namespace ink::test {

// The path of a file of tests/goldens/keras.
std::string keras_golden(const std::string& name);

// By what the bytes begin with, a .keras archive or an HDF5 file. Borrows them.
Result<std::unique_ptr<TensorSource>> open_keras(std::span<const std::byte> bytes, const std::string& origin);

}  // namespace ink::test
