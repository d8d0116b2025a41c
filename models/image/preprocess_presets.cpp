#include <string>

#include "models/image/preprocess.h"

namespace ink {
namespace {

constexpr std::array<double, 3> kImageNetMean = {0.485, 0.456, 0.406}, kImageNetStd = {0.229, 0.224, 0.225};
constexpr std::array<double, 3> kClipMean = {0.48145466, 0.4578275, 0.40821073},
                                kClipStd = {0.26862954, 0.26130258, 0.27577711};
constexpr double kHuggingFaceScale = 0.00392156862745098;

// convert("RGB"), Pillow's resize.
ImagePreprocess with_pillow(ResizeKind kind, ResizeFilter filter, int side) {
  ImagePreprocess how;
  how.resize = kind;
  how.filter = filter;
  how.size = {side, side};
  return how;
}

ImagePreprocess normalized(ImagePreprocess how, SampleScale scale, std::array<double, 3> mean,
                           std::array<double, 3> std) {
  how.scale = scale;
  how.scale_by = scale == SampleScale::multiply ? kHuggingFaceScale : 255;
  how.mean = mean;
  how.std = std;
  return how;
}

ImagePreprocess cropped(ImagePreprocess how, int side, CropRounding rounding) {
  how.crop = {side, side};
  how.crop_rounding = rounding;
  return how;
}

}  // namespace

namespace presets {

ImagePreprocess acg2vec(int side) {
  ImagePreprocess how;
  how.decoder = PictureDecoder::tensorflow;
  how.resizer = Resizer::tensorflow;
  how.antialias = false;
  how.size = {side, side};
  how.scale = SampleScale::divide;
  how.scale_by = 255;
  return how;
}

ImagePreprocess deepdanbooru(int side) {
  ImagePreprocess how = acg2vec(side);
  how.resize = ResizeKind::pad;
  how.filter = ResizeFilter::area;
  return how;
}

ImagePreprocess torchvision_imagenet(int resize, int crop) {
  return cropped(normalized(with_pillow(ResizeKind::shorter, ResizeFilter::bilinear, resize),
                            SampleScale::divide, kImageNetMean, kImageNetStd),
                 crop, CropRounding::even);
}

ImagePreprocess simclr(int side, bool antialias) {
  ImagePreprocess how = normalized({}, SampleScale::divide, kImageNetMean, kImageNetStd);
  how.resizer = Resizer::torchvision;
  how.antialias = antialias;
  how.size = {side, side};
  how.normalize_first = true;
  return how;
}

ImagePreprocess keras_caffe(int side) {
  ImagePreprocess how = keras_efficientnet(side);
  how.bgr = true;
  how.mean = {103.939, 116.779, 123.68};
  return how;
}

ImagePreprocess keras_tf(int side) {
  ImagePreprocess how = keras_efficientnet(side);
  how.scale = SampleScale::divide;
  how.scale_by = 127.5;
  how.mean = {1, 1, 1};
  return how;
}

ImagePreprocess keras_efficientnet(int side) {
  return with_pillow(ResizeKind::stretch, ResizeFilter::nearest, side);
}

ImagePreprocess huggingface_efficientnet(int side) {
  ImagePreprocess how = normalized(with_pillow(ResizeKind::stretch, ResizeFilter::nearest, side),
                                   SampleScale::multiply, kImageNetMean, {0.47853944, 0.4732864, 0.47434163});
  how.std_twice = true;
  return how;
}

ImagePreprocess openai_clip(int side) {
  ImagePreprocess how = cropped(normalized(with_pillow(ResizeKind::shorter, ResizeFilter::bicubic, side),
                                           SampleScale::divide, kClipMean, kClipStd),
                                side, CropRounding::even);
  how.rgb = RgbRule::last;
  return how;
}

ImagePreprocess huggingface_clip(int side) {
  return cropped(normalized(with_pillow(ResizeKind::shorter, ResizeFilter::bicubic, side),
                            SampleScale::multiply, kClipMean, kClipStd),
                 side, CropRounding::down);
}

ImagePreprocess serving_clip(int side) {
  ImagePreprocess how = normalized({}, SampleScale::divide, kClipMean, kClipStd);
  how.decoder = PictureDecoder::tensorflow;
  how.square = true;
  how.resizer = Resizer::tensorflow;
  how.filter = ResizeFilter::bicubic;
  how.size = {side, side};
  return how;
}

ImagePreprocess vit(int side) {
  return normalized(with_pillow(ResizeKind::stretch, ResizeFilter::bilinear, side), SampleScale::multiply,
                    {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5});
}

ImagePreprocess dinov2(int resize, int crop) {
  return cropped(normalized(with_pillow(ResizeKind::shorter, ResizeFilter::bicubic, resize),
                            SampleScale::multiply, kImageNetMean, kImageNetStd),
                 crop, CropRounding::down);
}

ImagePreprocess blip2(int side) {
  return normalized(with_pillow(ResizeKind::stretch, ResizeFilter::bicubic, side), SampleScale::multiply,
                    kClipMean, kClipStd);
}

}  // namespace presets

namespace {

struct Preset {
  std::string_view name;
  int side;
  ImagePreprocess (*make)(int side);
};

// torchvision and DINOv2 resize to 8/7 of what they cut out.
int around(int crop) { return crop * 256 / 224; }

constexpr Preset kPresets[] = {
    {"acg2vec", 512, presets::acg2vec},
    {"deepdanbooru", 512, presets::deepdanbooru},
    {"imagenet", 224, [](int side) { return presets::torchvision_imagenet(around(side), side); }},
    {"simclr", 64, [](int side) { return presets::simclr(side); }},
    {"keras-caffe", 224, presets::keras_caffe},
    {"keras-tf", 224, presets::keras_tf},
    {"keras-efficientnet", 224, presets::keras_efficientnet},
    {"hf-efficientnet", 224, presets::huggingface_efficientnet},
    {"openai-clip", 224, presets::openai_clip},
    {"hf-clip", 224, presets::huggingface_clip},
    {"serving-clip", 224, presets::serving_clip},
    {"vit", 224, presets::vit},
    {"dinov2", 224, [](int side) { return presets::dinov2(around(side), side); }},
    {"blip2", 224, presets::blip2},
};

}  // namespace

Result<ImagePreprocess> preprocess_preset(std::string_view name, int side) {
  std::string names;
  for (const Preset& preset : kPresets) {
    if (preset.name == name) return preset.make(side > 0 ? side : preset.side);
    names += (names.empty() ? "" : ", ") + std::string(preset.name);
  }
  return Error{ErrorKind::usage,
               std::string("there is no preprocessing \"") + std::string(name) + "\"; there are " + names};
}

}  // namespace ink
