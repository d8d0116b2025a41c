#include <rapidjson/document.h>

#include <cmath>
#include <optional>
#include <string>

#include "models/image/preprocess.h"

namespace ink {
namespace {

constexpr std::array<double, 3> kHalf = {0.5, 0.5, 0.5};

// What a processor of transformers does where its JSON says nothing.
struct Processor {
  std::string_view class_stem;  // of CLIPImageProcessor, CLIPFeatureExtractor, CLIPImageProcessorFast, ...
  std::string_view kinds;       // model types, each between spaces
  ImagePreprocess defaults;
  bool int_is_shorter;  // what a size of one number means
  PictureSize crop;     // where a crop is asked for and no size given
};

ImagePreprocess stretched(int side, ResizeFilter filter, std::array<double, 3> mean = kHalf,
                          std::array<double, 3> std = kHalf) {
  ImagePreprocess how = presets::vit(side);
  how.filter = filter;
  how.mean = mean;
  how.std = std;
  return how;
}

std::array<Processor, 7> processors() {
  const ImagePreprocess clip = presets::huggingface_clip(224);
  ImagePreprocess efficient = stretched(346, ResizeFilter::bicubic);
  efficient.std_twice = true;
  ImagePreprocess deit = stretched(256, ResizeFilter::bicubic);
  deit.crop = {224, 224};
  deit.crop_rounding = CropRounding::down;
  return {{
      {"CLIP", " clip clip_vision_model chinese_clip ", clip, true, {224, 224}},
      {"Bit", " bit dinov2 dinov2_with_registers ", clip, true, {224, 224}},
      {"ViT", " vit vit_mae vit_msn beit dino ", presets::vit(224), false, {224, 224}},
      {"Blip",
       " blip blip-2 blip_2 blip_2_vision_model instructblip ",
       stretched(384, ResizeFilter::bicubic, clip.mean, clip.std),
       false,
       {384, 384}},
      {"EfficientNet", " efficientnet ", efficient, false, {289, 289}},
      {"DeiT", " deit ", deit, false, {224, 224}},
      {"Siglip", " siglip siglip_vision_model ", stretched(224, ResizeFilter::bicubic), false, {224, 224}},
  }};
}

class HfReader {
 public:
  HfReader(const rapidjson::Value& json, std::string_view origin) : json_(json), origin_(origin) {}

  Result<ImagePreprocess> read(std::string_view model_kind) {
    INK_TRY(const Processor processor, find_processor(model_kind));
    ImagePreprocess how = processor.defaults;
    INK_TRY_STATUS(read_resize(processor, how));
    INK_TRY_STATUS(read_crop(processor, how));
    INK_TRY_STATUS(read_numbers(how));
    for (const char* key : {"do_pad", "rescale_offset", "do_thumbnail", "do_align_long_axis"}) {
      INK_TRY(const bool asked, flag(key, false));
      if (asked) return refuse(std::string("\"") + std::string(key) + "\" is not known here");
    }
    INK_TRY_STATUS(how.check(origin_));
    return how;
  }

 private:
  Error refuse(const std::string& what) const {
    return {ErrorKind::model, std::string(origin_) + ": " + what};
  }

  // nullptr where it is missing or null.
  const rapidjson::Value* find(const char* key) const {
    const auto at = json_.FindMember(key);
    return at == json_.MemberEnd() || at->value.IsNull() ? nullptr : &at->value;
  }
  std::string_view text(const char* key) const {
    const rapidjson::Value* value = find(key);
    if (value == nullptr || !value->IsString()) return {};
    return {value->GetString(), value->GetStringLength()};
  }
  Result<bool> flag(const char* key, bool otherwise) const {
    const rapidjson::Value* value = find(key);
    if (value == nullptr) return otherwise;
    if (!value->IsBool()) return refuse(std::string("\"") + std::string(key) + "\": expected true or false");
    return value->GetBool();
  }

  Result<Processor> find_processor(std::string_view model_kind) const {
    std::string_view name = text("image_processor_type");
    if (name.empty()) name = text("feature_extractor_type");
    for (const Processor& processor : processors()) {
      const std::string_view stem = processor.class_stem;
      const std::string_view rest = name.substr(0, stem.size()) == stem ? name.substr(stem.size()) : "";
      if (rest.starts_with("ImageProcessor") || rest.starts_with("FeatureExtractor")) return processor;
    }
    if (!name.empty()) {
      return refuse(std::string("the image processor ") + std::string(name.substr(0, 80)) +
                    " is not known here");
    }
    for (const Processor& processor : processors()) {
      if (processor.kinds.find(std::string(" ") + std::string(model_kind) + " ") != std::string_view::npos)
        return processor;
    }
    return refuse("it names no image processor, and none is known for models of type \"" +
                  std::string(model_kind.substr(0, 80)) + "\"");
  }

  std::optional<int> side(const rapidjson::Value& object, const char* key) const {
    const auto at = object.FindMember(key);
    if (at == object.MemberEnd() || !at->value.IsInt()) return std::nullopt;
    return at->value.GetInt();
  }
  // Height and width, or one number for both.
  std::optional<PictureSize> both_sides(const rapidjson::Value& value) const {
    if (value.IsInt()) return PictureSize{value.GetInt(), value.GetInt()};
    if (!value.IsObject()) return std::nullopt;
    const auto w = side(value, "width"), h = side(value, "height");
    return w && h ? std::optional(PictureSize{*w, *h}) : std::nullopt;
  }

  Status read_resize(const Processor& processor, ImagePreprocess& how) const {
    INK_TRY(const bool resize, flag("do_resize", true));
    if (const rapidjson::Value* size = find("size"); size != nullptr) {
      const auto both = both_sides(*size);
      const auto shorter = size->IsObject() ? side(*size, "shortest_edge") : std::nullopt;
      if (shorter && size->MemberCount() == 1) {
        how.resize = ResizeKind::shorter;
        how.size = {*shorter, *shorter};
      } else if (both) {
        how.resize = size->IsInt() && processor.int_is_shorter ? ResizeKind::shorter : ResizeKind::stretch;
        how.size = *both;
      } else {
        return refuse("\"size\": expected a number, height and width, or shortest_edge");
      }
    }
    if (!resize) how.resize = ResizeKind::none;
    const rapidjson::Value* resample = find("resample");
    if (resample == nullptr) return {};
    constexpr ResizeFilter kFilters[] = {ResizeFilter::nearest, ResizeFilter::lanczos, ResizeFilter::bilinear,
                                         ResizeFilter::bicubic};
    if (!resample->IsInt() || resample->GetInt() < 0 || resample->GetInt() > 3) {
      return refuse("\"resample\": expected 0, 1, 2 or 3");
    }
    how.filter = kFilters[resample->GetInt()];
    return {};
  }

  Status read_crop(const Processor& processor, ImagePreprocess& how) const {
    INK_TRY(const bool crop, flag("do_center_crop", how.crop != PictureSize{}));
    if (!crop) {
      how.crop = {};
      return {};
    }
    how.crop_rounding = CropRounding::down;
    how.crop = processor.crop;
    const rapidjson::Value* size = find("crop_size");
    if (size == nullptr) return {};
    const auto both = both_sides(*size);
    if (!both || both->w < 1 || both->h < 1)
      return refuse("\"crop_size\": expected a number, or height and width");
    how.crop = *both;
    return {};
  }

  Status read_three(const char* key, std::array<double, 3>& values) const {
    const rapidjson::Value* value = find(key);
    if (value == nullptr) return {};
    if (value->IsNumber()) {
      values.fill(value->GetDouble());
      return {};
    }
    bool read = value->IsArray() && value->Size() == 3;
    for (rapidjson::SizeType c = 0; read && c < 3; ++c) {
      read = (*value)[c].IsNumber();
      if (read) values[c] = (*value)[c].GetDouble();
    }
    return read ? Status() : refuse(std::string("\"") + std::string(key) + "\": expected three numbers");
  }

  Status read_numbers(ImagePreprocess& how) const {
    INK_TRY(const bool rescale, flag("do_rescale", true));
    INK_TRY(const bool normalize, flag("do_normalize", true));
    INK_TRY(how.std_twice, flag("include_top", how.std_twice));
    INK_TRY_STATUS(read_three("image_mean", how.mean));
    INK_TRY_STATUS(read_three("image_std", how.std));
    if (const rapidjson::Value* factor = find("rescale_factor"); factor != nullptr) {
      if (!factor->IsNumber()) return refuse("\"rescale_factor\": expected a number");
      how.scale_by = factor->GetDouble();
    }
    if (!rescale) {
      how.scale = SampleScale::none;
      how.scale_by = 1;
    }
    if (normalize) return {};
    how.mean = {0, 0, 0};
    if (!how.std_twice) how.std = {1, 1, 1};
    how.std_twice = false;  // only the second of the two divisions is left
    return {};
  }

  const rapidjson::Value& json_;
  std::string_view origin_;
};

}  // namespace

Result<ImagePreprocess> preprocess_from_hf(std::string_view json, std::string_view model_kind,
                                           std::string_view origin) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError() || !document.IsObject()) {
    return Error{ErrorKind::model, std::string(origin) + ": expected the JSON object of an image processor"};
  }
  return HfReader(document, origin).read(model_kind);
}

}  // namespace ink
