#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cli/made_up/models.h"
#include "weights/message.h"

namespace ink {
namespace {

using test::Outcome;
using test::Workplace;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// a.png is red with a fifth of blue, b.png green.
class CliTag : public ::testing::Test {
 protected:
  CliTag() {
    test::write_made_up(work, "m.safetensors", test::tagger());
    work.write_picture("a.png", test::solid(255, 0, 51));
    work.write_picture("b.png", test::solid(0, 255, 0));
  }
  Outcome tag(std::vector<std::string> arguments, const test::Surroundings& around = {}) const {
    arguments.insert(arguments.begin(), {"tag", "-m", "m.safetensors"});
    return work.run(arguments, around);
  }
  const Workplace work;
};

TEST_F(CliTag, TellsTagsBestFirstAndEveryRating) {
  const Outcome outcome = tag({"a.png", "b.png"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "a.png\n  1.000  red\n  0.500  hatsune_miku\n  0.100  rating:safe\n  0.000  rating:explicit\n"
            "b.png\n  1.000  green\n  0.500  half_green\n  0.500  hatsune_miku\n  0.000  rating:safe\n"
            "  0.250  rating:explicit\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(CliTag, GivesAnObjectALineAsJson) {
  const Outcome outcome = tag({"a.png", "--json"});
  EXPECT_EQ(outcome.out,
            R"({"file":"a.png","tags":[{"name":"red","score":1},{"name":"hatsune_miku","score":0.5},)"
            R"({"name":"rating:safe","score":0.1},{"name":"rating:explicit","score":0}]})"
            "\n");
  EXPECT_TRUE(holds(tag({"a.png", "--json", "--all"}).out, R"("scores":[1,0,0.2,0,0.5,0.1,0]})"));
}

TEST_F(CliTag, WritesCsv) {
  work.write_picture("c, \"d\".png", test::solid(0, 0, 255));
  const Outcome outcome = tag({"a.png", "c, \"d\".png", "--csv"});
  EXPECT_EQ(outcome.out,
            "file,tag,score\na.png,red,1\na.png,hatsune_miku,0.5\na.png,rating:safe,0.1\n"
            "a.png,rating:explicit,0\n\"c, \"\"d\"\".png\",blue,1\n\"c, \"\"d\"\".png\",rating:safe,0.5\n"
            "\"c, \"\"d\"\".png\",rating:explicit,0\n");
  EXPECT_EQ(tag({"a.png", "--csv", "--json"}).code, 64);
}

TEST_F(CliTag, HasThresholdsForEachKind) {
  const auto names = [&](std::vector<std::string> options) {
    options.insert(options.begin(), "a.png");
    return tag(options).out;
  };
  EXPECT_TRUE(holds(names({"--threshold", "0.2"}), "0.200  blue"));
  EXPECT_FALSE(holds(names({"--threshold", "0.6"}), "hatsune_miku"));
  EXPECT_TRUE(holds(names({"--threshold", "0.6", "--character-threshold", "0.5"}), "hatsune_miku"));
  const std::string general = names({"--general_threshold=0.1", "--character_threshold=0.9"});
  EXPECT_TRUE(holds(general, "blue") && !holds(general, "hatsune_miku")) << general;
  EXPECT_EQ(names({"--top", "1"}), "a.png\n  1.000  red\n  0.100  rating:safe\n  0.000  rating:explicit\n");
  EXPECT_TRUE(holds(names({"--top", "3"}), "0.200  blue"));
  EXPECT_FALSE(holds(names({"--top", "3", "--threshold", "0.5"}), "blue"));
  EXPECT_EQ(tag({"a.png", "--threshold", "1.5"}).code, 64);
  EXPECT_EQ(tag({"a.png", "--top", "0"}).code, 64);
}

TEST_F(CliTag, GivesTheSameInAnyBatchAndInTheOrderOfTheInputs) {
  std::vector<std::string> files;
  for (int i = 0; i < 23; ++i) {
    files.push_back(concat("p", i, ".png"));
    const auto shade = static_cast<uint8_t>(10 * i);
    work.write_picture(files.back(),
                       test::solid(shade, 7, static_cast<uint8_t>(255 - shade), 3 + i, 20 - i / 2));
  }
  work.write("p7.png", test::bytes_of("no picture"));
  std::filesystem::remove(work.path("p11.png"));
  std::string first;
  for (const char* batch : {"1", "2", "5", "64"}) {
    for (const char* threads : {"1", "3"}) {
      std::vector<std::string> command = files;
      command.insert(command.end(), {"--json", "--all", "--batch_size", batch, "-j", threads});
      const Outcome outcome = tag(command);
      EXPECT_EQ(outcome.code, 1);
      if (first.empty()) first = outcome.out;
      EXPECT_EQ(outcome.out, first) << batch << " " << threads;
      EXPECT_TRUE(outcome.says("error: 2 of 23 pictures failed: p7.png, p11.png\n")) << outcome.err;
    }
  }
  size_t at = 0;
  for (const std::string& file : files) {
    at = first.find("{\"file\":\"" + file + "\"", at);
    ASSERT_NE(at, std::string::npos) << file;
  }
  EXPECT_TRUE(holds(first, R"({"file":"p7.png","error":")") && holds(first, R"("exit_code":65})")) << first;
  EXPECT_TRUE(holds(first, R"({"file":"p11.png","error":")") && holds(first, R"("exit_code":66})")) << first;
}

TEST_F(CliTag, TakesFoldersAndStandardInput) {
  std::filesystem::create_directories(work.path("set/deeper"));
  std::filesystem::rename(work.path("a.png"), work.path("set/a.png"));
  std::filesystem::rename(work.path("b.png"), work.path("set/deeper/b.png"));
  work.write("set/notes.txt", test::bytes_of("no picture"));
  EXPECT_FALSE(holds(tag({"set"}).out, "deeper"));
  const std::string all = tag({"set", "--recursive"}).out;
  EXPECT_TRUE(all.starts_with("set/a.png\n") && holds(all, "set/deeper/b.png\n")) << all;
  test::Surroundings around;
  around.input = work.read("set/a.png");
  EXPECT_TRUE(tag({"-"}, around).out.starts_with("standard input\n  1.000  red\n"));
  EXPECT_EQ(tag({"-", "set"}, around).code, 64);
  EXPECT_EQ(tag({"-", "--save-txt"}, around).code, 64);
}

TEST_F(CliTag, WritesCaptionFiles) {
  const Outcome outcome = tag({"a.png", "b.png", "--save-txt"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(work.read("a.txt"), "red, hatsune_miku\n");
  EXPECT_EQ(work.read("b.txt"), "green, half_green, hatsune_miku\n");

  tag({"b.png", "--save-txt", "--remove_underscore", "--caption_separator", "; ", "--caption_extension",
       "caption", "--undesired_tags", "green", "--use_rating_tags"});
  EXPECT_EQ(work.read("b.caption"), "rating:explicit; half green; hatsune miku\n");

  tag({"b.png", "--save-txt", "--character-tags-first", "--use-rating-tags-as-last-tag", "--tag_replacement",
       "green,emerald;half_green,jade"});
  EXPECT_EQ(work.read("b.txt"), "hatsune_miku, emerald, jade, rating:explicit\n");
  tag({"b.png", "--save-txt", "--always-first-tags", "half_green,hatsune_miku"});
  EXPECT_EQ(work.read("b.txt"), "half_green, hatsune_miku, green\n");

  work.write("a.txt", test::bytes_of("solo,  red\n"));
  tag({"a.png", "--save-txt", "--append_tags"});
  EXPECT_EQ(work.read("a.txt"), "solo, red, hatsune_miku\n");
}

TEST_F(CliTag, RefusesCaptionsThatWouldReplaceEachOther) {
  std::filesystem::copy(work.path("a.png"), work.path("a.webp"));
  const Outcome outcome = tag({"a.png", "a.webp", "--save-txt"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_TRUE(outcome.says("a.png and a.webp would both have the caption file a.txt")) << outcome.err;
  EXPECT_EQ(tag({"a.png", "--save-txt", "--caption-extension", ".png"}).code, 64);
  EXPECT_FALSE(work.exists("a.txt"));
}

TEST_F(CliTag, CountsTags) {
  const Outcome outcome = tag({"a.png", "b.png", "--frequency_tags"});
  EXPECT_TRUE(holds(outcome.out, "\nhatsune_miku: 2\n") && holds(outcome.out, "\nred: 1\n")) << outcome.out;
}

TEST_F(CliTag, TakesNamesFromBesideTheModelOrFromFiles) {
  test::write_made_up(work, "bare/m.safetensors", {"made-up-tagger"});
  const Outcome none = work.run({"tag", "a.png", "-m", "bare/m.safetensors"});
  EXPECT_EQ(none.code, 78);
  EXPECT_TRUE(
      none.says("bare/m.safetensors: there are no names of tags: neither labels/tags.txt in the model "
                "nor bare/tags.txt; --tags FILE names them"))
      << none.err;
  work.write("bare/tags.txt", test::bytes_of("r\ng\n\nb\n h \r\nmiku\nrating:s\nrating:e"));
  EXPECT_TRUE(work.run({"tag", "a.png", "-m", "bare/m.safetensors"}).out.starts_with("a.png\n  1.000  r\n"));
  const Outcome unknown =
      work.run({"tag", "a.png", "-m", "bare/m.safetensors", "--character-threshold", "0.1"});
  EXPECT_EQ(unknown.code, 64);
  EXPECT_TRUE(unknown.says("--categories takes a categories.json")) << unknown.err;

  work.write("few.txt", test::bytes_of("one\ntwo\n"));
  const Outcome few = tag({"a.png", "--tags", "few.txt"});
  EXPECT_EQ(few.code, 78);
  EXPECT_TRUE(few.says("few.txt: has 2 tags, and m.safetensors gives 7 scores")) << few.err;
  EXPECT_EQ(tag({"a.png", "--tags", "missing.txt"}).code, 66);
  work.write("bad.json", test::bytes_of(R"([{"name":"General","start_index":9}])"));
  const Outcome bad = tag({"a.png", "--categories", "bad.json"});
  EXPECT_EQ(bad.code, 78);
  EXPECT_TRUE(bad.says("bad.json: the category 'General' starts at 9, expected 0 to 7")) << bad.err;
  work.write("bad.json", test::bytes_of("{}"));
  EXPECT_EQ(tag({"a.png", "--categories", "bad.json"}).code, 78);
}

TEST_F(CliTag, ObeysTheMemoryLimit) {
  EXPECT_EQ(tag({"a.png", "b.png", "--max-memory", "1G"}).code, 0);
  EXPECT_EQ(tag({"a.png", "--max-memory", "lots"}).code, 64);
  const Outcome tight = tag({"a.png", "--max-memory", "1M"});
  EXPECT_EQ(tight.code, 75);
  EXPECT_TRUE(tight.says("--max-memory 1.0 MiB")) << tight.err;
}

TEST_F(CliTag, GivesOneInputsOwnExitCode) {
  work.write("broken.png", test::bytes_of("no picture"));
  EXPECT_EQ(tag({"broken.png"}).code, 65);
  EXPECT_EQ(tag({"missing.png"}).code, 66);
  EXPECT_EQ(tag({}).code, 64);
  EXPECT_EQ(work.run({"tag", "a.png"}).code, 64);
  EXPECT_EQ(work.run({"tag", "a.png", "-m", "missing.safetensors"}).code, 78);
  EXPECT_EQ(tag({"a.png", "-b", "0"}).code, 64);
  const Outcome preset = tag({"a.png", "--preprocess", "nobody"});
  EXPECT_EQ(preset.code, 64);
  EXPECT_TRUE(preset.says("--preprocess: ")) << preset.err;
  EXPECT_EQ(tag({"a.png", "--preprocess", "acg2vec"}).code, 0);
  std::filesystem::create_directory(work.path("a.txt"));
  EXPECT_EQ(tag({"a.png", "--save-txt"}).code, 73);
}

TEST_F(CliTag, RefusesModelsWithoutTags) {
  test::write_made_up(work, "s.safetensors", {"made-up-scorer"});
  const Outcome outcome = work.run({"tag", "a.png", "-m", "s.safetensors"});
  EXPECT_EQ(outcome.code, 78);
  EXPECT_TRUE(
      outcome.says("s.safetensors: a made-up scorer gives no tags (its outputs: bookmark_predict, "
                   "view_predict, features)"))
      << outcome.err;
  test::write_made_up(work, "t.safetensors", {"made-up-texts"});
  EXPECT_EQ(work.run({"tag", "a.png", "-m", "t.safetensors"}).code, 78);
}

TEST_F(CliTag, TellsProgressAndStopsWhenInterrupted) {
  const Outcome plain = tag({"a.png", "b.png", "--progress", "plain"});
  EXPECT_EQ(plain.err, "a.png: done\nb.png: done\n");
  const Outcome json = tag({"a.png", "--progress", "json"});
  EXPECT_TRUE(json.says(R"({"event":"start","file":"a.png","done":0.000,"total":1,"eta_s":null})"))
      << json.err;
  EXPECT_TRUE(json.says(R"({"event":"done","file":"a.png","done":1.000,"total":1)")) << json.err;
  // Pictures that run together begin together, and what cannot be read never does.
  const Outcome batch = tag({"a.png", "none.png", "b.png", "-b", "3", "--progress", "json"});
  EXPECT_EQ(batch.code, 1) << batch.err;
  const size_t a = batch.err.find(R"({"event":"start","file":"a.png")");
  const size_t b = batch.err.find(R"({"event":"start","file":"b.png")");
  EXPECT_LT(a, b) << batch.err;
  EXPECT_LT(b, batch.err.find(R"({"event":"done","file":"a.png")")) << batch.err;
  EXPECT_FALSE(batch.says(R"("event":"start","file":"none.png")")) << batch.err;

  std::vector<std::string> many(5000, "a.png");
  many.insert(many.end(), {"--progress", "plain", "-b", "1"});
  test::Surroundings around;
  around.interrupt_after = "a.png: done";
  EXPECT_EQ(tag(many, around).code, 130);
}

TEST_F(CliTag, SaysWhereStandardOutputIsFull) {
  test::Surroundings around;
  around.output = "/dev/full";
  const Outcome outcome = tag({"a.png", "b.png"}, around);
  EXPECT_EQ(outcome.code, 74);
  EXPECT_TRUE(outcome.says("standard output cannot be written")) << outcome.err;
}

TEST_F(CliTag, ScoresOfOneModel) {
  test::write_made_up(work, "s.safetensors", {"made-up-scorer"});
  const Outcome text = work.run({"score", "a.png", "b.png", "-m", "s.safetensors"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_EQ(text.out,
            "a.png\n  bookmark_predict  0.33 of 0 to 2: 0.833 0.000 0.167\n"
            "  view_predict      0.33 of 0 to 2: 0.833 0.000 0.167\n"
            "b.png\n  bookmark_predict  1.00 of 0 to 2: 0.000 1.000 0.000\n"
            "  view_predict      1.00 of 0 to 2: 0.000 1.000 0.000\n");
  work.write("broken.png", test::bytes_of("no picture"));
  const Outcome json = work.run({"score", "b.png", "broken.png", "-m", "s.safetensors", "--json"});
  EXPECT_EQ(json.code, 1);
  EXPECT_TRUE(
      json.out.starts_with("{\"file\":\"b.png\",\"bookmark_predict\":[0,1,0],\"view_predict\":[0,1,0]}\n{"
                           "\"file\":\"broken.png\","))
      << json.out;
  const Outcome none = work.run({"score", "a.png", "-m", "m.safetensors"});
  EXPECT_EQ(none.code, 78);
  EXPECT_TRUE(none.says("a made-up tagger gives no scores (its outputs: features, bright, tags)"))
      << none.err;
}

}  // namespace
}  // namespace ink
