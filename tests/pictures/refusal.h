#pragma once

#include <gtest/gtest.h>

#include <string>

#include "pictures/codec.h"
#include "tests/pictures/png_builder.h"

namespace ink::test {

// The file is refused in one sentence that begins with its name and contains `part`, by both readers where
// the outline alone tells, else by decode_picture.
inline void expect_refused(const Bytes& file, ErrorKind kind, const std::string& part,
                           bool by_outline = true) {
  const auto got = decode_picture(file, "x", {});
  ASSERT_FALSE(got.ok()) << part;
  const std::string& message = got.error().message;
  EXPECT_EQ(got.error().kind, kind) << message;
  EXPECT_EQ(message.rfind("x: ", 0), 0u) << message;
  EXPECT_NE(message.find(part), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  const auto shape = picture_shape(file, "x", {});
  EXPECT_EQ(shape.ok(), !by_outline) << message;
  if (!shape.ok()) {
    EXPECT_EQ(shape.error().message, message);
  }
}

// Every beginning of the file is refused, by both readers alike.
inline void expect_truncations_refused(const Bytes& whole) {
  ASSERT_TRUE(decode_picture(whole, "x", {}).ok());
  for (size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<Bytes::difference_type>(size));
    const auto got = decode_picture(cut, "x", {});
    ASSERT_FALSE(got.ok()) << size;
    EXPECT_EQ(got.error().kind, ErrorKind::bad_input) << size;
    EXPECT_FALSE(picture_shape(cut, "x", {}).ok()) << size;
  }
}

// With any one bit turned, the file is refused or gives a picture of the size that its shape says.
inline void expect_flips_survived(const Bytes& whole) {
  const PictureLimits limits{512, 1 << 16};
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    const auto shape = picture_shape(flipped, "x", limits);
    const auto got = decode_picture(flipped, "x", limits);
    if (!got.ok()) {
      EXPECT_FALSE(got.error().message.empty()) << "bit " << bit;
      continue;
    }
    ASSERT_TRUE(shape.ok()) << "bit " << bit;
    EXPECT_TRUE(got->w == shape->w && got->h == shape->h && got->channels == shape->channels)
        << "bit " << bit;
    EXPECT_EQ(got->pixels.size() + got->pixels16.size(), sample_count(*got)) << "bit " << bit;
  }
}

}  // namespace ink::test
