#include "converters/sources/torch/torch.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/converters/sample_torch.h"

namespace ink {
namespace {

using test::Bytes;
using test::TorchGolden;
using test::TorchTensor;

Result<std::unique_ptr<TensorSource>> open_golden(const std::string& file) {
  auto bytes = std::make_shared<const Bytes>(test::torch_golden(file));
  const std::span<const std::byte> all(*bytes);
  return open_torch({all, std::move(bytes)}, file);
}

TEST(Torch, ReadsEveryGolden) {
  const std::vector<TorchGolden> goldens = test::torch_goldens();
  EXPECT_GE(goldens.size(), 27u);
  for (const TorchGolden& golden : goldens) {
    SCOPED_TRACE(golden.file);
    EXPECT_TRUE(is_torch(test::torch_golden(golden.file)));
    const auto source = open_golden(golden.file);
    ASSERT_TRUE(source.ok()) << source.error().message;
    std::string problem;
    const std::vector<TorchTensor> tensors = test::read_all(**source, problem);
    EXPECT_EQ(problem, "");
    ASSERT_EQ(tensors.size(), golden.tensors.size());
    for (size_t i = 0; i < tensors.size(); ++i) {
      EXPECT_EQ(tensors[i], golden.tensors[i]) << tensors[i].name << " and " << golden.tensors[i].name;
    }
    EXPECT_EQ((*source)->origin(), golden.file);
  }
}

std::vector<std::string> names(const TensorSource& source) {
  std::vector<std::string> result;
  for (const SourceTensor& tensor : source.tensors()) result.push_back(tensor.name);
  return result;
}

TEST(Torch, OrderOfTheFile) {
  const auto source = open_golden("sequential.pt");
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ(names(**source),
            (std::vector<std::string>{"0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean",
                                      "1.running_var", "1.num_batches_tracked"}));
}

TEST(Torch, NamesTheFormat) {
  const std::map<std::string, std::string> formats = {
      {"state.pt", "torch"},        {"module.pt", "torch"},       {"deflated.pt", "torch"},
      {"script.pt", "TorchScript"}, {"traced.pt", "TorchScript"}, {"legacy.pt", "torch legacy stream"}};
  for (const auto& [file, format] : formats) EXPECT_EQ((*open_golden(file))->format(), format) << file;
}

std::vector<std::string> unknown(const std::string& file) {
  const auto source = open_golden(file);
  if (!source.ok()) return {source.error().message};
  return {(*source)->unknown().begin(), (*source)->unknown().end()};
}

using Lines = std::vector<std::string>;

TEST(Torch, SaysWhatIsLeftOut) {
  for (const char* file : {"state.pt", "module.pt", "module4.pt", "types.pt", "views.pt", "script.pt",
                           "traced.pt", "attributes.pt", "legacy.pt", "legacy_module.pt", "nested.pt"}) {
    EXPECT_EQ(unknown(file), Lines()) << file;
  }
  EXPECT_EQ(unknown("checkpoint.pt"), (Lines{"'optimizer_state_dict' beside the model: 24 tensors, left out",
                                             "'loss' beside the model: 1 tensor, left out"}));
  const Lines lightning = {"'callbacks' beside the model: 1 tensor, left out",
                           "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
                           "pytorch_lightning.utilities.parsing.AttributeDict", "somebody.options.Settings"};
  EXPECT_EQ(unknown("lightning.pt"), lightning);
  EXPECT_EQ(unknown("legacy_checkpoint.pt"), lightning);
  EXPECT_EQ(unknown("frozen.pt"), (Lines{"constants of the code: 3 tensors without names"}));
}

TEST(Torch, NamesTheProducer) {
  EXPECT_EQ((*open_golden("lightning.pt"))->producer(), "PyTorch Lightning 1.0.4");
  EXPECT_EQ((*open_golden("state.pt"))->producer(), "");
}

// Contiguous tensors are pieces of the file, and live as long as its owner; others are copies.
TEST(Torch, BorrowsWhatIsContiguous) {
  auto bytes = std::make_shared<const Bytes>(test::torch_golden("views.pt"));
  const std::span<const std::byte> all(*bytes);
  auto source = open_torch({all, bytes}, "views.pt");
  ASSERT_TRUE(source.ok());
  std::map<std::string, bool> borrowed;
  SourceBytes kept;
  for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
    const auto tensor = (*source)->read(i);
    ASSERT_TRUE(tensor.ok());
    const std::byte* const data = tensor->bytes.data();
    const std::string& name = (*source)->tensors()[i].name;
    borrowed[name] = data >= all.data() && data < all.data() + all.size();
    if (name == "whole") kept = *tensor;
  }
  for (const char* name : {"whole", "rows", "one", "query", "key", "value"})
    EXPECT_TRUE(borrowed[name]) << name;
  for (const char* name : {"columns", "transposed", "every_other", "permuted", "expanded", "half", "mask"}) {
    EXPECT_FALSE(borrowed[name]) << name;
  }
  source = Error{};
  EXPECT_GT(bytes.use_count(), 1);
  bytes.reset();
  EXPECT_EQ(kept.bytes.size(), 24 * sizeof(float));
  EXPECT_EQ(kept.bytes[4 + 3], std::byte{0x3f});  // 1.0f
}

}  // namespace
}  // namespace ink
