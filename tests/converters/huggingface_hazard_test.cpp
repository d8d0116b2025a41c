#include <gtest/gtest.h>

#include "converters/sources/huggingface/folder.h"
#include "converters/sources/huggingface/folder_json.h"
#include "tests/converters/memory_folder.h"

namespace ink {
namespace {

using test::bytes_of;
using test::MemoryFolder;
using test::vectors_file;
using namespace std::string_view_literals;

struct BadText {
  std::string_view text;
  std::string_view complaint;  // part of the message
};

std::string index_refusal(std::string_view text, const ModelLimits& limits = {}) {
  const auto index = parse_shard_index(text, "i", limits);
  return index.ok() ? "accepted" : index.error().message;
}

TEST(ShardIndexHazard, RefusesWhatIsNoIndex) {
  const BadText cases[] = {
      {"", "broken at offset 0"},
      {"{", "broken at offset 1"},
      {"[]", "expected an object as the whole, found a list"},
      {"\"weight_map\"", "expected an object as the whole, found a string"},
      {"{}", "has no weight_map: is it the index of a checkpoint?"},
      {R"({"weight_map": {}})", "names no tensor"},
      {R"({"weight_map": []})", "expected an object as weight_map, found a list"},
      {R"({"weight_map": null})", "found null"},
      {R"({"weight_map": {"a": "s"}, "weight_map": {"b": "s"}})", "weight_map is there twice"},
      {R"({"weight_map": {"a": "s", "a": "t"}})", "the tensor 'a' is there twice"},
      {R"({"weight_map": {"a": 7}})", "expected a string as the file of tensor 'a', found a number"},
      {R"({"weight_map": {"a": {"b": "s"}}})", "found an object"},
      {R"({"weight_map": {"a": ["s"]}})", "found a list"},
      {R"({"weight_map": {"a": true}})", "found true or false"},
      {R"({"weight_map": {"a": "s"}} {})", "broken at offset"},
      {R"({"weight_map": {"a": "s",}})", "broken at offset"},
      {"{\"weight_map\": {\"a\": \"s\xff\"}}", "broken at offset"},
      {"{\"weight_map\": {\"a\": \"s\"}}\0{}"sv, "NUL byte at offset 26"},
      {"\x1f\x8b\x08 not JSON", "broken at offset 0"},
  };
  for (const BadText& bad : cases) {
    const std::string message = index_refusal(bad.text);
    EXPECT_TRUE(message.starts_with("i: ")) << message;
    EXPECT_NE(message.find(bad.complaint), std::string::npos) << bad.text << ": " << message;
  }
}

TEST(ShardIndexHazard, NoNameLeadsElsewhere) {
  for (const char* name : {"", ".", "..", "../s", "a/../s", "/etc/passwd", "sub/s", "a\\\\b", ".hidden",
                           "a\\u0000b", "/", "..\\\\s"}) {
    const std::string message = index_refusal(R"({"weight_map": {"a": ")" + std::string(name) + R"("}})");
    EXPECT_NE(message.find("expected a plain file name for tensor 'a'"), std::string::npos)
        << name << ": " << message;
  }
  EXPECT_NE(index_refusal(R"({"weight_map": {"a": ")" + std::string(256, 's') + R"("}})"), "accepted");
  EXPECT_EQ(index_refusal(R"({"weight_map": {"a": ")" + std::string(255, 's') + R"("}})"), "accepted");
}

TEST(ShardIndexHazard, Limits) {
  ModelLimits limits;
  limits.tensors = 2;
  EXPECT_EQ(index_refusal(R"({"weight_map": {"a": "s", "b": "s"}})", limits), "accepted");
  EXPECT_NE(index_refusal(R"({"weight_map": {"a": "s", "b": "s", "c": "s"}})", limits).find("more than 2"),
            std::string::npos);
  limits.shards = 1;
  EXPECT_NE(index_refusal(R"({"weight_map": {"a": "s", "b": "t"}})", limits).find("more than 1 files"),
            std::string::npos);
  const std::string deep = R"({"x": )" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_NE(index_refusal(deep).find("nested more than 64 deep"), std::string::npos);
}

TEST(ModulesHazard, RefusesWhatIsNoListOfModules) {
  const BadText cases[] = {
      {"", "broken at offset 0"},
      {"[]", "names no module"},
      {"{}", "expected a list as the whole, found an object"},
      {"[1]", "expected an object as a module, found a number"},
      {"[{}]", "module 0 has no path"},
      {R"([{"type": "a.Pooling"}, {"path": ""}])", "module 0 has no path"},
      {R"([{"path": ""}, {"type": "a.Pooling"}])", "module 1 has no path"},
      {R"([{"path": 1}])", "expected a string as the path of a module, found a number"},
      {R"([{"path": "a", "path": "b"}])", "a module has two paths"},
      {R"([{"path": "a"}, {"path": "a"}])", "two modules have the path 'a'"},
      {R"([{"path": "../a"}])", "expected the name of a folder"},
      {R"([{"path": "/"}])", "expected the name of a folder"},
      {R"([{"path": ".."}])", "expected the name of a folder"},
      {R"([{"path": "a/b"}])", "expected the name of a folder"},
      {R"([{"path": "a"})", "broken at offset 14"},
  };
  for (const BadText& bad : cases) {
    const auto modules = parse_sentence_modules(bad.text, "m");
    ASSERT_FALSE(modules.ok()) << bad.text;
    EXPECT_NE(modules.error().message.find(bad.complaint), std::string::npos)
        << bad.text << ": " << modules.error().message;
  }
  std::string many = "[";
  for (int i = 0; i < 101; ++i) many += R"({"path": ")" + std::to_string(i) + R"("},)";
  many.back() = ']';
  const auto modules = parse_sentence_modules(many, "m");
  ASSERT_FALSE(modules.ok());
  EXPECT_NE(modules.error().message.find("more than 100 modules"), std::string::npos);
}

struct BadFolder {
  MemoryFolder::Files files;
  std::string_view complaint;
};

TEST(FolderHazard, RefusesWhatDoesNotFitTogether) {
  const auto index = [](std::string_view map) {
    return bytes_of(R"({"weight_map": )" + std::string(map) + "}");
  };
  const std::string safetensors = "model.safetensors", index_name = "model.safetensors.index.json";
  const test::Bytes dense = bytes_of(R"([{"path": "d", "type": "a.Dense"}])");
  const BadFolder cases[] = {
      {{{"config.json", bytes_of("{}")}}, "found none"},
      {{{"config.json", bytes_of("{}")}, {"tf_model.h5", {}}}, "found tf_model.h5"},
      {{{"config.json", bytes_of("{")}, {safetensors, vectors_file({"a"})}}, "folder/config.json: the JSON"},
      {{{"config.json", bytes_of("[]")}, {safetensors, vectors_file({"a"})}}, "expected an object"},
      {{{safetensors, {}}}, "folder/model.safetensors is an empty file"},
      {{{safetensors, bytes_of("version https://git-lfs.github.com/spec/v1\n")}}, "Git-LFS pointer"},
      {{{safetensors, bytes_of("<html>")}}, "HTML page"},
      // The best form decides; a broken one is no reason to try the next.
      {{{safetensors, bytes_of("junk, junk, junk")}, {"pytorch_model.bin", vectors_file({"a"})}},
       "folder/model.safetensors"},
      {{{index_name, index(R"({"a": "s"})")}},
       "folder/s: missing (folder/model.safetensors.index.json asks for it)"},
      {{{index_name, index(R"({"a": "s", "b": "t"})")}, {"s", vectors_file({"a"})}}, "folder/t: missing"},
      {{{index_name, index(R"({"a": "s", "b": "s"})")}, {"s", vectors_file({"a"})}},
       "expected the tensor 'b' in s, which has none of that name"},
      {{{index_name, index(R"({"a": "t", "b": "t"})")},
        {"s", vectors_file({"a"})},
        {"t", vectors_file({"b"})}},
       "expected the tensor 'a' in t"},
      {{{index_name, index(R"({"a": "model.safetensors.index.json"})")}}, "asks for it"},
      {{{index_name, index(R"({"a": "s"})")}, {"s", bytes_of("PK\x03\x04")}}, "zip archive"},
      {{{"modules.json", dense}}, "the module 'd' of type 'a.Dense' has no weights"},
      {{{"modules.json", dense}, {safetensors, vectors_file({"a"})}}, "the module 'd'"},
      {{{"modules.json", bytes_of(R"([{"path": ""}])")}}, "the module '' of type '' has no weights"},
      {{{"modules.json", bytes_of(R"([{"path": "p", "type": "Pooling"}])")}}, "expected weights in one of"},
      {{{"modules.json", bytes_of(R"([{"path": ""}, {"path": "d"}])")},
        {safetensors, vectors_file({"d/x"})},
        {"d/model.safetensors", vectors_file({"x"})}},
       "two tensors are named 'd/x', the second is in folder/d/model.safetensors"},
      {{{"modules.json", dense}, {"d/model.safetensors.index.json", index(R"({"a": "../s"})")}},
       "plain file name"},
      {{{"modules.json", dense}, {"d/config.json", bytes_of("\0")}}, "folder/d/config.json"},
  };
  for (const BadFolder& bad : cases) {
    const MemoryFolder folder(bad.files);
    const auto source = open_huggingface(folder);
    ASSERT_FALSE(source.ok()) << bad.complaint;
    EXPECT_TRUE(source.error().message.starts_with("folder")) << source.error().message;
    EXPECT_NE(source.error().message.find(bad.complaint), std::string::npos)
        << bad.complaint << ": " << source.error().message;
  }
}

TEST(FolderHazard, AllPartsTogetherStayWithinTheLimits) {
  ModelLimits limits;
  limits.tensors = 3;
  const MemoryFolder shards(
      {{"model.safetensors.index.json", bytes_of(R"({"weight_map": {"a": "s", "c": "t"}})")},
       {"s", vectors_file({"a", "b"})},
       {"t", vectors_file({"c", "d"})}});
  const MemoryFolder modules({{"modules.json", bytes_of(R"([{"path": ""}, {"path": "d"}])")},
                              {"model.safetensors", vectors_file({"a", "b"})},
                              {"d/model.safetensors", vectors_file({"a", "b"})}});
  for (const MemoryFolder& folder : {shards, modules}) {
    EXPECT_TRUE(open_huggingface(folder).ok());
    const auto source = open_huggingface(folder, limits);
    ASSERT_FALSE(source.ok());
    EXPECT_NE(source.error().message.find("more than 3 tensors"), std::string::npos);
  }
}

}  // namespace
}  // namespace ink
