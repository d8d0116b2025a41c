#include "converters/sources/huggingface/folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tests/converters/memory_folder.h"

namespace ink {
namespace {

using test::bytes_of;
using test::MemoryFolder;
using test::vectors_file;

std::unique_ptr<TensorSource> open(const MemoryFolder& folder) {
  EXPECT_TRUE(is_huggingface_folder(folder));
  auto source = open_huggingface(folder);
  EXPECT_TRUE(source.ok()) << (source.ok() ? "" : source.error().message);
  return source.ok() ? std::move(*source) : nullptr;
}

// "name=first element", in order.
std::vector<std::string> contents(const TensorSource& source) {
  std::vector<std::string> all;
  for (size_t i = 0; i < source.tensors().size(); ++i) {
    const auto bytes = source.read(i);
    EXPECT_TRUE(bytes.ok());
    float value = 0;
    std::memcpy(&value, bytes->bytes.data(), sizeof value);
    all.push_back(source.tensors()[i].name + "=" + std::to_string(static_cast<int>(value)));
  }
  return all;
}

std::vector<std::string> text_names(const TensorSource& source) {
  std::vector<std::string> names;
  for (const SourceText& text : source.texts()) names.push_back(text.name);
  return names;
}

using Lines = std::vector<std::string>;

TEST(HuggingFaceFolder, OneFile) {
  const MemoryFolder folder({{"config.json", bytes_of(R"({"transformers_version": "4.46.0", "nan": NaN})")},
                             {"preprocessor_config.json", bytes_of("{}")},
                             {"README.md", bytes_of("#")},
                             {"pytorch_model.bin", bytes_of("never opened")},
                             {"tf_model.h5", bytes_of("never opened")},
                             {"model.safetensors", vectors_file({"a", "b"})}});
  const auto source = open(folder);
  EXPECT_EQ(source->format(), "Hugging Face folder (safetensors)");
  EXPECT_EQ(source->origin(), "folder");
  EXPECT_EQ(source->producer(), "transformers 4.46.0");
  EXPECT_EQ(contents(*source), (Lines{"a=0", "b=1"}));
  EXPECT_EQ(text_names(*source), (Lines{"config.json", "preprocessor_config.json"}));
  EXPECT_EQ(Lines(source->unknown().begin(), source->unknown().end()),
            (Lines{"pytorch_model.bin, not read: model.safetensors is",
                   "tf_model.h5, not read: model.safetensors is"}));
}

TEST(HuggingFaceFolder, ShardsInTheOrderOfTheIndex) {
  const MemoryFolder folder(
      {{"model.safetensors.index.json", bytes_of(R"({"weight_map": {"c": "two", "a": "one", "b": "one"},)"
                                                 R"( "metadata": {"total_size": 24, "x": [1, {"y": []}]}})")},
       {"one", vectors_file({"a", "b"})},
       {"two", vectors_file({"more", "c"})}});
  const auto source = open(folder);
  EXPECT_EQ(source->format(), "Hugging Face folder (safetensors, 2 shards)");
  EXPECT_EQ(contents(*source), (Lines{"c=1", "a=0", "b=1"}));
  EXPECT_EQ(Lines(source->unknown().begin(), source->unknown().end()),
            (Lines{"the tensor more of two, which the index does not name"}));
}

TEST(HuggingFaceFolder, ModulesOfSentenceTransformers) {
  const MemoryFolder folder(
      {{"modules.json", bytes_of(R"([{"idx": 0, "path": "", "type": "a.Transformer"},)"
                                 R"( {"idx": 1, "path": "1_Pooling", "type": "a.Pooling"},)"
                                 R"( {"idx": 2, "path": "2_Dense", "type": "a.Dense", "more": [{}]},)"
                                 R"( {"idx": 3, "path": "3_Normalize", "type": "a.Normalize"}])")},
       {"config_sentence_transformers.json",
        bytes_of(R"({"__version__": {"sentence_transformers": "2.0.0"}})")},
       {"config.json", bytes_of(R"({"transformers_version": "4.6.1"})")},
       {"sentence_bert_config.json", bytes_of(R"({"max_seq_length": 128})")},
       {"1_Pooling/config.json", bytes_of("{}")},
       {"2_Dense/config.json", bytes_of("{}")},
       {"2_Dense/model.safetensors", vectors_file({"linear.bias", "linear.weight"})},
       {"model.safetensors.index.json", bytes_of(R"({"weight_map": {"x": "s"}})")},
       {"s", vectors_file({"x"})}});
  const auto source = open(folder);
  EXPECT_EQ(source->format(), "sentence-transformers folder (safetensors and safetensors, 1 shard)");
  EXPECT_EQ(source->producer(), "sentence-transformers 2.0.0");
  EXPECT_EQ(contents(*source), (Lines{"x=0", "2_Dense/linear.bias=0", "2_Dense/linear.weight=1"}));
  EXPECT_EQ(text_names(*source),
            (Lines{"modules.json", "config_sentence_transformers.json", "config.json",
                   "sentence_bert_config.json", "1_Pooling/config.json", "2_Dense/config.json"}));
}

TEST(HuggingFaceFolder, WhatIsReadOutlivesTheFolder) {
  SourceBytes kept;
  MemoryFolder folder({{"model.safetensors.index.json", bytes_of(R"({"weight_map": {"b": "s"}})")},
                       {"s", vectors_file({"a", "b"})}});
  {
    const auto source = open(folder);
    kept = *source->read(0);
  }
  float value = 0;
  std::memcpy(&value, kept.bytes.data(), sizeof value);
  EXPECT_EQ(value, 1);
}

TEST(HuggingFaceFolder, IsKnownByItsWeightsOrModules) {
  const MemoryFolder::Files neither = {{"config.json", {}}, {"tf_model.h5", {}}};
  EXPECT_FALSE(is_huggingface_folder(MemoryFolder(neither)));
  for (const char* name : {"modules.json", "model.safetensors", "pytorch_model.bin.index.json"}) {
    const MemoryFolder::Files files = {{name, {}}};
    EXPECT_TRUE(is_huggingface_folder(MemoryFolder(files)));
  }
}

// Names, elements and order, or "" for an error, which has to say something.
std::string outcome(const MemoryFolder::Files& files) {
  const MemoryFolder folder(files);
  const auto source = open_huggingface(folder);
  if (!source.ok()) {
    EXPECT_TRUE(source.error().message.starts_with("folder")) << source.error().message;
    return "";
  }
  std::string text;
  for (const std::string& line : contents(**source)) text += line + " ";
  return text;
}

TEST(HuggingFaceFolder, EveryTruncationAndBitFlipOfItsJsonGivesTheSameOrAnError) {
  const MemoryFolder::Files files = {
      {"modules.json", bytes_of(R"([{"idx": 0, "path": "", "type": "a.Transformer"},)"
                                R"( {"idx": 1, "path": "1_Pooling", "type": "a.Pooling"},)"
                                R"( {"idx": 2, "path": "2_Dense", "type": "a.Dense"}])")},
      {"model.safetensors.index.json",
       bytes_of(R"({"metadata": {"total_size": 24}, "weight_map": {"a.weight": "m-1.safetensors",)"
                R"( "b.weight": "m-2.safetensors", "c": "m-1.safetensors"}})")},
      {"config.json", bytes_of(R"({"transformers_version": "4.46.0", "x": [1, 2.5, true, null]})")},
      {"m-1.safetensors", vectors_file({"a.weight", "c"})},
      {"m-2.safetensors", vectors_file({"b.weight"})},
      {"2_Dense/model.safetensors", vectors_file({"linear.weight"})}};
  const std::string good = outcome(files);
  ASSERT_EQ(good, "a.weight=0 b.weight=0 c=1 2_Dense/linear.weight=0 ");
  for (const char* name : {"modules.json", "model.safetensors.index.json", "config.json"}) {
    const test::Bytes& whole = files.at(name);
    for (size_t size = 0; size < whole.size(); ++size) {
      MemoryFolder::Files cut = files;
      cut[name].resize(size);
      EXPECT_EQ(outcome(cut), "") << name << " cut to " << size;
    }
    for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
      MemoryFolder::Files flipped = files;
      flipped[name][bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
      const std::string found = outcome(flipped);
      EXPECT_TRUE(found.empty() || found == good) << name << " bit " << bit << ": " << found;
    }
  }
}

}  // namespace
}  // namespace ink
