#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "converters/sources/keras/keras.h"
#include "tests/converters/keras_samples.h"
#include "weights/sha256.h"
#include "weights/store.h"

namespace ink {
namespace {

// What tests/reference/keras_goldens.py wrote into one file.
struct Golden {
  std::string file;
  std::vector<std::string> lines;
};

void PrintTo(const Golden& golden, std::ostream* out) { *out << golden.file; }

std::vector<Golden> goldens() {
  std::vector<Golden> all;
  std::ifstream manifest(test::keras_golden("manifest.txt"));
  for (std::string line; std::getline(manifest, line);) {
    if (line.starts_with("file ")) {
      all.push_back({line.substr(5), {}});
    } else if (!line.empty()) {
      all.back().lines.push_back(line);
    }
  }
  return all;
}

class KerasGolden : public testing::TestWithParam<Golden> {};

TEST_P(KerasGolden, HasWhatWasWritten) {
  const test::Bytes bytes = test::read_file(test::keras_golden(GetParam().file));
  const auto source = test::open_keras(bytes, "f");
  ASSERT_TRUE(source.ok()) << source.error().message;
  std::vector<std::string> found = {"format " + std::string((*source)->format())};
  const std::string producer((*source)->producer());
  found.push_back(producer.empty() ? "producer" : "producer " + producer);
  for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
    const SourceTensor& tensor = (*source)->tensors()[i];
    const auto data = (*source)->read(i);
    ASSERT_TRUE(data.ok()) << data.error().message;
    std::string shape = shape_text(tensor.shape);
    std::erase(shape, ' ');
    found.push_back("tensor " + tensor.name + " " + dtype_name(tensor.dtype) + " " + shape + " " +
                    sha256_hex(data->bytes));
  }
  for (const SourceText& text : (*source)->texts()) {
    found.push_back("text " + text.name + " " + sha256_hex(test::bytes_of(text.text)));
  }
  for (const std::string& line : (*source)->unknown()) found.push_back("unknown " + line);
  EXPECT_EQ(found, GetParam().lines);
}

std::string test_name(const testing::TestParamInfo<Golden>& info) {
  std::string name = info.param.file;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, KerasGolden, testing::ValuesIn(goldens()), test_name);

TEST(KerasGolden, AllFormatsAreThere) { EXPECT_GE(goldens().size(), 18u); }

// Contiguous data are not copied.
TEST(KerasGolden, BorrowsContiguousTensors) {
  const auto owner =
      std::make_shared<const test::Bytes>(test::read_file(test::keras_golden("functional.h5")));
  const auto source = open_keras_h5(*owner, owner, "f");
  ASSERT_TRUE(source.ok());
  const long before = owner.use_count();
  const auto data = (*source)->read(0);
  ASSERT_TRUE(data.ok());
  EXPECT_GE(data->bytes.data(), owner->data());
  EXPECT_LE(data->bytes.data() + data->bytes.size(), owner->data() + owner->size());
  EXPECT_EQ(owner.use_count(), before + 1);
}

}  // namespace
}  // namespace ink
