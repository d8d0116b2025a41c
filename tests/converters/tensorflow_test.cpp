#include "converters/sources/tensorflow/tensorflow.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "weights/message.h"
#include "weights/sha256.h"
#include "weights/store.h"

namespace ink {
namespace {

const std::string kGoldens = INK_GOLDENS_DIR "/tensorflow/";

// Where each case of the manifest lies; a SavedModel is a folder.
const std::map<std::string, std::string> kCases = {
    {"checkpoint", "checkpoint/ckpt-1.index"},
    {"checkpoint_legacy", "checkpoint_legacy/ckpt-1.index"},
    {"weights", "weights/w.index"},
    {"clash", "clash/two.index"},
    {"saved_module", "saved_module"},
    {"saved_keras", "saved_keras"},
    {"saved_v1", "saved_v1"},
    {"named", "named/model.ckpt.index"},
    {"dtypes", "dtypes/all.index"},
    {"shards", "shards/merged.index"},
    {"sliced", "sliced/s.index"},
    {"blocks", "blocks/all.index"},
    {"snappy", "snappy/all.index"},
};

Result<std::unique_ptr<TensorSource>> open_case(const std::string& name) {
  const std::string path = kGoldens + kCases.at(name);
  return path.ends_with(".index") ? open_tf_checkpoint(path) : open_saved_model(path);
}

// name -> "dtype shape sha256".
using Tensors = std::map<std::string, std::string>;

std::map<std::string, Tensors> manifest() {
  std::map<std::string, Tensors> cases;
  std::ifstream file(kGoldens + "manifest.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name, dtype, shape, hash, tensor;
    words >> name >> dtype >> shape >> hash >> tensor;
    cases[name][tensor] = dtype + " " + shape + " " + hash;
  }
  return cases;
}

Tensors tensors_of(const TensorSource& source) {
  Tensors tensors;
  for (size_t i = 0; i < source.tensors().size(); ++i) {
    const SourceTensor& tensor = source.tensors()[i];
    std::string shape;
    for (const int64_t size : tensor.shape) shape += concat(shape.empty() ? "" : "x", size);
    const auto read = source.read(i);
    if (!read.ok()) {
      ADD_FAILURE() << read.error().message;
      continue;
    }
    EXPECT_EQ(reinterpret_cast<uintptr_t>(read->bytes.data()) % dtype_size(tensor.dtype), 0u);
    tensors[tensor.name] = std::string(dtype_name(tensor.dtype)) + " " + (shape.empty() ? "scalar" : shape) +
                           " " + sha256_hex(read->bytes);
  }
  EXPECT_EQ(tensors.size(), source.tensors().size());
  return tensors;
}

TEST(TensorFlow, TensorsAreThoseOfTensorFlow) {
  const auto cases = manifest();
  ASSERT_EQ(cases.size(), kCases.size());
  for (const auto& [name, expected] : cases) {
    const auto source = open_case(name);
    ASSERT_TRUE(source.ok()) << source.error().message;
    EXPECT_EQ(tensors_of(**source), expected) << name;
  }
}

std::vector<std::string> unknown_of(const std::string& name) {
  const auto source = open_case(name);
  return {(*source)->unknown().begin(), (*source)->unknown().end()};
}

TEST(TensorFlow, WhatIsNoWeightIsUnknown) {
  EXPECT_EQ(unknown_of("dtypes"),
            (std::vector<std::string>{"'other/complex': complex128 [1]", "'other/u16': uint16 [2]",
                                      "'other/words': string [3]"}));
  EXPECT_EQ(unknown_of("named"),
            (std::vector<std::string>{"'beta1_power': float32 []", "'beta2_power': float32 []",
                                      "'dense/bias/Adam': float32 [2]", "'dense/bias/Adam_1': float32 [2]",
                                      "'dense/kernel/Adam': float32 [3, 2]",
                                      "'dense/kernel/Adam_1': float32 [3, 2]", "'global_step': int64 []",
                                      "'table/Adam': float32 [7, 3]", "'table/Adam_1': float32 [7, 3]"}));
  const auto source = open_case("saved_keras");
  const std::string kValue = "/.ATTRIBUTES/VARIABLE_VALUE'";
  EXPECT_EQ(unknown_of("saved_keras"),
            (std::vector<std::string>{"'keras_api/metrics/0/count" + kValue + ": float32 []",
                                      "'keras_api/metrics/0/total" + kValue + ": float32 []",
                                      "'keras_api/metrics/1/count" + kValue + ": float32 []",
                                      "'keras_api/metrics/1/total" + kValue + ": float32 []",
                                      "'optimizer/_iterations" + kValue + ": int64 []",
                                      "'optimizer/_learning_rate" + kValue + ": float32 []",
                                      "'optimizer/_variables/1" + kValue + ": float32 [3, 2]",
                                      "'optimizer/_variables/2" + kValue + ": float32 [3, 2]",
                                      "'optimizer/_variables/3" + kValue + ": float32 [2]",
                                      "'optimizer/_variables/4" + kValue + ": float32 [2]"}));
  // 8 weights; beside them two slots for each of the 6 that are trained, steps, rate and counter of saves.
  EXPECT_EQ(unknown_of("checkpoint").size(), 15u);
}

TEST(TensorFlow, SavedModelSaysWhatItIs) {
  const auto source = open_case("saved_module");
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ((*source)->format(), "TensorFlow SavedModel");
  EXPECT_EQ((*source)->origin(), kGoldens + "saved_module");
  EXPECT_EQ((*source)->producer(), "TensorFlow 2.21.0");
  ASSERT_EQ((*source)->texts().size(), 1u);
  EXPECT_EQ((*source)->texts()[0].name, "signature_def");
  EXPECT_EQ(
      (*source)->texts()[0].text,
      R"({"__saved_model_init_op":{"method_name":"","inputs":{},"outputs":{"__saved_model_init_op":)"
      R"({"name":"NoOp","dtype":"invalid","shape":null}}},)"
      R"("serving_default":{"method_name":"tensorflow/serving/predict",)"
      R"("inputs":{"points":{"name":"serving_default_points:0","dtype":"float32","shape":[-1,2]}},)"
      R"("outputs":{"turned":{"name":"StatefulPartitionedCall:0","dtype":"float32","shape":[-1,2]}}}})");
}

// As the messages of tf_keras read it.
TEST(TensorFlow, AKerasModelIsDescribed) {
  const auto source = open_case("saved_keras");
  ASSERT_TRUE(source.ok()) << source.error().message;
  ASSERT_EQ((*source)->texts().size(), 2u);
  const SourceText& text = (*source)->texts()[1];
  EXPECT_EQ(text.name, "keras_metadata.pb");
  EXPECT_NE(text.text.find(R"("class_name": "Sequential", "config": {"name": "small", "layers": [)"),
            text.text.npos);
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span(text.text))),
            "d5c7b8862f0ac889287b9ac7e085ae61b4dffb2f21abbf519a9c86c447cf0e47");
}

TEST(TensorFlow, CheckpointSaysWhatItIs) {
  const auto source = open_case("checkpoint");
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ((*source)->format(), "TensorFlow checkpoint");
  EXPECT_EQ((*source)->origin(), kGoldens + "checkpoint/ckpt-1.index");
  EXPECT_EQ((*source)->producer(), "");
  EXPECT_TRUE((*source)->texts().empty());
}

TEST(TensorFlow, SavedModelWithoutVariables) {
  const std::string folder = kGoldens + "saved_empty";
  ASSERT_TRUE(is_saved_model(folder));
  const auto source = open_saved_model(folder);
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().kind, ErrorKind::model);
  EXPECT_EQ(source.error().message,
            folder + ": holds no variables: weights that are constants of the graph are not supported");
}

}  // namespace
}  // namespace ink
