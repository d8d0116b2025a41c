#include "weights/atomic_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "tests/weights/sample_files.h"

namespace ink {
namespace {

using test::bytes_of;
using test::read_file;
using test::TempFolder;
using test::text_of;
using test::write_file;

TEST(AtomicFile, AppearsOnCommitAndNotBefore) {
  const TempFolder folder;
  const std::string path = folder / "result";
  auto file = AtomicFile::create(path);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->write(bytes_of("one ")));
  ASSERT_TRUE(file->write(bytes_of("two")));
  const auto names = folder.names();
  ASSERT_EQ(names.size(), 1u);
  EXPECT_TRUE(names[0].starts_with(".result.inktmp." + std::to_string(::getpid()) + ".")) << names[0];
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(folder.names(), std::vector<std::string>{"result"});
  EXPECT_EQ(text_of(read_file(path)), "one two");
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TempFolder folder;
  write_file(folder / "result", bytes_of("old"));
  {
    auto file = AtomicFile::create(folder / "result");
    ASSERT_TRUE(file->write(bytes_of("new")));
    AtomicFile moved = std::move(*file);
    EXPECT_EQ(text_of(read_file(folder / "result")), "old");
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"result"});
  EXPECT_EQ(text_of(read_file(folder / "result")), "old");
}

TEST(AtomicFile, TwoWritersDoNotMix) {
  const TempFolder folder;
  auto first = AtomicFile::create(folder / "result");
  auto second = AtomicFile::create(folder / "result");
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_TRUE(first->write(bytes_of("first")));
  ASSERT_TRUE(second->write(bytes_of("second")));
  ASSERT_TRUE(second->commit());
  ASSERT_TRUE(first->commit());
  EXPECT_EQ(folder.names(), std::vector<std::string>{"result"});
  EXPECT_EQ(text_of(read_file(folder / "result")), "first");
}

TEST(AtomicFile, KeepsPermissionsAndLinks) {
  const TempFolder folder;
  write_file(folder / "real", bytes_of("old"));
  ASSERT_EQ(::chmod((folder / "real").c_str(), 0640), 0);
  ASSERT_EQ(::symlink("real", (folder / "link").c_str()), 0);
  auto file = AtomicFile::create(folder / "link");
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->write(bytes_of("new")));
  ASSERT_TRUE(file->commit());
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(text_of(read_file(folder / "real")), "new");
  struct stat info = {};
  ASSERT_EQ(::stat((folder / "real").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
}

TEST(AtomicFile, NewFilesFollowTheUmask) {
  const TempFolder folder;
  const mode_t old = ::umask(027);
  auto file = AtomicFile::create(folder / "result");
  ::umask(old);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->commit());
  struct stat info = {};
  ASSERT_EQ(::stat((folder / "result").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
}

TEST(AtomicFile, TakesTheLongestNames) {
  const TempFolder folder;
  const std::string name(255, 'n');
  auto file = AtomicFile::create(folder / name);
  ASSERT_TRUE(file.ok()) << file.error().message;
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(folder.names(), std::vector<std::string>{name});
}

TEST(AtomicFile, RefusesWhatCannotBeAFile) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  ASSERT_EQ(::symlink("nothing", (folder / "dangling").c_str()), 0);
  const std::pair<std::string, std::string> cases[] = {
      {folder.path(), "it is a folder"},
      {folder.path() + "/", "it names a folder, expected a file"},
      {folder / "fifo", "it exists and is not a regular file"},
      {folder / "dangling", "it is a symbolic link to nothing"},
      {folder / "no/such", "No such file or directory"},
      {folder / std::string(256, 'n'), "File name too long"},
  };
  for (const auto& [path, why] : cases) {
    const auto file = AtomicFile::create(path);
    ASSERT_FALSE(file.ok()) << path;
    EXPECT_EQ(file.error().kind, ErrorKind::cannot_create);
    EXPECT_EQ(file.error().message, path + ": cannot be created: " + why);
  }
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"dangling", "fifo"}));
}

TEST(AtomicFile, AFullDiskLeavesTheOldFile) {
  const TempFolder folder;
  write_file(folder / "result", bytes_of("old"));
  rlimit old = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {1000, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Status status;
  {
    auto file = AtomicFile::create(folder / "result");
    ASSERT_TRUE(file.ok());
    status = file->write(std::vector<std::byte>(2000));
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::io);
  EXPECT_EQ(status.error().message, (folder / "result") + ": cannot be written: File too large");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"result"});
  EXPECT_EQ(text_of(read_file(folder / "result")), "old");
}

TEST(RemoveStaleTemporaries, TouchesOnlyThoseOfTheDead) {
  const TempFolder folder;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(dead, nullptr, 0), dead);
  const std::string gone = std::to_string(dead), alive = std::to_string(::getpid());
  write_file(folder / (".a.inktmp." + gone + ".0123abcd"), {});
  write_file(folder / (".b.inktmp." + gone + ".4567cdef"), {});
  const std::vector<std::string> kept = {
      ".a.inktmp." + alive + ".0123abcd", ".a.inktmp.x.0123abcd",           ".a.inktmp." + gone,
      ".inktmp." + gone + ".0123abcd",    "a.inktmp." + gone + ".0123abcd", "a"};
  for (const std::string& name : kept) write_file(folder / name, {});
  // As a writer in another process id namespace would: alive, under a number that is nobody's here.
  const std::string elsewhere = ".c.inktmp." + gone + ".89abcdef";
  write_file(folder / elsewhere, {});
  const int writer = ::open((folder / elsewhere).c_str(), O_WRONLY);
  ASSERT_EQ(::flock(writer, LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(remove_stale_temporaries(folder / ""), 2);
  EXPECT_TRUE(std::filesystem::exists(folder / elsewhere));
  ::close(writer);
  EXPECT_EQ(remove_stale_temporaries(folder / ""), 1);
  for (const std::string& name : kept) EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
  EXPECT_EQ(folder.names().size(), kept.size());
  EXPECT_EQ(remove_stale_temporaries(folder / "no/such"), 0);
}

}  // namespace
}  // namespace ink
