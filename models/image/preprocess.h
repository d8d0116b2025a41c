#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/base/picture_view.h"
#include "kernels/base/result.h"
#include "models/image/resample.h"

namespace ink {

enum class RgbRule {
  first,  // before anything else, as convert("RGB") or the decoder does
  last,   // after resizing and cropping in the file's own mode, as OpenAI's CLIP does
};

// What becomes of alpha on the way to RGB.
enum class AlphaRule { drop, white };

enum class ResizeKind {
  none,
  stretch,  // to w x h
  shorter,  // the shorter side to w, the longer one to int(w * longer / shorter)
  pad,      // the largest of the same aspect inside w x h, in its middle; the edge pixels go on outwards
};

// Whose arithmetic resizes. Pillow works on samples of 8 (or 16) bits and rounds after each axis, the columns
// first; the others on floats.
enum class Resizer { pillow, tensorflow, torchvision };

// Where the middle of an odd rest is: (rest / 2) rounded half to even, or down.
enum class CropRounding { even, down };

enum class SampleScale {
  none,
  divide,    // float32(v) / by
  multiply,  // float32(double(v) * by)
};

struct PictureSize {
  int w = 0, h = 0;
  bool operator==(const PictureSize&) const = default;
};

// From a decoded picture to a network's input, as a model's original does it; the metadata
// `inkstone.preprocess`. The steps, in this order:
//   RGB (if first), square, resize, crop, RGB (if last), order of the channels, scale, (v - mean) / std.
// With normalize_first scale and normalisation come before resizing.
struct ImagePreprocess {
  PictureDecoder decoder = PictureDecoder::pillow;
  RgbRule rgb = RgbRule::first;
  AlphaRule alpha = AlphaRule::drop;
  bool square = false;  // cut to the middle square of the shorter side first, offset int(rest / 2)

  ResizeKind resize = ResizeKind::stretch;
  Resizer resizer = Resizer::pillow;
  ResizeFilter filter = ResizeFilter::bilinear;
  bool antialias = true;          // of tensorflow and torchvision; Pillow always does
  PictureSize size = {224, 224};  // `shorter` goes by w

  PictureSize crop = {0, 0};  // the middle of the resized picture; 0 x 0: all of it
  CropRounding crop_rounding = CropRounding::even;

  bool normalize_first = false;
  bool bgr = false;  // the order of dst; mean and std are in this order too
  SampleScale scale = SampleScale::none;
  double scale_by = 1;
  std::array<double, 3> mean = {0, 0, 0}, std = {1, 1, 1};  // taken as float32
  bool std_twice = false;                                   // divide by std once more

  // One line, keys in a fixed order; docs/preprocessing.md lists them.
  std::string json() const;
  // Error (model): not JSON, an unknown key or value, or numbers that make no sense; `origin` starts the
  // sentence. Keys that are not there keep their values from above.
  static Result<ImagePreprocess> from_json(std::string_view json, std::string_view origin);
  // Error (model): fields that contradict each other, or sides beyond 16384; from_json has looked.
  Status check(std::string_view origin) const;

  bool operator==(const ImagePreprocess&) const = default;
};

// The size that preprocess gives for a picture of w x h. Errors (limit): a crop larger than what it is cut
// from, or a result of more than 2^28 pixels.
Result<PictureSize> output_size(int w, int h, const ImagePreprocess& how);

// dst[y][x][c], NHWC, output_size pixels of 3 channels. The result does not depend on `threads`. Errors:
// those of output_size.
Status preprocess(const PictureView& src, const ImagePreprocess& how, float* dst, int threads);

// What preprocess takes beside src and dst, at most.
Result<uint64_t> preprocess_bytes(const PictureView& src, const ImagePreprocess& how, int threads);

// The preprocessing of released models. `side` is the network's input.
namespace presets {

// tf.image.resize to side x side, / 255: ACG2vec's DeepDanbooru (512) and its vectors, pix2score (224).
ImagePreprocess acg2vec(int side = 512);
// DeepDanbooru's own evaluate: area, aspect kept, edges continued.
ImagePreprocess deepdanbooru(int side = 512);
// torchvision's ImageNet evaluation on PIL pictures.
ImagePreprocess torchvision_imagenet(int resize = 256, int crop = 224);
// Normalised as ImageNet, then torchvision's Resize of the float tensor; antialias: its default since 0.17.
ImagePreprocess simclr(int side = 64, bool antialias = true);
// keras.utils.load_img (nearest) and preprocess_input: "caffe" (VGG, ResNet V1), "tf" (ResNet V2), or
// nothing, because EfficientNet normalises inside.
ImagePreprocess keras_caffe(int side = 224);
ImagePreprocess keras_tf(int side = 224);
ImagePreprocess keras_efficientnet(int side = 224);
ImagePreprocess huggingface_efficientnet(int side = 224);
ImagePreprocess openai_clip(int side = 224);
ImagePreprocess huggingface_clip(int side = 224);
// TF-Serving's clip_img_base64input.
ImagePreprocess serving_clip(int side = 224);
ImagePreprocess vit(int side = 224);
ImagePreprocess dinov2(int resize = 256, int crop = 224);
ImagePreprocess blip2(int side = 224);

}  // namespace presets

// A preset by name: acg2vec, deepdanbooru, imagenet, simclr, keras-caffe, keras-tf, keras-efficientnet,
// hf-efficientnet, openai-clip, hf-clip, serving-clip, vit, dinov2, blip2. side 0: the preset's own. Error
// (usage): no such name, with those that there are.
Result<ImagePreprocess> preprocess_preset(std::string_view name, int side = 0);

// From the preprocessor_config.json of a HuggingFace processor that works on PIL pictures. `model_kind` is
// the model_type of config.json ("clip", "vit", "dinov2", "blip-2", "efficientnet", "bit", "convnext", ...)
// and fills in what the text leaves out. Error (model): not JSON, or a processor that does something not
// known here.
Result<ImagePreprocess> preprocess_from_hf(std::string_view json, std::string_view model_kind,
                                           std::string_view origin);

}  // namespace ink
