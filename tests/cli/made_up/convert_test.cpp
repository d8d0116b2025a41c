#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cli/made_up/models.h"

namespace ink {
namespace {

using test::Outcome;
using test::Workplace;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(CliConvert, TakesNamesOfTagsAlong) {
  const Workplace work;
  test::write_made_up(work, "m.safetensors", test::tagger());
  work.write_picture("a.png", test::solid(255, 0, 51));
  test::write_made_up(work, "bare/m.safetensors", {"made-up-tagger"});
  const Outcome without = work.run({"convert", "bare/m.safetensors", "-o", "out.safetensors"});
  EXPECT_EQ(without.code, 0) << without.err;
  EXPECT_TRUE(without.says("warning: there is no bare/tags.txt: \"tag\" will ask for --tags")) << without.err;

  work.write("bare/tags.txt", test::bytes_of(test::kTags));
  work.write("bare/categories.json", test::bytes_of(test::kCategories));
  const Outcome with =
      work.run({"convert", "bare/m.safetensors", "-o", "out.safetensors", "--license", "MIT"});
  EXPECT_EQ(with.code, 0) << with.err;
  EXPECT_TRUE(holds(with.out, ", with labels/categories.json, labels/tags.txt\n")) << with.out;
  const std::string tags = work.run({"tag", "a.png", "-m", "m.safetensors"}).out;
  EXPECT_EQ(work.run({"tag", "a.png", "-m", "out.safetensors"}).out, tags);
  const std::string info = work.run({"info", "out.safetensors"}).out;
  EXPECT_TRUE(holds(info, "licence                   MIT\n") && holds(info, "names of tags             7\n"))
      << info;
  EXPECT_TRUE(holds(info, "  outputs                   features (3), bright (1), tags (7)\n")) << info;

  // Names of another release in place of those inside.
  work.write("new.txt", test::bytes_of("1\n2\n3\n4\n5\nrating:a\nrating:b\n"));
  const Outcome again =
      work.run({"convert", "out.safetensors", "-o", "new/out.safetensors", "--tags", "new.txt"});
  EXPECT_EQ(again.code, 73);
  std::filesystem::create_directory(work.path("new"));
  EXPECT_EQ(work.run({"convert", "out.safetensors", "-o", "new/out.safetensors", "--tags", "new.txt"}).code,
            0);
  EXPECT_TRUE(work.run({"tag", "a.png", "-m", "new/out.safetensors"}).out.starts_with("a.png\n  1.000  1\n"));

  work.write("few.txt", test::bytes_of("one\n"));
  EXPECT_EQ(work.run({"convert", "bare/m.safetensors", "-o", "x.safetensors", "--tags", "few.txt"}).code, 78);
  test::write_made_up(work, "s.safetensors", {"made-up-scorer"});
  EXPECT_EQ(work.run({"convert", "s.safetensors", "-o", "x.safetensors", "--tags", "new.txt"}).code, 64);
  EXPECT_EQ(work.run({"convert", "s.safetensors", "-o", "x.safetensors", "--tokenizer", "new.txt"}).code, 64);
  EXPECT_FALSE(work.exists("x.safetensors"));
}

TEST(CliConvert, TakesTheTokenizerAlong) {
  const Workplace work;
  test::write_made_up(work, "bare/t.safetensors", {"made-up-texts"});
  const Outcome without = work.run({"convert", "bare/t.safetensors", "-o", "out.safetensors"});
  EXPECT_EQ(without.code, 0) << without.err;
  EXPECT_TRUE(without.says("there is no tokenizer beside bare/t.safetensors")) << without.err;
  work.write("bare/vocab.txt", test::bytes_of(test::kVocabulary));
  const Outcome with = work.run({"convert", "bare/t.safetensors", "-o", "out.safetensors"});
  EXPECT_EQ(with.code, 0) << with.err;
  EXPECT_TRUE(holds(with.out, ", with tokenizer/vocab.txt\n")) << with.out;
  EXPECT_EQ(work.run({"embed", "--text", "red", "-m", "out.safetensors"}).out, "[1,0,0]\n");
  EXPECT_EQ(work.run({"tokenize", "--text", "red", "-m", "out.safetensors"}).out, "[2, 5, 3]\n");
}

}  // namespace
}  // namespace ink
