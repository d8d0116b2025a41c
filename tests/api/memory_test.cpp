#include <malloc.h>

#include <fstream>
#include <string>

#include "tests/api/fixture.h"

namespace ink::test {
namespace {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// "VmHWM:   1234 kB" of this process, in bytes.
uint64_t memory_now(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stoull(line.substr(field.size() + 1)) * 1024;
  }
  return 0;
}

bool reset_peak() {
  std::ofstream refs("/proc/self/clear_refs");
  refs << "5" << std::flush;
  return static_cast<bool>(refs);
}

TEST_F(Api, AMemoryLimitHolds) {
  for (const int channels : {4}) {
    Canvas src = source(400, 240, channels), dst(800, 480, channels);
    const ink_image from = src.image(), to = dst.image();
    ink_upscale_options with = options();
    with.threads = 2;
    ink_memory memory = {};
    memory.struct_size = sizeof memory;
    ASSERT_EQ(ink_upscale_memory(model, &from, &with, &memory, &error), INK_OK) << error.message;
    const uint64_t free_will = memory.bytes;
    uint64_t before = 0;
    for (const uint64_t limit : {memory.least_bytes, free_will}) {
      with.memory_limit = limit;
      ASSERT_EQ(ink_model_trim(model, &error), INK_OK);
      // A first call has the code's pages and the tables of the allocator come in.
      for (int round = 0; round < 2; ++round) {
        malloc_trim(0);
        if (!reset_peak()) GTEST_SKIP() << "the peak of a process cannot be reset here";
        before = memory_now("VmRSS");
        ASSERT_EQ(ink_upscale(model, &from, &to, &with, &error), INK_OK) << error.message;
        if (round == 0) {
          ASSERT_EQ(ink_model_trim(model, &error), INK_OK);
        }
      }
      // What a call needs beyond its buffers: plans, stacks, and what the allocator holds back.
      constexpr uint64_t kSmallThings = 3 << 20;
      EXPECT_LE(memory_now("VmHWM") - before, limit + kSmallThings) << channels << " channels";
    }
  }
}

TEST_F(Api, TrimGivesTheMemoryBack) {
  Canvas src = source(500, 300, 3), dst(1000, 600, 3);
  const ink_image from = src.image(), to = dst.image();
  ASSERT_EQ(ink_upscale(model, &from, &to, nullptr, &error), INK_OK) << error.message;
  const uint64_t kept = memory_now("VmRSS");
  ASSERT_EQ(ink_model_trim(model, &error), INK_OK);
  EXPECT_LT(memory_now("VmRSS") + (20 << 20), kept);
}

#endif

}  // namespace
}  // namespace ink::test
