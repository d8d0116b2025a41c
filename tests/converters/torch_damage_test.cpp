#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "converters/sources/torch/torch.h"
#include "tests/converters/sample_torch.h"

namespace ink {
namespace {

using test::Bytes;
using test::TorchGolden;
using test::TorchTensor;

// What became of a damaged file: the message of its refusal, or its tensors.
struct Outcome {
  std::string problem;
  std::vector<TorchTensor> tensors;
};

Outcome read(std::span<const std::byte> bytes) {
  const auto source = open_torch({bytes, nullptr}, "sample.pt");
  Outcome outcome;
  if (source.ok()) {
    outcome.tensors = test::read_all(**source, outcome.problem);
  } else {
    outcome.problem = source.error().message;
  }
  return outcome;
}

// Whether a sentence names the file, or a member of it, and a place there.
bool names_place(const std::string& message) {
  return (message.starts_with("sample.pt: ") || message.starts_with("sample.pt, member '")) &&
         message.find(" offset ") != message.npos;
}

bool has_checksums(const TorchGolden& golden) { return !golden.file.starts_with("legacy"); }

// Every bit is flipped in one of the samples of each form whose damage takes another way through the reader.
// The others differ in what their pickles hold; in them it is one bit in each byte.
size_t every(const TorchGolden& golden) {
  constexpr std::string_view kFiles[] = {"views.pt",  "empty.pt",    "sequential.pt",       "deflated.pt",
                                         "legacy.pt", "frozen.pt",   "legacy_protocol4.pt", "repacked.pt",
                                         "nested.pt", "lightning.pt"};
  return std::ranges::find(kFiles, golden.file) != std::end(kFiles) ? 1 : 7;
}

TEST(TorchDamage, EveryTruncationIsRefused) {
  for (const TorchGolden& golden : test::torch_goldens()) {
    const Bytes whole = test::torch_golden(golden.file);
    for (size_t size = 0; size < whole.size(); ++size) {
      const std::string problem = read(std::span(whole).first(size)).problem;
      ASSERT_TRUE(names_place(problem)) << golden.file << " cut to " << size << ": " << problem;
    }
  }
}

// With checksums, a turned bit anywhere is found or harmless.
TEST(TorchDamage, EveryFlippedBitOfAnArchiveIsRefusedOrHarmless) {
  size_t flips = 0, refused = 0;
  for (const TorchGolden& golden : test::torch_goldens()) {
    if (!has_checksums(golden)) continue;
    Bytes bytes = test::torch_golden(golden.file);
    for (size_t bit = 0; bit < bytes.size() * 8; bit += every(golden)) {
      const std::byte turned = std::byte{1} << (bit % 8);
      bytes[bit / 8] ^= turned;
      const Outcome outcome = read(bytes);
      bytes[bit / 8] ^= turned;
      ++flips;
      if (outcome.problem.empty()) {
        ASSERT_EQ(outcome.tensors, golden.tensors) << golden.file << " bit " << bit;
      } else {
        ++refused;
        ASSERT_TRUE(names_place(outcome.problem)) << golden.file << " bit " << bit << ": " << outcome.problem;
      }
    }
  }
  EXPECT_GT(flips, 100'000u);
  EXPECT_GT(refused, flips / 2);
}

// The stream has no checksums: a turned bit in a name or a number is another file that is as good. It must
// still be read whole, or refused with a place.
TEST(TorchDamage, EveryFlippedBitOfAStreamIsReadOrRefused) {
  for (const TorchGolden& golden : test::torch_goldens()) {
    if (has_checksums(golden)) continue;
    Bytes bytes = test::torch_golden(golden.file);
    size_t same = 0, refused = 0, other = 0;
    for (size_t bit = 0; bit < bytes.size() * 8; bit += every(golden)) {
      const std::byte turned = std::byte{1} << (bit % 8);
      bytes[bit / 8] ^= turned;
      const Outcome outcome = read(bytes);
      bytes[bit / 8] ^= turned;
      if (!outcome.problem.empty()) {
        ++refused;
        ASSERT_TRUE(names_place(outcome.problem)) << golden.file << " bit " << bit << ": " << outcome.problem;
      } else {
        ++(outcome.tensors == golden.tensors ? same : other);
      }
    }
    EXPECT_GT(refused, other) << golden.file << ": " << same << " harmless, " << refused << " refused, "
                              << other << " other tensors";
  }
}

}  // namespace
}  // namespace ink
