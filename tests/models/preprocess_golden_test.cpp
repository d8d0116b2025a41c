#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "models/image/preprocess.h"
#include "pictures/original.h"
#include "tests/harness/weights_dir.h"
#include "tests/models/made_up_picture.h"
#include "weights/sha256.h"

namespace ink {
namespace {

// One line of tests/goldens/preprocess/cases-*.txt; tests/reference/preprocess_cases.py says what is in it.
struct Case {
  std::string mode, how, kind, hash;
  int w = 0, h = 0;
  uint64_t seed = 0, count = 0;
  std::vector<double> values;
};

std::vector<Case> read_cases(const std::string& name) {
  std::ifstream file(test::golden_path("preprocess/cases-" + name + ".txt"));
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Case one;
    words >> one.mode >> one.w >> one.h >> one.seed >> one.how >> one.kind;
    if (one.kind == "exact") {
      words >> one.hash;
    } else {
      words >> one.count;
      for (double value = 0; words >> value;) one.values.push_back(value);
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

ImagePreprocess parse(const std::string& how) {
  const auto after = [&](size_t from) { return how.substr(from, how.find(':', from) - from); };
  auto parsed = ImagePreprocess::from_json(how, "test");
  if (how.starts_with("preset:")) {
    const std::string name = after(7);
    parsed = preprocess_preset(name, std::stoi(how.substr(8 + name.size())));
  } else if (how.starts_with("hf:")) {
    const std::string kind = after(3);
    parsed = preprocess_from_hf(how.substr(4 + kind.size()), kind, "test");
  }
  EXPECT_TRUE(parsed.ok()) << how << "\n" << parsed.error().message;
  return parsed.ok() ? *parsed : ImagePreprocess();
}

std::vector<float> run(const PictureView& picture, const ImagePreprocess& how, int threads) {
  const auto size = output_size(picture.w, picture.h, how);
  EXPECT_TRUE(size.ok()) << size.error().message;
  if (!size.ok()) return {};
  std::vector<float> result(static_cast<size_t>(size->w) * static_cast<size_t>(size->h) * 3, NAN);
  const Status status = preprocess(picture, how, result.data(), threads);
  EXPECT_TRUE(status.ok());
  return result;
}

// What 1e-6 of the range of the results is.
double tolerance(const ImagePreprocess& how) {
  const double least_std = std::min({how.std[0], how.std[1], how.std[2]});
  return 1e-6 * (how.scale == SampleScale::none ? 255 : 1) / std::min(least_std, 1.0);
}

OriginalPicture decoded(const std::string& name, PictureDecoder decoder) {
  std::ifstream stream(test::golden_path(name), std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  auto picture = decode_original(std::as_bytes(std::span(bytes)), name, decoder, {});
  EXPECT_TRUE(picture.ok()) << picture.error().message;
  return picture.ok() ? std::move(*picture) : OriginalPicture();
}

class PreprocessGoldens : public testing::TestWithParam<std::pair<const char*, unsigned>> {};

TEST_P(PreprocessGoldens, AreEqualled) {
  const std::vector<Case> cases = read_cases(GetParam().first);
  EXPECT_GE(cases.size(), GetParam().second);
  double worst = 0;
  for (const Case& one : cases) {
    const std::string what =
        one.mode + " " + std::to_string(one.w) + "x" + std::to_string(one.h) + " " + one.how;
    const ImagePreprocess how = parse(one.how);
    test::MadeUpPicture made_up;
    OriginalPicture read;
    const bool is_file = one.mode.find('.') != std::string::npos;
    if (is_file) {
      read = decoded(one.mode, how.decoder);
    } else {
      made_up = test::made_up_picture(test::mode_of_name(one.mode), one.w, one.h, one.seed);
    }
    const PictureView picture = is_file ? read.view() : made_up.view();
    ASSERT_EQ(std::pair(picture.w, picture.h), std::pair(one.w, one.h)) << what;
    const std::vector<float> got = run(picture, how, 1);
    if (one.seed % 8 == 0) {
      EXPECT_EQ(run(picture, how, 3), got) << what;
    }
    if (one.kind == "exact") {
      EXPECT_EQ(sha256_hex(std::as_bytes(std::span(got))), one.hash) << what;
      continue;
    }
    ASSERT_EQ(got.size(), one.count) << what;
    for (size_t k = 0; k < one.values.size(); ++k) {
      const double off = std::abs(double{got[test::hash_noise(99, k) % got.size()]} - one.values[k]);
      worst = std::max(worst, off / tolerance(how));
      EXPECT_LE(off, tolerance(how)) << what << " sample " << k;
    }
  }
  RecordProperty("worst_share_of_tolerance_percent", static_cast<int>(100 * worst));
}

constexpr std::pair<const char*, unsigned> kLists[] = {
    {"pillow", 360}, {"torchvision", 120}, {"huggingface", 115},  {"tensorflow", 110},
    {"keras", 60},   {"deepdanbooru", 25}, {"files-pillow", 240}, {"files-tensorflow", 110}};

INSTANTIATE_TEST_SUITE_P(Originals, PreprocessGoldens, testing::ValuesIn(kLists), [](const auto& made) {
  std::string name = made.param.first;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace ink
