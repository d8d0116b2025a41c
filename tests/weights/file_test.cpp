#include "weights/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/weights/sample_files.h"
#include "weights/safetensors.h"
#include "weights/sha256.h"

namespace ink {
namespace {

using test::bytes_of;
using test::TempFolder;

TEST(OpenFile, GivesTheBytesAndKeepsThem) {
  const TempFolder folder;
  test::write_file(folder / "file", bytes_of("content"));
  test::write_file(folder / "empty", {});
  for (const FileAccess access : {FileAccess::read, FileAccess::map}) {
    auto file = open_file(folder / "file", access, 7);
    ASSERT_TRUE(file.ok()) << file.error().message;
    const FileBytes moved = std::move(*file);
    EXPECT_EQ(test::text_of(moved.bytes), "content");
    const auto empty = open_file(folder / "empty", access, 7);
    ASSERT_TRUE(empty.ok());
    EXPECT_TRUE(empty->bytes.empty());
  }
}

TEST(OpenFile, SaysWhyNot) {
  const TempFolder folder;
  test::write_file(folder / "file", bytes_of("content"));
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  struct Case {
    std::string path;
    ErrorKind kind;
    std::string message;
  };
  const Case cases[] = {
      {folder / "none", ErrorKind::no_input, ": cannot be opened: No such file or directory"},
      {folder.path(), ErrorKind::no_input, ": is a folder, expected a file"},
      {folder / "fifo", ErrorKind::no_input, ": is not a regular file"},
      {folder / "file", ErrorKind::limit, ": has 7 bytes, the limit is 6"},
  };
  for (const FileAccess access : {FileAccess::read, FileAccess::map}) {
    for (const Case& c : cases) {
      const auto file = open_file(c.path, access, 6);
      ASSERT_FALSE(file.ok()) << c.path;
      EXPECT_EQ(file.error().kind, c.kind);
      EXPECT_EQ(file.error().message, c.path + c.message);
    }
  }
}

int64_t resident() {
  std::ifstream stream("/proc/self/statm");
  int64_t total = 0, pages = 0;
  stream >> total >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

// Pages of other memory would come back as zeros.
TEST(ForgetPages, LeavesMemoryThatIsNoMappedFileAlone) {
  std::vector<std::byte> own(size_t{1} << 20, std::byte{7});
  forget_pages(own);
  EXPECT_EQ(std::ranges::count(own, std::byte{7}), std::ssize(own));
}

TEST(ForgetPages, TensorsThatWereReadInPlaceGiveTheirsBack) {
  const TempFolder folder;
  const std::vector<float> values(size_t{1} << 22, 0.5f);
  WeightStore made;
  ASSERT_TRUE(made.add("w", DType::f32, {1 << 22}, std::as_bytes(std::span(values))).ok());
  ASSERT_TRUE(write_safetensors(made, folder / "model").ok());
  const auto store = read_safetensors(folder / "model", {});
  ASSERT_TRUE(store.ok());
  const int64_t shape[] = {1 << 22};
  int64_t before = 0;
  {
    const auto borrowed = store->borrow_floats("w", shape);
    ASSERT_TRUE(borrowed.ok());
    EXPECT_EQ(static_cast<const void*>(borrowed->data()), store->find("w")->bytes.data());
    EXPECT_TRUE(std::ranges::equal(std::span(borrowed->data(), borrowed->size()), values));
    before = resident();
  }
  EXPECT_LT(resident(), before - (int64_t{12} << 20));
  EXPECT_TRUE(std::ranges::equal(*store->floats("w", shape), values));
}

TEST(ForgetPages, FreesMemoryAndLosesNothing) {
  const TempFolder folder;
  test::Bytes whole(size_t{16} << 20);
  for (size_t i = 0; i < whole.size(); ++i) whole[i] = static_cast<std::byte>(i * 7 + i / 251);
  test::write_file(folder / "file", whole);
  auto file = open_file(folder / "file", FileAccess::map, whole.size());
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(file->mapped);
  EXPECT_TRUE(std::ranges::equal(file->bytes, whole));
  const int64_t before = resident();
  forget_pages(file->bytes.subspan(1));
  EXPECT_LT(resident(), before - (int64_t{12} << 20));
  forget_pages(file->bytes.first(3));
  EXPECT_TRUE(std::ranges::equal(file->bytes, whole));
}

TEST(StreamFile, GivesAllPiecesInOrder) {
  const TempFolder folder;
  const std::string path = folder / "file";
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1} << 20, (size_t{5} << 19) + 3}) {
    test::Bytes whole(size), found;
    for (size_t i = 0; i < size; ++i) whole[i] = static_cast<std::byte>(i * 7 + i / 251);
    test::write_file(path, whole);
    const Status status = stream_file(path, [&found](std::span<const std::byte> piece) {
      EXPECT_LE(piece.size(), size_t{1} << 20);
      found.insert(found.end(), piece.begin(), piece.end());
    });
    EXPECT_TRUE(status.ok());
    EXPECT_TRUE(found == whole) << size;
    EXPECT_EQ(*sha256_of_file(path), sha256_hex(whole));
  }
  for (const std::string& wrong : {folder / "none", folder.path()}) {
    EXPECT_EQ(sha256_of_file(wrong).error().kind, ErrorKind::no_input);
  }
}

}  // namespace
}  // namespace ink
