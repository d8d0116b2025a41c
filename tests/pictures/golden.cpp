#include "tests/pictures/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace ink::test {
namespace {

const std::string kFolder = std::string(INK_GOLDENS_DIR) + "/pictures/";

Bytes from_hex(const std::string& text) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

}  // namespace

Bytes golden_file(const std::string& name) {
  std::ifstream stream(kFolder + name, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << name;
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  return bytes_of(text);
}

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

Golden read_golden(const std::string& name) {
  Golden golden;
  Picture& picture = golden.picture;
  std::ifstream stream(kFolder + name + ".txt");
  EXPECT_TRUE(stream.is_open()) << name;
  Bytes samples;
  for (std::string word; stream >> word;) {
    std::string value;
    if (word == "size") {
      stream >> picture.w >> picture.h >> picture.channels >> picture.depth;
    } else if (word == "tolerance") {
      stream >> golden.tolerance;
    } else if (word == "notice") {
      std::getline(stream >> std::ws, golden.notice);
    } else if (word == "icc" || word == "exif" || word == "xmp") {
      stream >> value;
      PictureMetadata& metadata = picture.metadata;
      (word == "icc" ? metadata.icc : word == "exif" ? metadata.exif : metadata.xmp) = from_hex(value);
    } else {
      samples = std::move(samples) + from_hex(word);
    }
  }
  if (picture.depth == 16) {
    for (size_t i = 0; i + 1 < samples.size(); i += 2) {
      picture.pixels16.push_back(static_cast<uint16_t>(std::to_integer<unsigned>(samples[i]) << 8 |
                                                       std::to_integer<unsigned>(samples[i + 1])));
    }
  } else {
    for (const std::byte sample : samples) picture.pixels.push_back(std::to_integer<uint8_t>(sample));
  }
  return golden;
}

}  // namespace ink::test
