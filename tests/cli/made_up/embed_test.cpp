#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "tests/cli/made_up/models.h"

namespace ink {
namespace {

using test::Outcome;
using test::Workplace;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Matrix {
  size_t rows = 0, columns = 0;
  std::vector<float> values;
};

// As the format's description has it, byte by byte.
Matrix read_npy(const std::string& file) {
  Matrix matrix;
  EXPECT_EQ(file.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const size_t length = static_cast<unsigned char>(file[8]) + 256u * static_cast<unsigned char>(file[9]);
  EXPECT_EQ((10 + length) % 64, 0u);
  const std::string header = file.substr(10, length);
  EXPECT_EQ(header.back(), '\n');
  EXPECT_EQ(std::sscanf(header.c_str(), "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }",
                        &matrix.rows, &matrix.columns),
            2)
      << header;
  EXPECT_EQ(file.size(), 10 + length + matrix.rows * matrix.columns * 4);
  matrix.values.resize(matrix.rows * matrix.columns);
  std::memcpy(matrix.values.data(), file.data() + 10 + length, matrix.values.size() * 4);
  return matrix;
}

// a.png is red with a fifth of blue, b.png green; pair.safetensors takes pictures and texts.
class CliEmbed : public ::testing::Test {
 protected:
  CliEmbed() {
    test::write_made_up(work, "m.safetensors", test::tagger());
    test::write_made_up(work, "pair.safetensors",
                        {"made-up-pair", {{"tokenizer/vocab.txt", test::kVocabulary}}, std::log(10.0f)});
    work.write_picture("a.png", test::solid(255, 0, 51));
    work.write_picture("b.png", test::solid(0, 255, 0));
  }
  Outcome embed(std::vector<std::string> arguments, const test::Surroundings& around = {}) const {
    arguments.insert(arguments.begin(), "embed");
    return work.run(arguments, around);
  }
  const Workplace work;
};

TEST_F(CliEmbed, PrintsAnArrayALine) {
  const Outcome outcome = embed({"a.png", "b.png", "-m", "m.safetensors"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "[1,0,0.2]\n[0,1,0]\n");
  EXPECT_EQ(embed({"a.png", "-m", "m.safetensors", "--output", "bright"}).out, "[1.2]\n");
  EXPECT_EQ(embed({"a.png", "-m", "m.safetensors", "--json"}).out,
            "{\"file\":\"a.png\",\"features\":[1,0,0.2]}\n");
  const Outcome none = embed({"a.png", "-m", "m.safetensors", "--output", "nothing"});
  EXPECT_EQ(none.code, 64);
  EXPECT_TRUE(none.says("there is no output nothing")) << none.err;
}

TEST_F(CliEmbed, NormalizesToLengthOne) {
  const std::string line = embed({"a.png", "-m", "m.safetensors", "--normalize"}).out;
  float x = 0, y = 0, z = 0;
  ASSERT_EQ(std::sscanf(line.c_str(), "[%f,%f,%f]", &x, &y, &z), 3) << line;
  EXPECT_NEAR(x, 1 / std::sqrt(1.04), 1e-7);
  EXPECT_EQ(y, 0);
  EXPECT_NEAR(z, 0.2 / std::sqrt(1.04), 1e-7);
  work.write_picture("black.png", test::solid(0, 0, 0));
  EXPECT_EQ(embed({"black.png", "-m", "m.safetensors", "--normalize"}).out, "[0,0,0]\n");
}

TEST_F(CliEmbed, WritesAMatrixThatNumpyReads) {
  work.write("broken.png", test::bytes_of("no picture"));
  const Outcome outcome =
      embed({"a.png", "broken.png", "b.png", "-m", "m.safetensors", "-o", "out.npy", "--json"});
  EXPECT_EQ(outcome.code, 1);
  const Matrix matrix = read_npy(work.read("out.npy"));
  ASSERT_EQ(matrix.rows, 3u);
  ASSERT_EQ(matrix.columns, 3u);
  const std::vector<float>& v = matrix.values;
  EXPECT_EQ(std::vector<float>(v.begin(), v.begin() + 3), (std::vector<float>{1, 0, 51 / 255.0f}));
  for (size_t i = 3; i < 6; ++i) EXPECT_TRUE(std::isnan(v[i]));
  EXPECT_EQ(std::vector<float>(v.begin() + 6, v.end()), (std::vector<float>{0, 1, 0}));
  EXPECT_TRUE(
      outcome.out.starts_with(R"({"output":"out.npy","shape":[3,3],"files":["a.png","broken.png","b.png"],)"
                              R"("failed":[{"row":1,"file":"broken.png","error":")"))
      << outcome.out;
  EXPECT_TRUE(holds(outcome.out, R"("exit_code":65}]})")) << outcome.out;
}

TEST_F(CliEmbed, WritesTheMatrixToStandardOutputToo) {
  const Outcome outcome = embed({"a.png", "-m", "m.safetensors", "-o", "-"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(read_npy(outcome.out).values, (std::vector<float>{1, 0, 51 / 255.0f}));
  EXPECT_EQ(embed({"a.png", "-m", "m.safetensors", "-o", "-", "--json"}).code, 64);
  EXPECT_EQ(embed({"a.png", "-m", "m.safetensors", "-o", "out.txt"}).code, 64);
  EXPECT_EQ(embed({"a.png", "-m", "m.safetensors", "-o", "none/out.npy"}).code, 73);
}

TEST_F(CliEmbed, LeavesNoFileBehindWhatFails) {
  test::Surroundings around;
  around.largest_file = 64;
  EXPECT_EQ(embed({"a.png", "b.png", "-m", "m.safetensors", "-o", "out.npy"}, around).code, 74);
  EXPECT_FALSE(work.exists("out.npy"));
  work.write_picture("magenta.png", test::solid(255, 0, 255));
  const Outcome outcome = embed({"a.png", "magenta.png", "-m", "m.safetensors", "-o", "out.npy"});
  EXPECT_EQ(outcome.code, 78);
  EXPECT_EQ(work.files().size(), 5u);
}

TEST_F(CliEmbed, TurnsTextsIntoVectors) {
  const std::vector<std::string> words = {"--text", "red red blue", "--text", "", "-m", "pair.safetensors"};
  const Outcome outcome = embed(words);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "[2,0,1]\n[0,0,0]\n");
  EXPECT_EQ(embed({"--text", "red", "-m", "pair.safetensors", "--json"}).out,
            "{\"text\":\"red\",\"features\":[1,0,0]}\n");
  // 8 tokens at most, with the two at the ends.
  EXPECT_EQ(embed({"--text", "red red red red red red red red red", "-m", "pair.safetensors"}).out,
            "[6,0,0]\n");
}

TEST_F(CliEmbed, TakesTextsFromFiles) {
  work.write("lines.txt", test::bytes_of("\xef\xbb\xbfred\r\n\ngreen green\nblue"));
  work.write("texts.json", test::bytes_of(R"(["red\nblue", "green"])"));
  const std::string four = "[1,0,0]\n[0,0,0]\n[0,2,0]\n[0,0,1]\n";
  EXPECT_EQ(embed({"--text-file", "lines.txt", "-m", "pair.safetensors"}).out, four);
  EXPECT_EQ(embed({"--text-file", "lines.txt", "-m", "pair.safetensors", "-b", "3"}).out, four);
  EXPECT_EQ(embed({"--text-file", "texts.json", "-m", "pair.safetensors"}).out, "[1,0,1]\n[0,1,0]\n");
  test::Surroundings around;
  around.input = "red\ngreen\n";
  EXPECT_EQ(embed({"--text", "blue", "--text-file", "-", "-m", "pair.safetensors"}, around).out,
            "[0,0,1]\n[1,0,0]\n[0,1,0]\n");
  EXPECT_EQ(embed({"-", "--text-file", "-", "-m", "pair.safetensors"}, around).code, 64);
  EXPECT_EQ(embed({"--text-file", "none.txt", "-m", "pair.safetensors"}).code, 66);
  work.write("bad.json", test::bytes_of(R"(["red", 7])"));
  const Outcome bad = embed({"--text-file", "bad.json", "-m", "pair.safetensors"});
  EXPECT_EQ(bad.code, 65);
  EXPECT_TRUE(bad.says("bad.json: expected a JSON array of strings, and item 2 is none")) << bad.err;
  work.write("bad.json", test::bytes_of(R"(["red")"));
  EXPECT_EQ(embed({"--text-file", "bad.json", "-m", "pair.safetensors"}).code, 65);
  work.write("empty.txt", {});
  EXPECT_EQ(embed({"--text-file", "empty.txt", "-m", "pair.safetensors"}).code, 0);
}

TEST_F(CliEmbed, RunsTextsSideBySideWithTheSameResult) {
  std::string lines, expected;
  for (int i = 0; i < 200; ++i) {
    const std::string reds = i % 3 == 0 ? "red " : "";
    lines += reds + (i % 5 == 0 ? "green green\n" : "blue\n");
    expected += std::string(i % 3 == 0 ? "[1," : "[0,") + (i % 5 == 0 ? "2,0]\n" : "0,1]\n");
  }
  work.write("lines.txt", test::bytes_of(lines));
  for (const char* threads : {"1", "3", "8"}) {
    for (const char* batch : {"1", "7", "64"}) {
      EXPECT_EQ(embed({"--text-file", "lines.txt", "-m", "pair.safetensors", "-j", threads, "-b", batch}).out,
                expected)
          << threads << " " << batch;
    }
  }
}

TEST_F(CliEmbed, GoesOnBehindATextThatIsBroken) {
  work.write("lines.txt", test::bytes_of("red\n\xff\ngreen\n"));
  const Outcome outcome = embed({"--text-file", "lines.txt", "-m", "pair.safetensors"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "[1,0,0]\nnull\n[0,1,0]\n");
  EXPECT_TRUE(outcome.says("lines.txt:2: ")) << outcome.err;
  EXPECT_TRUE(outcome.says("1 of 3 texts failed: lines.txt:2")) << outcome.err;
}

TEST_F(CliEmbed, ComparesPicturesWithTexts) {
  const Outcome outcome = embed({"a.png", "b.png", "--text", "red", "--text", "green", "-m",
                                 "pair.safetensors", "--similarity", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  float cosine[4], logits[4], shares[4];
  const char* const form =
      R"({"rows":["a.png","b.png"],"columns":["red","green"],"cosine":[[%f,%f],[%f,%f]],)"
      R"("logits":[[%f,%f],[%f,%f]],"probabilities":[[%f,%f],[%f,%f]]})";
  ASSERT_EQ(std::sscanf(outcome.out.c_str(), form, &cosine[0], &cosine[1], &cosine[2], &cosine[3], &logits[0],
                        &logits[1], &logits[2], &logits[3], &shares[0], &shares[1], &shares[2], &shares[3]),
            12)
      << outcome.out;
  const double red = 1 / std::sqrt(1.04);
  const double expected[] = {red, 0, 0, 1};
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(cosine[i], expected[i], 1e-6);
    EXPECT_NEAR(logits[i], 10 * expected[i], 1e-5);
  }
  EXPECT_NEAR(shares[0], std::exp(10 * red) / (std::exp(10 * red) + 1), 1e-6);
  EXPECT_NEAR(shares[3], std::exp(10.0) / (std::exp(10.0) + 1), 1e-6);
  EXPECT_EQ(
      embed({"a.png", "b.png", "--text", "red", "--text", "green", "-m", "pair.safetensors", "--similarity"})
          .out,
      "\tred\tgreen\na.png\t0.9806 (100.0 %)\t0.0000 (0.0 %)\nb.png\t0.0000 (0.0 %)\t1.0000 (100.0 %)\n");
}

TEST_F(CliEmbed, ComparesInputsOfOneKind) {
  EXPECT_EQ(embed({"--text", "red", "--text", "red blue", "-m", "pair.safetensors", "--similarity"}).out,
            "\tred\tred blue\nred\t1.0000\t0.7071\nred blue\t0.7071\t1.0000\n");
  work.write("broken.png", test::bytes_of("no picture"));
  const Outcome outcome = embed({"a.png", "broken.png", "-m", "m.safetensors", "--similarity", "--json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(holds(outcome.out, R"("cosine":[[1,null],[null,null]]})")) << outcome.out;
  EXPECT_EQ(embed({"a.png", "-m", "m.safetensors", "--similarity", "-o", "x.npy"}).code, 64);
}

TEST_F(CliEmbed, SaysWhereATokenizerWasLookedFor) {
  test::write_made_up(work, "bare/t.safetensors", {"made-up-texts"});
  const Outcome none = embed({"--text", "red", "-m", "bare/t.safetensors"});
  EXPECT_EQ(none.code, 78);
  EXPECT_TRUE(none.says("bare/t.safetensors: there is no tokenizer, neither in the model nor beside it (") &&
              none.says("--tokenizer names its file or folder"))
      << none.err;
  work.write("elsewhere/vocab.txt", test::bytes_of(test::kVocabulary));
  for (const char* tokenizer : {"elsewhere", "elsewhere/vocab.txt"}) {
    EXPECT_EQ(embed({"--text", "red", "-m", "bare/t.safetensors", "--tokenizer", tokenizer}).out,
              "[1,0,0]\n");
  }
  EXPECT_EQ(embed({"--text", "red", "-m", "bare/t.safetensors", "--tokenizer", "nowhere"}).code, 66);
  work.write("bare/vocab.txt", test::bytes_of(test::kVocabulary));
  EXPECT_EQ(embed({"--text", "red", "-m", "bare/t.safetensors"}).out, "[1,0,0]\n");
  EXPECT_EQ(embed({"--text", "red", "-m", "pair.safetensors", "--clip-cleaning", "mine"}).code, 64);
}

TEST_F(CliEmbed, RefusesWhatTheModelDoesNotTake) {
  test::write_made_up(work, "t.safetensors", {"made-up-texts"});
  const Outcome picture = embed({"a.png", "-m", "t.safetensors"});
  EXPECT_EQ(picture.code, 78);
  EXPECT_TRUE(picture.says("t.safetensors: made-up texts makes no vectors of pictures, but of texts"))
      << picture.err;
  const Outcome text = embed({"--text", "red", "-m", "m.safetensors"});
  EXPECT_EQ(text.code, 78);
  EXPECT_TRUE(text.says("m.safetensors: a made-up tagger makes no vectors of texts, but of pictures"))
      << text.err;
  EXPECT_EQ(embed({"-m", "m.safetensors"}).code, 64);
}

TEST_F(CliEmbed, TokenizesAlone) {
  const Outcome outcome =
      work.run({"tokenize", "--text", "red green", "--text", "", "-m", "pair.safetensors"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "[2, 5, 6, 3]\n[2, 3]\n");
  EXPECT_EQ(work.run({"tokenize", "--text", "blue", "-m", "pair.safetensors", "--json"}).out,
            "{\"text\":\"blue\",\"ids\":[2, 7, 3]}\n");
  work.write("folder/vocab.txt", test::bytes_of(test::kVocabulary));
  work.write("lines.txt", test::bytes_of("red\n\xff\nblue\n"));
  const Outcome lines = work.run({"tokenize", "--text-file", "lines.txt", "--tokenizer", "folder"});
  EXPECT_EQ(lines.code, 1);
  EXPECT_EQ(lines.out, "[2, 5, 3]\nnull\n[2, 7, 3]\n");
  EXPECT_EQ(work.run({"tokenize", "--text", "red", "-m", "folder"}).out, "[2, 5, 3]\n");
  EXPECT_EQ(work.run({"tokenize", "--text", "red"}).code, 64);
  EXPECT_EQ(work.run({"tokenize", "-m", "folder"}).code, 64);
  EXPECT_EQ(work.run({"tokenize", "--text", "red", "-m", "a.png"}).code, 78);
}

}  // namespace
}  // namespace ink
