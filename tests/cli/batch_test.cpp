#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <random>

#include "pictures/codec.h"
#include "tests/cli/command.h"

namespace ink {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::Workplace;
using Names = std::vector<std::string>;
using test::bytes_of;

// Many pictures in one command.
class CliBatch : public ::testing::Test {
 protected:
  void SetUp() override { work_.write_model("m.safetensors"); }

  Outcome upscale(Names arguments, const test::Surroundings& around = {}) {
    arguments.insert(arguments.begin(), {"upscale", "-m", "m.safetensors"});
    return work_.run(arguments, around);
  }
  void write(const std::string& name, int w = 9, int h = 7) {
    work_.write_picture(name, test::test_picture(w, h, 3));
  }
  // What is in a folder, without the folders themselves.
  Names files_in(const std::string& folder) const {
    Names names;
    for (const std::string& name : work_.files()) {
      if (name.starts_with(folder + "/") && fs::is_regular_file(work_.path(name))) names.push_back(name);
    }
    return names;
  }

  Workplace work_;
};

TEST_F(CliBatch, AFolderStandsForThePicturesInIt) {
  write("in/b.png");
  write("in/a.PNG");
  write("in/c.jpg");  // the content decides how it is read, the name only that it is
  write("in/.hidden.png");
  write("in/below/d.png");
  work_.write("in/notes.txt", bytes_of("notes"));
  const Outcome outcome = upscale({"in", "-o", "out", "-v", "-j", "1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(files_in("out"), (Names{"out/a.png", "out/b.png", "out/c.png"}));
  EXPECT_EQ(work_.read_picture("out/a.png").w, 18);
}

TEST_F(CliBatch, RecursionKeepsTheTreeAndPassesOverItsOwnResults) {
  write("in/a.png");
  write("in/x/a.png");
  write("in/x/y/b c.png");
  write("in/\xe7\xb5\xb5/\xf0\x9f\x8e\xa8.png");
  fs::create_directory_symlink(work_.path("in/x"), work_.path("in/loop"));
  for (int run = 0; run < 2; ++run) {
    ASSERT_EQ(upscale({"in", "-o", "in/out", "-r", "-f", "webp"}).code, 0);
    EXPECT_EQ(files_in("in/out"), (Names{"in/out/a.webp", "in/out/x/a.webp", "in/out/x/y/b c.webp",
                                         "in/out/\xe7\xb5\xb5/\xf0\x9f\x8e\xa8.webp"}));
  }
}

TEST_F(CliBatch, FoldersAreRefusedBeforeAnyWork) {
  write("in/a.png");
  write("in/a.jpg");
  fs::create_directory(work_.path("empty"));
  const auto refused = [&](const Names& arguments, int code, const std::string& part) {
    const Outcome outcome = upscale(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_TRUE(outcome.says(part)) << outcome.err;
    EXPECT_EQ(files_in("out"), Names{});
  };
  refused({"in"}, 64, "-o FOLDER");
  refused({"in", "-o", "out"}, 64, "would both become out/a.png");
  refused({"in", "-o", "in/a.png"}, 64, "would both become");
  refused({"empty", "-o", "out"}, 66, "there is no .png, .jpg or .webp in this folder; -r looks");
  refused({"empty", "-r", "-o", "out"}, 66, "there is no .png, .jpg or .webp in this folder");
  refused({"in", "-o", "-"}, 64, "takes one picture");
  refused({"in", "-", "-o", "out"}, 64, "standard input (-) cannot stand beside");
  refused({"in", "-o", "out", "--resume", "--skip-existing"}, 64, "only one of them");
}

TEST_F(CliBatch, WhatExistsIsPassedOver) {
  for (const char* name : {"in/a.png", "in/b.png", "in/c.png", "in/d.png"}) write(name);
  write("out/a.png", 18, 14);                 // whole, of the right size
  write("out/b.png", 17, 14);                 // of another size
  work_.write("out/c.png", bytes_of("123"));  // broken
  const auto contents = [&] {
    Names all;
    for (const char* name : {"out/a.png", "out/b.png", "out/c.png", "out/d.png"})
      all.push_back(work_.read(name));
    return all;
  };
  const Names before = contents();
  const Outcome skipped = upscale({"in", "-o", "out", "--skip-existing", "--json"});
  EXPECT_EQ(skipped.code, 0) << skipped.err;
  Names after = contents();
  EXPECT_EQ(Names(after.begin(), after.end() - 1), Names(before.begin(), before.end() - 1));
  EXPECT_EQ(work_.read_picture("out/d.png").w, 18);
  EXPECT_NE(skipped.out.find("\"skipped\":[{\"file\":\"in/a.png\",\"output\":\"out/a.png\"}"),
            std::string::npos)
      << skipped.out;

  const Outcome resumed = upscale({"in", "-o", "out", "--resume", "-v"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  for (const char* name : {"in/a.png", "in/d.png"}) {
    EXPECT_TRUE(resumed.says(std::string(name) + " -> out" + (name + 2) + " (there already)")) << resumed.err;
  }
  after = contents();
  EXPECT_EQ(after[0], before[0]);
  for (const char* name : {"out/b.png", "out/c.png"}) EXPECT_EQ(work_.read_picture(name).w, 18) << name;

  // A source that changed since is done again.
  write("in/a.png", 8, 8);
  fs::last_write_time(work_.path("in/a.png"),
                      fs::last_write_time(work_.path("out/a.png")) + std::chrono::seconds(5));
  ASSERT_EQ(upscale({"in", "-o", "out", "--resume"}).code, 0);
  EXPECT_EQ(work_.read_picture("out/a.png").w, 16);
}

TEST_F(CliBatch, ABatchGivesTheBytesOfSingleRuns) {
  const std::vector<std::pair<int, int>> sizes = {{40, 30}, {3, 90}, {64, 64}, {1, 1}, {33, 17}, {120, 80}};
  Names inputs;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::string name = "in/" + std::to_string(i) + ".png";
    work_.write_picture(name,
                        test::test_picture(sizes[i].first, sizes[i].second, static_cast<int>(i % 4) + 1));
    inputs.push_back(name);
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    ASSERT_EQ(upscale({inputs[i], "-o", "one/" + std::to_string(i) + ".png", "-j", "1"}).code,
              i == 0 ? 73 : 0);
    if (i == 0) {
      fs::create_directory(work_.path("one"));
      ASSERT_EQ(upscale({inputs[i], "-o", "one/0.png", "-j", "1"}).code, 0);
    }
  }
  // Little memory, so that some pictures travel alone.
  for (const char* memory : {"4G", test::kMemoryCounts ? "72M" : "1G"}) {
    ASSERT_EQ(upscale({"in", "-o", "all", "-j", "3", "--max-memory", memory}).code, 0);
    for (size_t i = 0; i < sizes.size(); ++i) {
      const std::string name = std::to_string(i) + ".png";
      EXPECT_TRUE(work_.read("all/" + name) == work_.read("one/" + name)) << name << " in " << memory;
    }
    fs::remove_all(work_.path("all"));
  }
}

TEST_F(CliBatch, FiveBrokenOfAHundred) {
  const Names broken = {"in/007.png", "in/023.png", "in/050.png", "in/051.png", "in/099.png"};
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(1000 + i).substr(1);
    write("in/" + number + ".png", 5 + i % 4, 6);
  }
  const std::string whole = work_.read("in/007.png");
  work_.write(broken[0], {});
  work_.write(broken[1], bytes_of(whole.substr(0, whole.size() / 2)));
  std::string flipped = whole;
  flipped[whole.size() / 2] ^= 0x10;
  work_.write(broken[2], bytes_of(flipped));
  const std::string page = "<!DOCTYPE html><html><body>404</body></html>";
  work_.write(broken[3], bytes_of(page));
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
  work_.write(broken[4], bytes_of(pointer));
  const Outcome outcome = upscale({"in", "-o", "out"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(files_in("out").size(), 95u);
  EXPECT_TRUE(outcome.says("5 of 100 pictures failed: ")) << outcome.err;
  const std::string summary = outcome.err.substr(outcome.err.rfind("5 of 100"));
  for (const std::string& name : broken) {
    EXPECT_NE(summary.find(name), std::string::npos) << name << " in " << summary;
    EXPECT_FALSE(work_.exists("out" + name.substr(2)));
  }
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 6) << outcome.err;
}

TEST_F(CliBatch, WhereNothingMoreCanBeWrittenTheRestIsNotTried) {
  for (int i = 0; i < 60; ++i) write("in/" + std::to_string(100 + i) + ".png", 60, 60);
  test::Surroundings around;
  around.largest_file = 1000;
  const Outcome outcome = upscale({"in", "-o", "out", "--png-level", "0", "--json"}, around);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(files_in("out"), Names{});
  EXPECT_TRUE(outcome.says("pictures were not tried")) << outcome.err;
  EXPECT_EQ(outcome.out.find("\"untried\":0"), std::string::npos) << outcome.out;
}

// Each file under its own name is whole whenever the process dies, and the next start leaves no temporary.
TEST_F(CliBatch, KilledAtAnyTimeEveryResultIsWhole) {
  constexpr int kPictures = 12;
  for (int i = 0; i < kPictures; ++i) write("in/" + std::to_string(10 + i) + ".png", 20 + i, 16);
  ASSERT_EQ(upscale({"in", "-o", "whole"}).code, 0);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(upscale({"in", "-o", "again"}).code, 0);
  const auto spent =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  std::mt19937 random(7);
  std::uniform_int_distribution<int> at(0, static_cast<int>(spent.count()));
  const char* const rounds = std::getenv("INKSTONE_TEST_KILLS");
  int killed = 0, partly = 0;
  for (int round = 0; round < (rounds == nullptr ? 12 : std::atoi(rounds)); ++round) {
    fs::remove_all(work_.path("out"));
    test::Surroundings around;
    around.kill_after_us = at(random);
    killed += upscale({"in", "-o", "out"}, around).code == -SIGKILL ? 1 : 0;
    Names present;
    if (work_.exists("out")) {
      for (const auto& entry : fs::directory_iterator(work_.path("out"))) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with('.')) present.push_back(name);
      }
    }
    for (const std::string& name : present) {
      ASSERT_TRUE(work_.read("out/" + name) == work_.read("whole/" + name)) << name;
    }
    partly += !present.empty() && present.size() < kPictures ? 1 : 0;
    if (round % 4 != 0) continue;
    ASSERT_EQ(upscale({"in", "-o", "out", "--resume"}).code, 0);
    Names names = files_in("out");
    ASSERT_EQ(names.size(), static_cast<size_t>(kPictures));
    for (const std::string& name : names)
      ASSERT_TRUE(work_.read(name) == work_.read("whole" + name.substr(3)));
  }
  EXPECT_GT(killed, 0);
  if (rounds != nullptr) {
    EXPECT_GT(partly, 0);
  }
}

TEST_F(CliBatch, MemoryStaysAsItIs) {
  if (!test::kMemoryCounts) GTEST_SKIP() << "the sanitizer's own memory grows";
  constexpr int kPictures = 400;
  for (int i = 0; i < kPictures; ++i) {
    work_.write_picture("in/" + std::to_string(1000 + i) + ".png",
                        test::test_picture(20 + i % 3, 21, 1 + i % 4));
  }
  fs::create_directory(work_.path("few"));
  for (int i = 0; i < 60; ++i) {
    const std::string name = std::to_string(1000 + i) + ".png";
    fs::copy_file(work_.path("in/" + name), work_.path("few/" + name));
  }
  const Outcome few = upscale({"few", "-o", "out-few", "-j", "2"}),
                many = upscale({"in", "-o", "out", "-j", "2"});
  ASSERT_EQ(few.code, 0) << few.err;
  ASSERT_EQ(many.code, 0) << many.err;
  EXPECT_EQ(files_in("out").size(), static_cast<size_t>(kPictures));
  EXPECT_LT(static_cast<double>(many.peak_bytes), 1.1 * static_cast<double>(few.peak_bytes));
}

}  // namespace
}  // namespace ink
