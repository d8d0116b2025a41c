#include "pictures/original.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "tests/pictures/golden.h"
#include "tests/pictures/refusal.h"
#include "weights/sha256.h"

namespace ink {
namespace {

using test::Bytes;

constexpr const char* kModeNames[] = {"bit",     "gray", "gray_alpha", "rgb",  "rgba",
                                      "palette", "cmyk", "gray16",     "rgb16"};

std::string hash_of(const OriginalPicture& picture) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(picture.samples)));
  hash.update(std::as_bytes(std::span(picture.samples16)));
  hash.update(std::as_bytes(std::span(picture.palette)));
  return hash.finish();
}

Bytes read_file(const std::string& name) {
  std::ifstream stream(std::string(INK_GOLDENS_DIR) + "/" + name, std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_FALSE(chars.empty()) << name;
  Bytes bytes(chars.size());
  std::transform(chars.begin(), chars.end(), bytes.begin(), [](char c) { return std::byte(c); });
  return bytes;
}

// Every line of DECODER.txt, and how many there were of each format.
void check_decoder(const std::string& decoder_name, PictureDecoder decoder, int least) {
  std::ifstream list(std::string(INK_GOLDENS_DIR) + "/preprocess/" + decoder_name + ".txt");
  std::string file, mode, hash;
  int w = 0, h = 0, files = 0;
  for (; list >> file >> mode >> w >> h >> hash; ++files) {
    const auto picture = decode_original(read_file(file), file, decoder, {});
    if (!picture.ok() && file == "pictures/animated.webp") continue;
    ASSERT_TRUE(picture.ok()) << picture.error().message;
    EXPECT_EQ(std::pair(picture->w, picture->h), std::pair(w, h)) << file;
    EXPECT_EQ(kModeNames[static_cast<size_t>(picture->mode)], mode) << file;
    EXPECT_EQ(hash_of(*picture), hash) << file << " " << mode;
  }
  EXPECT_GE(files, least);
}

TEST(Original, IsWhatPillowDecodes) { check_decoder("pillow", PictureDecoder::pillow, 120); }
TEST(Original, IsWhatTensorflowDecodes) { check_decoder("tensorflow", PictureDecoder::tensorflow, 115); }
TEST(Original, IsWhatTorchvisionDecodes) { check_decoder("torchvision", PictureDecoder::torchvision, 120); }

TEST(Original, TheFastTransformIsSeenInTheNumbers) {
  const Bytes file = read_file("preprocess/420-q95.jpg");
  EXPECT_NE(hash_of(decode_original(file, "a", PictureDecoder::tensorflow, {}).value()),
            hash_of(decode_original(file, "a", PictureDecoder::pillow, {}).value()));
}

TEST(Original, TheLimitsHold) {
  PictureLimits limits;
  limits.pixels = 100;
  for (const char* name : {"pictures/420.jpg", "pictures/type2-8bit.png", "preprocess/lossy-rgb.webp"}) {
    const Bytes file = read_file(name);
    const auto refused = decode_original(file, name, PictureDecoder::pillow, limits);
    ASSERT_FALSE(refused.ok()) << name;
    EXPECT_EQ(refused.error().kind, ErrorKind::limit);
    for (size_t length = 0; length < file.size(); length += 7) {
      const Bytes cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(length));
      for (const auto decoder : {PictureDecoder::pillow, PictureDecoder::tensorflow}) {
        const auto short_file = decode_original(cut, "cut", decoder, {});
        ASSERT_FALSE(short_file.ok()) << name << " " << length;
        EXPECT_EQ(short_file.error().message.find("cut: "), 0u);
      }
    }
  }
}

}  // namespace
}  // namespace ink
