#include "weights/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/weights/sample_files.h"

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

}  // namespace
}  // namespace ink
