#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cli/command.h"
#include "weights/catalog.h"

namespace ink {
namespace {

using test::Outcome;
using test::Workplace;
using Names = std::vector<std::string>;

// Command lines of realcugan-ncnn-vulkan, as its README and the programs that call it write them, and what
// they mean there.
struct Line {
  const char* words;
  const char* network;  // in the catalog
  int threads;          // 0: as many as there are
  const char* output;   // "" where the network is not one of those that this test can run
};

constexpr Line kLines[] = {
    {"-i in.png -o out.png", "se-2x-conservative", 0, "out.png"},
    {"-i in.png -o out.png -n -1", "se-2x-conservative", 0, "out.png"},
    {"-i in.png -o out.png -s 2 -n 0", "se-2x-no-denoise", 0, "out.png"},
    {"-i in.png -o out.jpg -n 1 -s 2 -m models-se", "se-2x-denoise1x", 0, "out.jpg"},
    {"-i in.png -o out.webp -n 2 -s 2 -m models-se/ -f webp", "se-2x-denoise2x", 0, "out.webp"},
    {"-i in.png -o out.png -n 3 -s 2 -t 0 -c 3 -g 0", "se-2x-denoise3x", 0, "out.png"},
    {"-i folder -o results -n 0 -s 2", "se-2x-no-denoise", 0, "results/a.png results/b.png"},
    {"-i folder -o results -f jpg", "se-2x-conservative", 0, "results/a.jpg results/b.jpg"},
    {"-i folder/ -o results/ -f webp -j 1:3:2", "se-2x-conservative", 3, "results/a.webp results/b.webp"},
    {"-i in.png -o out.png -j 4:4:4", "se-2x-conservative", 4, "out.png"},
    {"-i in.png -o out.png -g 0,1,2 -j 1:2,2,2:2 -t 400,200,100", "se-2x-conservative", 2, "out.png"},
    {"-i in.png -o out.png -g -1 -t 32", "se-2x-conservative", 0, "out.png"},
    {"-i in.png -o out.png -c 0 -t 256", "se-2x-conservative", 0, "out.png"},
    {"-i in.png -o out.png -x", "se-2x-conservative", 0, "out.png"},
    {"-v -i in.png -o out.png -x -t 128 -n 2", "se-2x-denoise2x", 0, "out.png"},
    {"-i in.png -o out.png -m models-nose -s 2 -n 0", "nose-2x-no-denoise", 0, "out.png"},
    {"-i in.png -o out.png -m models-pro -s 2 -n 3 -x", "pro-2x-denoise3x", 0, "out.png"},
    {"-i in.png -o out.png -m models-pro -s 3 -n 0", "pro-3x-no-denoise", 0, ""},
    {"-i in.png -o out.png -s 3", "se-3x-conservative", 0, ""},
    {"-i in.png -o out.webp -s 4 -n 3 -x -j 2:2:2", "se-4x-denoise3x", 2, ""},
};

Names split_words(const std::string& text) {
  Names words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

TEST(CliNcnnCommandLines, KeepTheirMeaning) {
  Workplace work;
  std::filesystem::create_directory(work.path("models"));
  for (const CatalogEntry& entry : catalog()) {
    if (entry.scale == 2) work.write_model("models/" + std::string(entry.name) + ".safetensors");
  }
  test::Surroundings around;
  around.environment["INKSTONE_MODELS"] = work.path("models");
  for (const Line& line : kLines) {
    for (const char* name : {"in.png", "folder/a.png", "folder/b.png"}) {
      work.write_picture(name, test::test_picture(12, 10, 3));
    }
    Names words = split_words(line.words);
    words.insert(words.begin(), "upscale");
    words.push_back("-v");
    const Outcome outcome = work.run(words, around);
    EXPECT_TRUE(outcome.says(std::string("realcugan-") + line.network)) << line.words << outcome.err;
    if (line.threads > 0 && *line.output != '\0') {
      EXPECT_TRUE(outcome.says(", " + std::to_string(line.threads) + " threads"))
          << line.words << outcome.err;
    }
    const Names outputs = split_words(line.output);
    // A network that is not here is missed by its name.
    EXPECT_EQ(outcome.code, outputs.empty() ? 78 : 0) << line.words << outcome.err;
    for (const std::string& output : outputs) {
      EXPECT_TRUE(outcome.says(" -> " + output)) << line.words << outcome.err;
      EXPECT_TRUE(work.exists(output)) << line.words;
      std::filesystem::remove(work.path(output));
    }
  }
}

// Where it stops, or goes on with rubbish, so does inkstone stop.
TEST(CliNcnnCommandLines, ItsRefusals) {
  Workplace work;
  work.write_picture("in.png", test::test_picture(12, 10, 3));
  for (const char* words : {"-i in.png -o out.png -n 4", "-i in.png -o out.png -s 5",
                            "-i in.png -o out.png -s 1", "-i in.png -o out.png -t 31", "-i in.png -f bmp",
                            "-i in.png -o out.png -m models-nose -n 3", "-o out.png"}) {
    Names arguments = split_words(words);
    arguments.insert(arguments.begin(), "upscale");
    EXPECT_EQ(work.run(arguments).code, 64) << words;
  }
  EXPECT_EQ(work.run({"upscale", "-h"}).code, 0);
}

}  // namespace
}  // namespace ink
