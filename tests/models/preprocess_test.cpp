#include "models/image/preprocess.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "tests/models/made_up_picture.h"

namespace ink {
namespace {

constexpr const char* kPresets[] = {"acg2vec",     "deepdanbooru", "imagenet",           "simclr",
                                    "keras-caffe", "keras-tf",     "keras-efficientnet", "hf-efficientnet",
                                    "openai-clip", "hf-clip",      "serving-clip",       "vit",
                                    "dinov2",      "blip2"};

std::string refusal(const std::string& json) {
  const auto how = ImagePreprocess::from_json(json, "there");
  EXPECT_FALSE(how.ok()) << json;
  if (how.ok()) return {};
  EXPECT_EQ(how.error().kind, ErrorKind::model);
  return how.error().message;
}

TEST(PreprocessJson, ComesBackAsItWent) {
  for (const char* name : kPresets) {
    for (const int side : {0, 48}) {
      const ImagePreprocess how = preprocess_preset(name, side).value();
      const auto again = ImagePreprocess::from_json(how.json(), "there");
      ASSERT_TRUE(again.ok()) << again.error().message;
      EXPECT_EQ(*again, how) << how.json();
      EXPECT_EQ(again->json(), how.json());
    }
  }
}

TEST(PreprocessJson, IsTheTextThatFilesHold) {
  EXPECT_EQ(presets::acg2vec().json(),
            "{\"decoder\":\"tensorflow\",\"rgb\":\"first\",\"alpha\":\"drop\",\"square\":false,"
            "\"resize\":\"stretch\",\"resizer\":\"tensorflow\",\"filter\":\"bilinear\",\"antialias\":false,"
            "\"size\":[512,512],\"crop\":[0,0],\"crop_rounding\":\"even\",\"normalize_first\":false,"
            "\"bgr\":false,\"scale\":\"divide\",\"scale_by\":255,\"mean\":[0,0,0],\"std\":[1,1,1],"
            "\"std_twice\":false}");
  EXPECT_EQ(ImagePreprocess::from_json("{}", "there").value(), ImagePreprocess());
}

TEST(PreprocessJson, RefusesWhatItDoesNotKnow) {
  EXPECT_NE(refusal("[1]").find("there: expected a JSON object"), std::string::npos);
  EXPECT_NE(refusal("{\"size\":").find("there: expected a JSON object"), std::string::npos);
  EXPECT_EQ(refusal("{\"colour\":1}"), "there: unknown key \"colour\"");
  EXPECT_EQ(refusal("{\"bgr\":true,\"bgr\":true}"), "there: a key is there twice");
  EXPECT_EQ(refusal("{\"filter\":\"cubic\"}"),
            "there: \"filter\": expected nearest, bilinear, bicubic, lanczos or area");
  EXPECT_EQ(refusal("{\"square\":1}"), "there: \"square\": expected true or false");
  EXPECT_EQ(refusal("{\"mean\":[1,2]}"), "there: \"mean\": expected three numbers");
  EXPECT_EQ(refusal("{\"size\":224}"), "there: \"size\": expected [width, height]");
  for (const char* json :
       {"{\"size\":[0,4]}", "{\"size\":[4,16385]}", "{\"crop\":[-1,3]}", "{\"crop\":[3,0]}",
        "{\"std\":[1,0,1]}", "{\"std\":[1,1e-60,1]}", "{\"mean\":[1e300,0,0]}", "{\"scale_by\":0}",
        "{\"filter\":\"area\"}", "{\"resize\":\"pad\"}", "{\"normalize_first\":true}",
        "{\"rgb\":\"last\",\"resizer\":\"tensorflow\"}",
        "{\"filter\":\"lanczos\",\"resizer\":\"torchvision\"}"}) {
    EXPECT_EQ(refusal(json).find("there: \""), 0u) << json;
  }
}

TEST(PreprocessPreset, AnUnknownOneNamesTheOthers) {
  const auto none = preprocess_preset("clap");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::usage);
  for (const char* name : kPresets) EXPECT_NE(none.error().message.find(name), std::string::npos) << name;
}

TEST(PreprocessFromHf, ReadsWhatIsReleased) {
  const auto read = [](const char* json, const char* kind) {
    const auto how = preprocess_from_hf(json, kind, "p.json");
    EXPECT_TRUE(how.ok()) << how.error().message;
    return how.ok() ? *how : ImagePreprocess();
  };
  EXPECT_EQ(read("{}", "clip"), presets::huggingface_clip());
  EXPECT_EQ(read("{}", "vit"), presets::vit());
  EXPECT_EQ(read("{\"size\":{\"height\":224,\"width\":224}}", "blip-2"), presets::blip2());
  EXPECT_EQ(read("{\"image_processor_type\":\"BitImageProcessorFast\",\"size\":{\"shortest_edge\":256},"
                 "\"image_mean\":[0.485,0.456,0.406],\"image_std\":[0.229,0.224,0.225]}",
                 "dinov2"),
            presets::dinov2());
  const ImagePreprocess plain = read(
      "{\"image_processor_type\":\"ViTImageProcessor\",\"do_resize\":false,\"do_normalize\":false,"
      "\"do_rescale\":false,\"size\":{\"height\":7,\"width\":9},\"resample\":null}",
      "");
  EXPECT_EQ(plain.resize, ResizeKind::none);
  EXPECT_EQ(plain.scale, SampleScale::none);
  EXPECT_EQ(plain.std, (std::array<double, 3>{1, 1, 1}));
  EXPECT_EQ(plain.size, (PictureSize{9, 7}));
}

TEST(PreprocessFromHf, RefusesWhatItCannotFollow) {
  for (const char* json :
       {"", "[]", "{\"image_processor_type\":\"LevitImageProcessor\"}", "{\"size\":{\"longest_edge\":224}}",
        "{\"size\":\"224\"}", "{\"resample\":4}", "{\"resample\":\"3\"}", "{\"do_pad\":true}",
        "{\"do_resize\":1}", "{\"crop_size\":{\"height\":224}}", "{\"image_std\":[0,1,1]}",
        "{\"image_mean\":[1,2,3,4]}", "{\"size\":{\"shortest_edge\":99999}}", "{\"rescale_factor\":\"x\"}"}) {
    const auto how = preprocess_from_hf(json, "clip", "p.json");
    ASSERT_FALSE(how.ok()) << json;
    EXPECT_EQ(how.error().kind, ErrorKind::model);
    EXPECT_EQ(how.error().message.find("p.json: "), 0u) << how.error().message;
  }
  EXPECT_FALSE(preprocess_from_hf("{}", "gpt2", "p.json").ok());
}

TEST(PreprocessSize, FollowsTorchvisionsRounding) {
  ImagePreprocess how = presets::torchvision_imagenet();
  how.crop = {};
  EXPECT_EQ(output_size(300, 201, how).value(), (PictureSize{382, 256}));
  EXPECT_EQ(output_size(201, 300, how).value(), (PictureSize{256, 382}));
  EXPECT_EQ(output_size(256, 256, how).value(), (PictureSize{256, 256}));
  EXPECT_EQ(output_size(999, 3, presets::torchvision_imagenet()).value(), (PictureSize{224, 224}));
}

TEST(PreprocessSize, RefusesWhatCannotBeDone) {
  const auto message = [](int w, int h, const ImagePreprocess& how) {
    const auto size = output_size(w, h, how);
    EXPECT_FALSE(size.ok());
    if (size.ok()) return std::string();
    EXPECT_EQ(size.error().kind, ErrorKind::limit);
    return size.error().message;
  };
  EXPECT_EQ(message(1, 30000, presets::deepdanbooru()),
            "a picture of 1 x 30000 pixels is too narrow to be fitted into 512 x 512 with its aspect kept");
  ImagePreprocess how = presets::dinov2(100, 224);
  EXPECT_EQ(message(50, 60, how),
            "a picture of 50 x 60 pixels becomes 100 x 120, from which no 224 x 224 can be cut");
  how = presets::huggingface_clip(16384);
  EXPECT_EQ(message(1, 32768, how),
            "a picture of 1 x 32768 pixels is too narrow for its shorter side to become 16384");
  how.crop = {};
  EXPECT_EQ(message(1, 10, how), "a picture of 1 x 10 pixels would become one of 16384 x 163840");
}

// Every preset takes every mode at every hostile size, within its buffers, whatever the threads.
TEST(Preprocess, TakesEveryModeAndSize) {
  constexpr std::pair<int, int> kSizes[] = {{1, 1}, {1, 2}, {2, 1}, {1, 700}, {700, 1}, {3, 2}, {333, 2}};
  for (const char* name : kPresets) {
    for (int mode = 0; mode <= static_cast<int>(PixelMode::rgb16); ++mode) {
      for (const auto& [w, h] : kSizes) {
        const ImagePreprocess how = preprocess_preset(name, 24).value();
        const auto picture = test::made_up_picture(static_cast<PixelMode>(mode), w, h, 3);
        const auto size = output_size(w, h, how);
        if (!size.ok()) continue;
        constexpr float kCanary = 12345;
        std::vector<float> result(static_cast<size_t>(size->w) * static_cast<size_t>(size->h) * 3 + 1,
                                  kCanary);
        ASSERT_TRUE(preprocess(picture.view(), how, result.data(), 1).ok());
        EXPECT_EQ(result.back(), kCanary);
        for (const float value : result) ASSERT_TRUE(std::isfinite(value)) << name << " " << w << "x" << h;
        ASSERT_GT(preprocess_bytes(picture.view(), how, 1).value(), 0u);
      }
    }
  }
}

TEST(Preprocess, OfAFlatPictureIsFlat) {
  for (const char* name : kPresets) {
    const ImagePreprocess how = preprocess_preset(name, 32).value();
    const std::vector<uint8_t> gray(61 * 47 * 3, 77);
    const PictureView picture{61, 47, PixelMode::rgb, gray.data(), nullptr, nullptr};
    std::vector<float> result(32 * 32 * 3);
    ASSERT_TRUE(preprocess(picture, how, result.data(), 1).ok());
    for (size_t i = 3; i < result.size(); ++i) ASSERT_NEAR(result[i], result[i % 3], 1e-4) << name;
  }
}

// Cutting before resizing equals cutting the picture by hand; alpha and palettes go the same way.
TEST(Preprocess, TheSquareIsCutFirst) {
  for (const PixelMode mode : {PixelMode::rgb, PixelMode::rgba, PixelMode::gray_alpha, PixelMode::palette,
                               PixelMode::gray16, PixelMode::cmyk}) {
    const auto wide = test::made_up_picture(mode, 40, 21, 9);
    const int channels = mode_channels(mode), x0 = (40 - 21) / 2;
    test::MadeUpPicture cut{21, 21, mode, {}, {}, wide.palette};
    const auto cut_rows = [&](const auto& from, auto& to) {
      for (int y = 0; !from.empty() && y < 21; ++y) {
        const auto row = from.begin() + static_cast<ptrdiff_t>(y * 40 + x0) * channels;
        to.insert(to.end(), row, row + static_cast<ptrdiff_t>(21) * channels);
      }
    };
    cut_rows(wide.samples, cut.samples);
    cut_rows(wide.samples16, cut.samples16);
    for (const RgbRule rule : {RgbRule::first, RgbRule::last}) {
      ImagePreprocess how;
      how.size = {16, 16};
      how.rgb = rule;
      how.filter = ResizeFilter::bicubic;
      std::vector<float> want(16 * 16 * 3), got(want.size());
      ASSERT_TRUE(preprocess(cut.view(), how, want.data(), 1).ok());
      how.square = true;
      ASSERT_TRUE(preprocess(wide.view(), how, got.data(), 2).ok());
      EXPECT_EQ(got, want) << static_cast<int>(mode);
    }
  }
}

}  // namespace
}  // namespace ink
