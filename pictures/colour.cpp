#include "pictures/colour.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#ifdef INK_LCMS
#include <lcms2.h>
#include <lcms2_plugin.h>
#endif

namespace ink {
namespace {

constexpr const char* kBroken = "its colour profile is broken and is left out";

#ifdef INK_LCMS

constexpr const char* kUnusable = kBroken;

// A profile of some bytes can ask for a table of hundreds of megabytes.
void* limited_realloc(cmsContext, void* block, cmsUInt32Number size) {
  constexpr cmsUInt32Number kMost = 32u << 20;
  return size <= kMost ? std::realloc(block, size) : nullptr;
}
void* limited_malloc(cmsContext context, cmsUInt32Number size) {
  return limited_realloc(context, nullptr, size);
}
void free_block(cmsContext, void* block) { std::free(block); }

void ignore_message(cmsContext, cmsUInt32Number, const char*) {}

// A transform to sRGB and all that it needs, apart from what other threads use.
class ToSrgb {
 public:
  ToSrgb(ByteSpan icc, cmsUInt32Number from, cmsUInt32Number to) {
    cmsPluginMemHandler memory{};
    memory.base = {cmsPluginMagicNumber, 2000, cmsPluginMemHandlerSig, nullptr};
    memory.MallocPtr = limited_malloc;
    memory.FreePtr = free_block;
    memory.ReallocPtr = limited_realloc;
    context_ = cmsCreateContext(&memory, nullptr);
    if (context_ == nullptr) return;
    cmsSetLogErrorHandlerTHR(context_, ignore_message);
    cmsHPROFILE source =
        cmsOpenProfileFromMemTHR(context_, icc.data(), static_cast<cmsUInt32Number>(icc.size()));
    cmsHPROFILE srgb = cmsCreate_sRGBProfileTHR(context_);
    if (source != nullptr && srgb != nullptr) {
      transform_ = cmsCreateTransformTHR(context_, source, from, srgb, to, INTENT_RELATIVE_COLORIMETRIC,
                                         cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOCACHE);
    }
    if (source != nullptr) cmsCloseProfile(source);
    if (srgb != nullptr) cmsCloseProfile(srgb);
  }
  ~ToSrgb() {
    if (transform_ != nullptr) cmsDeleteTransform(transform_);
    if (context_ != nullptr) cmsDeleteContext(context_);
  }
  ToSrgb(const ToSrgb&) = delete;
  ToSrgb& operator=(const ToSrgb&) = delete;

  bool ok() const { return transform_ != nullptr; }
  void run(const void* src, void* dst, size_t pixels) const {
    cmsDoTransform(transform_, src, dst, static_cast<cmsUInt32Number>(pixels));
  }

 private:
  cmsContext context_ = nullptr;
  cmsHTRANSFORM transform_ = nullptr;
};

#else

constexpr const char* kUnusable =
    "its colour profile does not fit the pixels, and this build cannot convert: left out";

#endif

// As Pillow does it: the ink that is not there, times the black that is not there.
void plain_cmyk(const uint8_t* cmyk, uint8_t* rgb, size_t pixels) {
  for (size_t i = 0; i < pixels; ++i) {
    const unsigned black = cmyk[i * 4 + 3];
    for (size_t c = 0; c < 3; ++c) {
      // black - (255 - light) * black / 255, the quotient to the nearest.
      const unsigned product = (255u - cmyk[i * 4 + c]) * black + 128;
      rgb[i * 3 + c] = static_cast<uint8_t>(black - ((product + (product >> 8)) >> 8));
    }
  }
}

template <class Samples>
void apply_levels(Samples& samples, size_t channels, const std::vector<uint16_t>& levels) {
  for (size_t i = 0; i < samples.size(); i += channels) {
    samples[i] = static_cast<std::remove_reference_t<decltype(samples[i])>>(levels[samples[i]]);
  }
}

}  // namespace

std::optional<ColourModel> profile_model(ByteSpan icc) {
  constexpr size_t kHeader = 128;
  if (icc.size() < kHeader || icc.size() > UINT32_MAX || as_text(icc).substr(36, 4) != "acsp")
    return std::nullopt;
  const std::string_view space = as_text(icc).substr(16, 4);
  if (space == "GRAY") return ColourModel::gray;
  if (space == "RGB ") return ColourModel::rgb;
  return space == "CMYK" ? ColourModel::cmyk : ColourModel::other;
}

std::optional<std::vector<uint16_t>> gray_levels_in_srgb(ByteSpan icc, int depth) {
#ifdef INK_LCMS
  const auto model = profile_model(icc);
  if (model != ColourModel::gray && model != ColourModel::rgb) return std::nullopt;
  const size_t samples = model == ColourModel::gray ? 1 : 3;
  const ToSrgb transform(icc, samples == 1 ? TYPE_GRAY_16 : TYPE_RGB_16, TYPE_RGB_16);
  if (!transform.ok()) return std::nullopt;
  const unsigned step = depth == 16 ? 1 : 257;
  std::vector<uint16_t> levels(size_t{1} << depth);
  for (size_t i = 0; i < levels.size(); ++i) {
    const auto level = static_cast<uint16_t>(i * step);
    const std::array<uint16_t, 3> src{level, level, level};
    std::array<uint16_t, 3> dst{};
    transform.run(src.data(), dst.data(), 1);
    const unsigned mean = (dst[0] + dst[1] + dst[2] + 1u) / 3;
    levels[i] = static_cast<uint16_t>((mean + step / 2) / step);
  }
  return levels;
#else
  static_cast<void>(icc), static_cast<void>(depth);
  return std::nullopt;
#endif
}

struct CmykRows::Transform {
#ifdef INK_LCMS
  explicit Transform(ByteSpan icc) : to_srgb(icc, TYPE_CMYK_8_REV, TYPE_RGB_8) {}
  ToSrgb to_srgb;
#endif
};

CmykRows::CmykRows(ByteSpan icc, std::vector<std::string>& notices) {
  if (profile_model(icc) != ColourModel::cmyk) {
    notices.push_back("its CMYK colours became RGB without a colour profile");
    return;
  }
#ifdef INK_LCMS
  auto transform = std::make_unique<Transform>(icc);
  if (transform->to_srgb.ok()) {
    transform_ = std::move(transform);
    notices.push_back("its CMYK colours became sRGB through its colour profile");
  } else {
    notices.push_back("its colour profile is broken: its CMYK colours became RGB without it");
  }
#else
  notices.push_back("its CMYK colours became RGB without its colour profile, which this build cannot use");
#endif
}

CmykRows::~CmykRows() = default;

void CmykRows::to_rgb(const uint8_t* cmyk, uint8_t* rgb, size_t pixels) const {
#ifdef INK_LCMS
  if (transform_ != nullptr) return transform_->to_srgb.run(cmyk, rgb, pixels);
#endif
  plain_cmyk(cmyk, rgb, pixels);
}

void fit_profile(Picture& picture) {
  std::vector<std::byte>& icc = picture.metadata.icc;
  if (icc.empty()) return;
  const auto model = profile_model(icc);
  const ColourModel wanted = is_gray(picture.channels) ? ColourModel::gray : ColourModel::rgb;
  if (model == wanted) return;
  if (!model) {
    picture.notices.emplace_back(kBroken);
  } else if (wanted == ColourModel::gray && model == ColourModel::rgb) {
    const auto levels = gray_levels_in_srgb(icc, picture.depth);
    if (levels) {
      visit_samples(picture, [&](auto& samples) {
        apply_levels(samples, static_cast<size_t>(picture.channels), *levels);
      });
    }
    picture.notices.emplace_back(
        levels ? "it is gray with a colour profile for RGB: its grays became those of sRGB" : kUnusable);
  } else {
    picture.notices.emplace_back("its colour profile is not for such pixels and is left out");
  }
  icc = {};
}

std::string colour_library_version() {
#ifdef INK_LCMS
  const int version = cmsGetEncodedCMMversion();
  return "lcms2 " + std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
#else
  return {};
#endif
}

}  // namespace ink
