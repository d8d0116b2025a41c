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
      {"\x80\x05\x95"sv, FileFormat::pickle},
      {"\x80\x06"sv, FileFormat::unknown},
      {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv, FileFormat::torch_legacy},
      {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x18."sv, FileFormat::pickle},
      {"\0\0\x05\x0a\0\x57\xfb\x80\x8b\x24\x75\x47\xdb"sv, FileFormat::tensorflow_index},
      {"\0\0\0\0\0\x57\xfb\x80\x8b\x24\x75\x47\xdb"sv, FileFormat::tensorflow_index},
      {"\x57\xfb\x80\x8b\x24\x75\x47\xda"sv, FileFormat::unknown},
      {"\x08\x01\x12\xff\x01"sv, FileFormat::saved_model},
      {"\x08\x09\x12\x07pytorch"sv, FileFormat::onnx},
      {"{}"sv, FileFormat::json},
      {"\xef\xbb\xbf {\n  \"a\": 1}"sv, FileFormat::json},
      {" [1]"sv, FileFormat::json},
      {"{a}"sv, FileFormat::unknown},
      {"\x1f\x8b\x08"sv, FileFormat::gzip},
      {"7z\xbc\xaf\x27\x1c"sv, FileFormat::seven_zip},
      {"\xfd\x37zXZ\0"sv, FileFormat::xz},
      {"BZh91AY"sv, FileFormat::bzip2},
      {"\x28\xb5\x2f\xfd"sv, FileFormat::zstd},
      {"Rar!\x1a\x07"sv, FileFormat::rar},
      {"GGUF\3"sv, FileFormat::gguf},
      {"\x1c\0\0\0TFL3"sv, FileFormat::tflite},
      {"\x93NUMPY\1"sv, FileFormat::numpy},
      {"\x89PNG\r\n\x1a\n"sv, FileFormat::picture},
      {"\xff\xd8\xff\xe0"sv, FileFormat::picture},
      {"RIFF\x10\0\0\0WEBP"sv, FileFormat::picture},
      {"something else"sv, FileFormat::unknown},
      {"\0"sv, FileFormat::unknown},
  };
  for (const auto& [text, format] : cases) {
    EXPECT_EQ(sniff(test::bytes_of(text)), format) << text;
    EXPECT_FALSE(describe(format).empty());
  }
  EXPECT_EQ(sniff(test::bytes_of(std::string(257, 'n') + "ustar")), FileFormat::tar);
}

}  // namespace
}  // namespace ink
