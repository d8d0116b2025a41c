#include "weights/sniff.h"

#include <gtest/gtest.h>

#include "tests/weights/sample_files.h"

namespace ink {
namespace {

using namespace std::string_view_literals;

TEST(Sniff, ContentDecides) {
  const std::pair<std::string_view, FileFormat> cases[] = {
      {""sv, FileFormat::empty},
      {"<!DOCTYPE html><html>"sv, FileFormat::html},
      {"\xef\xbb\xbf\r\n <HTML lang=en>"sv, FileFormat::html},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:"sv, FileFormat::git_lfs_pointer},
      {"\x02\0\0\0\0\0\0\0{}"sv, FileFormat::safetensors},
      {"\x02\0\0\0\1\0\0\0{}"sv, FileFormat::unknown},
      {"\x02\0\0\0\0\0\0\0"sv, FileFormat::unknown},
      {"7767517\n3 3\n"sv, FileFormat::ncnn_param},
      {"\n 7767517\n"sv, FileFormat::ncnn_param},
      {"\x47\x6b\x30\x01\xff"sv, FileFormat::ncnn_bin},
      {"\0\0\0\0\0\0\x80\x3f"sv, FileFormat::ncnn_bin},
      {"PK\x03\x04 and so on"sv, FileFormat::zip},
      {"\x89HDF\r\n\x1a\n and so on"sv, FileFormat::hdf5},
      {"\x80\x02}q\x00."sv, FileFormat::pickle},
      {"something else"sv, FileFormat::unknown},
      {"\0"sv, FileFormat::unknown},
  };
  for (const auto& [text, format] : cases) {
    EXPECT_EQ(sniff(test::bytes_of(text)), format) << text;
    EXPECT_FALSE(describe(format).empty());
  }
}

}  // namespace
}  // namespace ink
