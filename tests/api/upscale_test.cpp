#include <atomic>
#include <thread>

#include "tests/api/every_function.h"
#include "tests/api/fixture.h"

namespace ink::test {
namespace {

TEST_F(Api, ServesACProgram) { EXPECT_EQ(use_every_function(place->path("model.safetensors").c_str()), 0); }

TEST_F(Api, VersionsAgree) {
  EXPECT_STREQ(INK_VERSION_STRING, INK_PROJECT_VERSION);
  EXPECT_STREQ(ink_version(), INK_PROJECT_VERSION);
}

TEST_F(Api, TellsWhatAModelIs) {
  ink_model_info info = {};
  info.struct_size = sizeof info;
  ASSERT_EQ(ink_model_get_info(model, &info, &error), INK_OK);
  EXPECT_STREQ(info.architecture, "realcugan");
  EXPECT_EQ(info.scale, 2);
  EXPECT_EQ(info.squeeze_excite, 1);
  EXPECT_EQ(info.pro, 0);
  EXPECT_EQ(info.max_side, 32768);
  EXPECT_EQ(info.max_pixels, int64_t{128} << 20);
  EXPECT_EQ(info.min_strength, 0.75f);
  EXPECT_EQ(info.max_strength, 1.3f);
}

TEST_F(Api, GivesWhatTheCommandGives) {
  for (int channels = 1; channels <= 4; ++channels) {
    Canvas src = source(37, 26, channels);
    place->write_picture("in.png", test_picture(37, 26, channels));
    const Outcome outcome = place->run({"upscale", "in.png", "-o", "out.png", "-m", "model.safetensors"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(upscaled(src) == place->read_picture("out.png").pixels) << channels << " channels";
  }
}

TEST_F(Api, SixteenBitsGiveWhatTheCommandGives) {
  constexpr int kW = 23, kH = 17;
  constexpr size_t kGap = 3;  // samples
  for (int channels = 1; channels <= 4; ++channels) {
    Picture picture{kW, kH, channels, {}, 16};
    for (const uint8_t value : test_picture(kW, kH, channels).pixels) {
      const auto low = static_cast<uint8_t>(picture.pixels16.size() * 7);
      picture.pixels16.push_back(static_cast<uint16_t>(value * 256 + (value == 0 ? 0 : low)));
    }
    place->write_picture("in16.png", picture);
    const Outcome outcome = place->run({"upscale", "in16.png", "-o", "out16.png", "-m", "model.safetensors"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const std::vector<uint16_t> wanted = place->read_picture("out16.png").pixels16;

    const size_t row = 2 * kW * static_cast<size_t>(channels);
    std::vector<uint16_t> memory((row + kGap) * 2 * kH, 0x5a5a);
    const ink_image src = {picture.pixels16.data(), 0, kW, kH, channels, 16};
    const ink_image dst = {memory.data(), 2 * (row + kGap), 2 * kW, 2 * kH, channels, 16};
    ASSERT_EQ(upscale(src, dst), INK_OK) << error.message;
    std::vector<uint16_t> found;
    for (size_t y = 0; y < size_t{2} * kH; ++y) {
      const auto* begin = &memory[y * (row + kGap)];
      found.insert(found.end(), begin, begin + row);
      for (size_t i = 0; i < kGap; ++i) EXPECT_EQ(begin[row + i], 0x5a5a);
    }
    EXPECT_TRUE(found == wanted) << channels << " channels";
    std::vector<uint16_t> dense(row * 2 * kH);
    const ink_image plain = {dense.data(), 0, 2 * kW, 2 * kH, channels, 16};
    ASSERT_EQ(upscale(src, plain), INK_OK) << error.message;
    EXPECT_TRUE(dense == wanted) << channels << " channels";
  }
}

TEST_F(Api, RowsMayHaveGaps) {
  for (int channels = 1; channels <= 4; ++channels) {
    Canvas plain = source(19, 12, channels), gaps = source(19, 12, channels, 13);
    const std::vector<uint8_t> wanted = upscaled(plain);
    Canvas dst(38, 24, channels, 7);
    ASSERT_EQ(upscale(gaps.image(), dst.image()), INK_OK) << error.message;
    EXPECT_TRUE(dst.pixels() == wanted) << channels << " channels";
    EXPECT_TRUE(dst.surroundings_kept());
    EXPECT_TRUE(gaps.pixels() == plain.pixels() && gaps.surroundings_kept()) << "the source was written to";

    ink_image dense_src = plain.image();
    Canvas dense(38, 24, channels);
    ink_image dense_dst = dense.image();
    dense_src.row_stride = dense_dst.row_stride = 0;
    ASSERT_EQ(upscale(dense_src, dense_dst), INK_OK) << error.message;
    EXPECT_TRUE(dense.pixels() == wanted && dense.surroundings_kept());
  }
}

TEST_F(Api, ThreadsTileAndMemoryLimitDoNotShow) {
  Canvas src = source(150, 90, 4);
  const std::vector<uint8_t> wanted = upscaled(src);
  ink_upscale_options with = options();
  for (const int threads : {1, 2, 3, 7}) {
    with.threads = threads;
    EXPECT_TRUE(upscaled(src, &with) == wanted) << threads << " threads";
  }
  with = options();
  with.tile = 32;
  EXPECT_TRUE(upscaled(src, &with) == wanted);
  with = options();
  ink_memory memory = {};
  memory.struct_size = sizeof memory;
  const ink_image image = src.image();
  with.threads = 2;
  ASSERT_EQ(ink_upscale_memory(model, &image, &with, &memory, &error), INK_OK) << error.message;
  EXPECT_GT(memory.bytes, memory.least_bytes);
  with.memory_limit = memory.least_bytes;
  EXPECT_TRUE(upscaled(src, &with) == wanted);
  ink_memory limited = memory;
  ASSERT_EQ(ink_upscale_memory(model, &image, &with, &limited, &error), INK_OK) << error.message;
  EXPECT_LE(limited.bytes, memory.least_bytes);
  EXPECT_EQ(limited.least_bytes, memory.least_bytes);
}

TEST_F(Api, StrengthAndTtaAreTaken) {
  Canvas src = source(20, 14, 3);
  const std::vector<uint8_t> plain = upscaled(src);
  ink_upscale_options with = options();
  with.strength = 1.0f;
  EXPECT_TRUE(upscaled(src, &with) == plain);
  with.strength = 1.3f;
  EXPECT_FALSE(upscaled(src, &with) == plain);
  with = options();
  with.tta = 1;
  EXPECT_FALSE(upscaled(src, &with) == plain);
}

TEST_F(Api, OneModelServesManyThreadsAtOnce) {
  constexpr int kHosts = 4;
  std::vector<Canvas> sources;
  std::vector<std::vector<uint8_t>> wanted;
  for (int i = 0; i < kHosts; ++i) {
    sources.push_back(source(20 + 7 * i, 33 - 5 * i, 1 + i));
    wanted.push_back(upscaled(sources.back()));
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> hosts;
  for (int i = 0; i < kHosts; ++i) {
    hosts.emplace_back([&, i] {
      const auto mine = static_cast<size_t>(i);
      for (int round = 0; round < 4; ++round) {
        ink_upscale_options with = options();
        with.threads = 1 + (i + round) % 3;
        with.tile = 32;
        Canvas dst(sources[mine].w * 2, sources[mine].h * 2, sources[mine].channels);
        const ink_image from = sources[mine].image(), to = dst.image();
        ink_error mine_error;
        wrong += ink_upscale(model, &from, &to, &with, &mine_error) != INK_OK || dst.pixels() != wanted[mine];
        wrong += ink_model_trim(model, nullptr) != INK_OK;
      }
    });
  }
  for (std::thread& host : hosts) host.join();
  EXPECT_EQ(wrong, 0);
}

struct Watch {
  double last = 0;
  int calls = 0, stop_after = -1;
  bool falls = false;
};

void watch(double done, void* user) {
  auto* seen = static_cast<Watch*>(user);
  seen->falls |= done < seen->last || done > 1;
  seen->last = done;
  ++seen->calls;
}

int stop(void* user) {
  const auto* seen = static_cast<const Watch*>(user);
  return seen->stop_after >= 0 && seen->calls >= seen->stop_after ? 42 : 0;
}

TEST_F(Api, ProgressRisesToOne) {
  for (const int tta : {0, 1}) {
    Canvas src = source(60, 40, 4);
    Watch seen;
    ink_upscale_options with = options();
    with.threads = 3;
    with.tile = 32;
    with.tta = tta;
    with.progress = watch;
    with.user = &seen;
    upscaled(src, &with);
    EXPECT_FALSE(seen.falls);
    EXPECT_EQ(seen.last, 1);
    EXPECT_GT(seen.calls, 10);
  }
}

TEST_F(Api, ACancelledCallLeavesTheSurroundingsAndTheModelAlone) {
  Canvas src = source(60, 40, 3, 5);
  const std::vector<uint8_t> wanted = upscaled(src);
  Watch whole;
  ink_upscale_options with = options();
  with.progress = watch;
  with.cancelled = stop;
  with.tile = 32;
  with.user = &whole;
  upscaled(src, &with);
  for (const int after : {0, 1, whole.calls / 2, whole.calls - 1}) {
    Watch seen;
    seen.stop_after = after;
    with.user = &seen;
    with.threads = 2;
    Canvas dst(120, 80, 3, 9);
    ASSERT_EQ(upscale(src.image(), dst.image(), &with), INK_CANCELLED) << after;
    EXPECT_EQ(error.status, INK_CANCELLED);
    EXPECT_NE(error.message[0], '\0');
    EXPECT_LE(seen.calls, std::max(after, 1));
    EXPECT_TRUE(dst.surroundings_kept());
    EXPECT_TRUE(upscaled(src) == wanted);
  }
}

}  // namespace
}  // namespace ink::test
