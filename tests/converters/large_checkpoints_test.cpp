#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "converters/sources/open.h"
#include "weights/sha256.h"

namespace ink {
namespace {

// Checkpoints of released sizes, which the original framework wrote (tests/reference/large_checkpoints.py):
// $INKSTONE_TEST_CHECKPOINTS is their folder.
TEST(LargeCheckpoints, EveryTensorIsTheOriginals) {
  const char* const folder = std::getenv("INKSTONE_TEST_CHECKPOINTS");
  if (folder == nullptr) GTEST_SKIP() << "INKSTONE_TEST_CHECKPOINTS is not set";
  struct Tensor {
    std::string dtype, shape, sha256;
  };
  std::map<std::string, std::map<std::string, Tensor>> files;
  std::ifstream manifest(std::string(folder) + "/manifest.txt");
  for (std::string line; std::getline(manifest, line);) {
    std::istringstream fields(line);
    std::string file, name;
    Tensor tensor;
    std::getline(fields, file, '\t');
    std::getline(fields, name, '\t');
    std::getline(fields, tensor.dtype, '\t');
    std::getline(fields, tensor.shape, '\t');
    std::getline(fields, tensor.sha256, '\t');
    files[file][name] = tensor;
  }
  ASSERT_FALSE(files.empty());
  for (const auto& [file, expected] : files) {
    const auto source = open_source(std::string(folder) + "/" + file);
    ASSERT_TRUE(source.ok()) << source.error().message;
    std::set<std::string> found;
    for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
      const SourceTensor& tensor = (*source)->tensors()[i];
      const auto want = expected.find(tensor.name);
      ASSERT_NE(want, expected.end()) << file << ": " << tensor.name;
      std::string shape;
      for (const int64_t size : tensor.shape) {
        shape += shape.empty() ? "" : "x";
        shape += std::to_string(size);
      }
      EXPECT_EQ(shape, want->second.shape) << file << ": " << tensor.name;
      EXPECT_EQ(dtype_name(tensor.dtype), want->second.dtype) << file << ": " << tensor.name;
      const Result<SourceBytes> bytes = (*source)->read(i);
      ASSERT_TRUE(bytes.ok()) << bytes.error().message;
      ASSERT_EQ(sha256_hex(bytes->bytes), want->second.sha256) << file << ": " << tensor.name;
      found.insert(tensor.name);
    }
    EXPECT_EQ(found.size(), expected.size()) << file;
  }
}

}  // namespace
}  // namespace ink
