#include "weights/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ink {
namespace {

std::span<const std::byte> raw(std::string_view text) { return std::as_bytes(std::span(text)); }

// The examples of FIPS 180-4 and of the NIST example pages.
TEST(Sha256, PublishedExamples) {
  EXPECT_EQ(sha256_hex(raw("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(raw("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(raw("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(raw("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                           "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(sha256_hex(raw(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesDoNotMatter) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += static_cast<char>(i);
  const std::string whole = sha256_hex(raw(text));
  for (size_t first = 0; first <= text.size(); ++first) {
    for (const size_t second : {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{65}}) {
      const std::string_view rest = std::string_view(text).substr(first);
      Sha256 hash;
      hash.update(raw(std::string_view(text).substr(0, first)));
      hash.update(raw(rest.substr(0, second)));
      hash.update(raw(rest.size() > second ? rest.substr(second) : ""));
      ASSERT_EQ(hash.finish(), whole) << first << " " << second;
    }
  }
}

}  // namespace
}  // namespace ink
