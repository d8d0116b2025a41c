#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "models/realcugan.h"
#include "tests/cli/command.h"
#include "tests/cli/torch_file.h"
#include "weights/message.h"
#include "weights/safetensors.h"

namespace ink {
namespace {

using test::Outcome;
using test::Workplace;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// m.safetensors as a model file, and the same tensors as a released checkpoint in the folder "released", in
// two shards, with the mark of a pro network beside them.
void write_checkpoint(const Workplace& work) {
  work.write_model("m.safetensors", true);
  const auto model = read_safetensors(work.path("m.safetensors"));
  ASSERT_TRUE(model.ok());
  std::filesystem::create_directory(work.path("released"));
  WeightStore shards[2];
  std::string map;
  for (const TensorSpec& spec : realcugan_tensors({2, true, false})) {
    const StoredTensor* tensor = model->find(spec.name);
    const size_t s = spec.source_name.starts_with("unet1") ? 0 : 1;
    ASSERT_TRUE(shards[s].add(spec.source_name, tensor->dtype, tensor->shape, tensor->bytes).ok());
    map += "\"" + spec.source_name + "\": \"" + std::to_string(s) + ".safetensors\",\n";
  }
  const std::byte one{1};
  ASSERT_TRUE(shards[1].add("pro", DType::boolean, {}, {&one, 1}).ok());
  ASSERT_TRUE(write_safetensors(shards[0], work.path("released/0.safetensors")).ok());
  ASSERT_TRUE(write_safetensors(shards[1], work.path("released/1.safetensors")).ok());
  work.write("released/model.safetensors.index.json",
             test::bytes_of("{\"weight_map\": {" + map + "\"pro\": \"1.safetensors\"}}"));
  work.write("released/config.json", test::bytes_of("{\n  \"transformers_version\": \"4.0\"\n}\n"));
}

TEST(CliCheckpoints, InfoShowsAFolder) {
  const Workplace work;
  write_checkpoint(work);
  work.write("released/tf_model.h5", {});
  const Outcome text = work.run({"info", "released"});
  EXPECT_EQ(text.code, 0) << text.err;
  for (const char* part :
       {"format                    Hugging Face folder (safetensors, 2 shards)\n",
        "producer                  transformers 4.0\n",
        "model                     realcugan {\"pro\":true,\"scale\":2,\"squeeze_excite\":true}\n",
        "  config.json               36 bytes: { \"transformers_version\": \"4.0\" }\n",
        ", 1 of BOOL, 60 of F32\n", "  unet1.conv1.conv.0.weight F32 [32, 3, 3, 3]\n",
        "not understood\n  tf_model.h5, not read: model.safetensors.index.json is\n"}) {
    EXPECT_TRUE(holds(text.out, part)) << part << " in " << text.out;
  }
  const Outcome json = work.run({"info", "released", "--json"});
  for (const char* part :
       {R"("producer":"transformers 4.0","model":{"architecture":"realcugan","config":{"pro":true)",
        R"("texts":[{"name":"config.json","bytes":36,"text":"{\u000a  \"transformers_version\")",
        R"("dtypes":{"BOOL":1,"F32":60})", R"({"name":"pro","dtype":"BOOL","shape":[]})",
        R"("unknown":["tf_model.h5, not read)"}) {
    EXPECT_TRUE(holds(json.out, part)) << part << " in " << json.out;
  }
}

TEST(CliCheckpoints, InfoShowsAModelThatIsNotKnown) {
  const Workplace work;
  WeightStore store;
  ASSERT_TRUE(store.add("a\n.weight", DType::f32, {0, 3}, {}).ok());
  ASSERT_TRUE(write_safetensors(store, work.path("x.pth")).ok());
  const Outcome text = work.run({"info", "x.pth"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_TRUE(holds(text.out,
                    "model                     none that can be used\n"
                    "refused                   x.pth: its 1 tensors ('a\\x0a.weight', format "
                    "safetensors) make no model that is known here"))
      << text.out;
  EXPECT_TRUE(holds(text.out, R"(  a\x0a.weight)")) << text.out;
  const std::string json = work.run({"info", "x.pth", "--json"}).out;
  EXPECT_TRUE(holds(json, R"("model":null)") && holds(json, R"("refusal":"x.pth: its 1 tensors)")) << json;
  for (const std::string command : {"upscale", "convert"}) {
    const Outcome refused = command == "upscale" ? work.run({"upscale", "p.png", "-m", "x.pth"})
                                                 : work.run({"convert", "x.pth", "-o", "y.safetensors"});
    EXPECT_NE(refused.code, 0);
    EXPECT_FALSE(work.exists("y.safetensors"));
  }
  EXPECT_EQ(work.run({"info", "none.pth"}).code, 78);
}

// As every other command says it, in one line.
TEST(CliCheckpoints, InfoSaysWhyAModelThatIsNearlyKnownIsRefused) {
  const Workplace work;
  write_checkpoint(work);
  const std::string shard = "released/0.safetensors";
  const Outcome convert = work.run({"convert", shard, "-o", "out.safetensors"});
  EXPECT_EQ(convert.code, 78);
  EXPECT_TRUE(convert.says("the nearest, Real-CUGAN 2x")) << convert.err;
  const std::string reason = convert.err.substr(std::string("inkstone: error: ").size());
  const Outcome info = work.run({"info", shard});
  EXPECT_EQ(info.code, 0) << info.err;
  EXPECT_TRUE(holds(info.out, "\nrefused                   " + reason)) << info.out;
  EXPECT_TRUE(holds(work.run({"info", shard, "--json"}).out, R"("refusal":"released/0.safetensors: )"));

  const Outcome whole = work.run({"info", "m.safetensors"});
  EXPECT_FALSE(holds(whole.out, "refused")) << whole.out;
  EXPECT_FALSE(holds(work.run({"info", "m.safetensors", "--json"}).out, "refusal"));
}

TEST(CliCheckpoints, InfoAndConvertKnowEveryFormat) {
  const Workplace work;
  struct Sample {
    std::string file, format, model;
  };
  const Sample samples[] = {
      {"torch/state.pt", "torch", ""},
      {"torch/traced.pt", "TorchScript", ""},
      {"torch/legacy.pt", "torch legacy stream", ""},
      {"keras/functional.h5", "Keras HDF5", ""},
      {"keras/sequential-3.keras", "Keras zip", ""},
      {"tensorflow/saved_keras", "TensorFlow SavedModel", ""},
      {"huggingface/shards", "Hugging Face folder (safetensors, 3 shards)", "distilbert"},
      {"huggingface/torch_shards", "Hugging Face folder (torch, 2 shards)", "distilbert"},
      {"huggingface/sentence", "sentence-transformers folder (safetensors)", "distilbert"},
  };
  for (const auto& [sample, format, model] : samples) {
    const std::string path = INK_GOLDENS_DIR "/" + sample;
    const Outcome info = work.run({"info", path});
    EXPECT_EQ(info.code, 0) << info.err;
    EXPECT_TRUE(holds(info.out, "format                    " + format + "\n")) << info.out;
    const std::string known = model.empty() ? "none that can be used\n" : model + " {";
    EXPECT_TRUE(holds(info.out, "model                     " + known)) << info.out;
    EXPECT_TRUE(holds(work.run({"info", path, "--json"}).out, "\"format\":\"" + format + "\"")) << sample;
    const Outcome convert = work.run({"convert", path, "-o", "out.safetensors"});
    EXPECT_EQ(convert.code, model.empty() ? 78 : 0) << sample << convert.err;
    EXPECT_EQ(work.exists("out.safetensors"), !model.empty()) << sample;
    if (model.empty()) {
      EXPECT_TRUE(convert.says("format " + format + ") make no model that is known here")) << convert.err;
    } else {
      std::filesystem::remove(work.path("out.safetensors"));
    }
  }
}

TEST(CliCheckpoints, UpscaleTakesAFolderAsItIs) {
  const Workplace work;
  write_checkpoint(work);
  work.write_picture("p.png", test::test_picture(24, 20, 3));
  ASSERT_EQ(work.run({"convert", "released", "-o", "pro.safetensors"}).code, 0);
  for (const char* model : {"released", "released/model.safetensors.index.json", "pro.safetensors"}) {
    const Outcome outcome = work.run({"upscale", "p.png", "-o", "out.png", "-m", model});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    std::filesystem::rename(work.path("out.png"), work.path("kept.png"));
    if (std::string_view(model) == "released")
      std::filesystem::copy(work.path("kept.png"), work.path("a.png"));
    EXPECT_EQ(work.read("kept.png"), work.read("a.png")) << model;
  }
}

TEST(CliCheckpoints, UpscaleTakesTheOriginalTorchCheckpoint) {
  const Workplace work;
  work.write_model("nose.safetensors");
  test::write_realcugan_pth(work, "up2x-latest-no-denoise.pth", "nose", "nose.safetensors");
  work.write_picture("p.png", test::test_picture(24, 20, 3));
  for (const char* model : {"nose.safetensors", "up2x-latest-no-denoise.pth"}) {
    const Outcome outcome = work.run({"upscale", "p.png", "-o", std::string(model) + ".png", "-m", model});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }
  EXPECT_EQ(work.read("up2x-latest-no-denoise.pth.png"), work.read("nose.safetensors.png"));

  // The mark of a pro network is no tensor here.
  work.write_model("se.safetensors", true);
  test::write_realcugan_pth(work, "pro.bin", "pro", "se.safetensors");
  const Outcome converted = work.run({"convert", "pro.bin", "-o", "out.safetensors"});
  EXPECT_EQ(converted.code, 0) << converted.err;
  EXPECT_TRUE(holds(converted.out, R"({"pro":true,"scale":2,"squeeze_excite":true}, 60 of 60 tensors)"))
      << converted.out;
  const Outcome info = work.run({"info", "pro.bin"});
  EXPECT_TRUE(holds(info.out, "format                    torch\n") &&
              holds(info.out, "  pro                       4 bytes: True\n"))
      << info.out;
}

TEST(CliCheckpoints, ConvertSaysWhatItUsed) {
  const Workplace work;
  write_checkpoint(work);
  const Outcome outcome = work.run({"convert", "released/", "-o", "out.safetensors"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "out.safetensors: realcugan {\"pro\":true,\"scale\":2,\"squeeze_excite\":true}, 60 of 61 tensors "
            "of released/ used, left over: 'pro'\n");
  EXPECT_TRUE(outcome.err.empty()) << outcome.err;
  EXPECT_TRUE(holds(work.run({"info", "out.safetensors"}).out, "inkstone.source           released\n"));
  const Outcome quiet = work.run({"convert", "released", "-o", "out.safetensors", "-q"});
  EXPECT_EQ(quiet.out + quiet.err, "");
  const Outcome verbose = work.run({"convert", "released", "-o", "out.safetensors", "-v"});
  EXPECT_TRUE(verbose.says("used unet2.conv_bottom.bias\n") && verbose.says("left over pro\n"))
      << verbose.err;
  const Outcome json = work.run({"convert", "released", "-o", "out.safetensors", "--json"});
  for (const char* part :
       {R"x("tensors":60,"format":"Hugging Face folder (safetensors, 2 shards)")x",
        R"({"source":"unet2.conv_bottom.bias","name":"unet2.conv_bottom.bias"})", R"("left_over":["pro"])"}) {
    EXPECT_TRUE(holds(json.out, part)) << part << " in " << json.out;
  }
}

TEST(CliCheckpoints, ConvertRefusesWhatIsMissingAndToOverwriteItsSource) {
  const Workplace work;
  write_checkpoint(work);
  const std::string shard = "released/0.safetensors";
  for (const char* source : {"released", "released/model.safetensors.index.json"}) {
    EXPECT_EQ(work.run({"convert", source, "-o", shard}).code, 64);
  }
  EXPECT_EQ(work.run({"convert", "released", "-o", "released/new.safetensors"}).code, 0);

  const auto whole = read_safetensors(work.path(shard));
  WeightStore less;
  for (const StoredTensor& tensor : whole->tensors()) {
    if (tensor.name != "unet1.conv3.bias") {
      ASSERT_TRUE(less.add(tensor.name, tensor.dtype, tensor.shape, tensor.bytes).ok());
    }
  }
  ASSERT_TRUE(write_safetensors(less, work.path(shard)).ok());
  const Outcome refused = work.run({"convert", "released", "-o", "out.safetensors"});
  EXPECT_EQ(refused.code, 78);
  EXPECT_TRUE(refused.says("expected the tensor 'unet1.conv3.bias' in 0.safetensors")) << refused.err;
  const Outcome part = work.run({"convert", shard, "-o", "out.safetensors"});
  EXPECT_EQ(part.code, 78);
  EXPECT_TRUE(part.says("the nearest, Real-CUGAN 2x") && part.says("is missing; and ")) << part.err;
}

// 200 MB in the file that the model has no use for; on the disk they are a hole.
TEST(CliCheckpoints, ConvertTakesNoMemoryForWhatItLeavesOver) {
  constexpr uint64_t kUnused = 200'000'000;
  const Workplace work;
  work.write_model("m.safetensors");
  const auto model = read_safetensors(work.path("m.safetensors"));
  std::string json;
  uint64_t end = 0;
  test::Bytes data;
  for (const TensorSpec& spec : realcugan_tensors({2, false, false})) {
    const StoredTensor* tensor = model->find(spec.name);
    json +=
        concat(json.empty() ? "{\"" : ",\"", spec.source_name, R"(":{"dtype":"F32","shape":)",
               shape_text(spec.shape), R"(,"data_offsets":[)", end, ",", end + tensor->bytes.size(), "]}");
    end += tensor->bytes.size();
    data.insert(data.end(), tensor->bytes.begin(), tensor->bytes.end());
  }
  json += concat(R"(,"pro":{"dtype":"U8","shape":[)", kUnused, R"(],"data_offsets":[)", end, ",",
                 end + kUnused, "]}}");
  test::Bytes file(8);
  for (size_t i = 0; i < 8; ++i) file[i] = static_cast<std::byte>(json.size() >> (8 * i));
  const test::Bytes header = test::bytes_of(json);
  file.insert(file.end(), header.begin(), header.end());
  file.insert(file.end(), data.begin(), data.end());
  work.write("big.safetensors", file);
  std::filesystem::resize_file(work.path("big.safetensors"), file.size() + kUnused);

  const uint64_t nothing = work.run({"limits"}).peak_bytes;
  const Outcome outcome = work.run({"convert", "big.safetensors", "-o", "out.safetensors"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "left over: 'pro'")) << outcome.out;
  EXPECT_LE(outcome.peak_bytes, nothing + end * 12 / 10 + (8 << 20));
}

}  // namespace
}  // namespace ink
