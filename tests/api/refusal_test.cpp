#include <climits>
#include <cmath>
#include <cstring>
#include <functional>

#include "tests/api/fixture.h"

namespace ink::test {
namespace {

TEST_F(Api, RefusesImagesThatAreNotInOrder) {
  struct Case {
    const char* says;
    std::function<void(ink_image& src, ink_image& dst)> spoil;
    ink_status status = INK_INVALID_ARGUMENT;
  };
  const Case cases[] = {
      {"src.data is NULL", [](auto& src, auto&) { src.data = nullptr; }},
      {"dst.data is NULL", [](auto&, auto& dst) { dst.data = nullptr; }},
      {"src is 0x6", [](auto& src, auto&) { src.width = 0; }},
      {"src is 8x-1", [](auto& src, auto&) { src.height = -1; }},
      {"src is -2147483648x6", [](auto& src, auto&) { src.width = INT_MIN; }},
      {"src.channels is 0", [](auto& src, auto&) { src.channels = 0; }},
      {"src.channels is 5", [](auto& src, auto&) { src.channels = 5; }},
      {"src.depth is 32", [](auto& src, auto&) { src.depth = 32; }},
      {"dst.depth is 0", [](auto&, auto& dst) { dst.depth = 0; }},
      {"dst has a depth of 16 bits, but src of 8",
       [](auto&, auto& dst) {
         dst.depth = 16;
         dst.row_stride = 0;
       }},
      {"src.row_stride is 49 bytes, no multiple of 2",
       [](auto& src, auto& dst) {
         src.depth = dst.depth = 16;
         src.row_stride = 49;
       }},
      {"src.data is not aligned",
       [](auto& src, auto&) {
         src.depth = 16;
         src.row_stride = 0;
         src.data = static_cast<uint8_t*>(src.data) + 1;
       }},
      {"src.row_stride is 23 bytes, but a row has 24", [](auto& src, auto&) { src.row_stride = 23; }},
      {"dst.row_stride is 47 bytes, but a row has 48", [](auto&, auto& dst) { dst.row_stride = 47; }},
      {"more than there is memory to address", [](auto& src, auto&) { src.row_stride = SIZE_MAX / 6 + 1; }},
      {"more than there is memory to address", [](auto&, auto& dst) { dst.row_stride = SIZE_MAX; }},
      {"dst is 16x11, expected 16x12", [](auto&, auto& dst) { dst.height = 11; }},
      {"dst has 4 channels, but src 3",
       [](auto&, auto& dst) {
         dst.channels = 4;
         dst.row_stride = 0;
       }},
      {"src and dst overlap", [](auto& src, auto& dst) { dst.data = src.data; }},
      {"src and dst overlap",
       [](auto& src, auto& dst) { src.data = static_cast<uint8_t*>(dst.data) + 16 * 12 * 3 - 1; }},
      {"dst is 16x12, expected 4294967294x4294967294",
       [](auto& src, auto&) {
         src.width = src.height = INT_MAX;
         src.row_stride = 0;
       }},
      {"at most 32768 pixels a side",
       [](auto& src, auto& dst) {
         src.width = 40000;
         src.height = 1;
         dst.width = 80000;
         dst.height = 2;
         src.row_stride = dst.row_stride = 0;
         src.data = reinterpret_cast<void*>(1 << 20);
         dst.data = reinterpret_cast<void*>(1 << 30);
       },
       INK_LIMIT},
  };
  for (const Case& c : cases) {
    Canvas src = source(8, 6, 3), dst(16, 12, 3);
    ink_image from = src.image(), to = dst.image();
    c.spoil(from, to);
    EXPECT_EQ(upscale(from, to), c.status) << c.says;
    EXPECT_EQ(error.status, c.status);
    EXPECT_NE(std::strstr(error.message, c.says), nullptr) << error.message << "\nexpected: " << c.says;
    EXPECT_TRUE(dst.pixels() == Canvas(16, 12, 3).pixels()) << "written to in spite of: " << error.message;
    EXPECT_EQ(ink_upscale(model, &from, &to, nullptr, nullptr), c.status) << "without an error to fill";
  }
}

TEST_F(Api, RefusesOptionsThatAreNotInOrder) {
  struct Case {
    const char* says;
    std::function<void(ink_upscale_options&)> spoil;
    ink_status status = INK_INVALID_ARGUMENT;
  };
  const std::string missing = place->path("no/such/folder");
  const Case cases[] = {
      {"struct_size is 0", [](auto& with) { with.struct_size = 0; }},
      {"struct_size is 8", [](auto& with) { with.struct_size = 8; }},
      {"threads is -1", [](auto& with) { with.threads = -1; }},
      {"threads is 1025", [](auto& with) { with.threads = 1025; }},
      {"tile is 31", [](auto& with) { with.tile = 31; }},
      {"tile is -1", [](auto& with) { with.tile = -1; }},
      {"tta is 2", [](auto& with) { with.tta = 2; }},
      {"strength is 0.5", [](auto& with) { with.strength = 0.5f; }},
      {"strength is", [](auto& with) { with.strength = NAN; }},
      {"needs a memory_limit of at least", [](auto& with) { with.memory_limit = 1000; }, INK_LIMIT},
  };
  for (const Case& c : cases) {
    Canvas src = source(8, 6, 4), dst(16, 12, 4);
    ink_upscale_options with = options();
    c.spoil(with);
    EXPECT_EQ(upscale(src.image(), dst.image(), &with), c.status) << c.says;
    EXPECT_NE(std::strstr(error.message, c.says), nullptr) << error.message << "\nexpected: " << c.says;
  }
}

TEST_F(Api, ALimitThatIsTooLowComesWithTheLeastThatDoes) {
  Canvas src = source(64, 48, 4);
  const ink_image image = src.image();
  ink_upscale_options with = options();
  with.memory_limit = 1;
  ink_memory memory = {};
  memory.struct_size = sizeof memory;
  ASSERT_EQ(ink_upscale_memory(model, &image, &with, &memory, &error), INK_LIMIT);
  EXPECT_NE(std::strstr(error.message, std::to_string(memory.least_bytes).c_str()), nullptr) << error.message;
  with.memory_limit = memory.least_bytes - 1;
  EXPECT_EQ(ink_upscale_memory(model, &image, &with, &memory, &error), INK_LIMIT);
  with.memory_limit = memory.least_bytes;
  EXPECT_EQ(ink_upscale_memory(model, &image, &with, &memory, &error), INK_OK);
  upscaled(src, &with);
}

TEST_F(Api, NullIsAnErrorAndNeverACrash) {
  Canvas src = source(8, 6, 3), dst(16, 12, 3);
  const ink_image from = src.image(), to = dst.image();
  ink_model_info info = {};
  ink_memory memory = {};
  ink_model* loaded = model;
  EXPECT_EQ(ink_model_load(nullptr, nullptr, &loaded, &error), INK_INVALID_ARGUMENT);
  EXPECT_EQ(loaded, nullptr);
  EXPECT_EQ(ink_model_load("x", nullptr, nullptr, &error), INK_INVALID_ARGUMENT);
  EXPECT_EQ(ink_model_get_info(model, nullptr, &error), INK_INVALID_ARGUMENT);
  EXPECT_EQ(ink_model_get_info(model, &info, &error), INK_INVALID_ARGUMENT) << "struct_size is 0";
  EXPECT_EQ(ink_upscale(model, nullptr, &to, nullptr, &error), INK_INVALID_ARGUMENT);
  EXPECT_EQ(ink_upscale(model, &from, nullptr, nullptr, &error), INK_INVALID_ARGUMENT);
  EXPECT_EQ(ink_upscale_memory(model, nullptr, nullptr, &memory, &error), INK_INVALID_ARGUMENT);
  EXPECT_EQ(ink_upscale_memory(model, &from, nullptr, nullptr, &error), INK_INVALID_ARGUMENT);
  EXPECT_EQ(ink_upscale_memory(model, &from, nullptr, &memory, &error), INK_INVALID_ARGUMENT);
  EXPECT_EQ(ink_model_free(nullptr), INK_OK);
  EXPECT_STREQ(ink_status_name(static_cast<ink_status>(15)), "unknown status");
}

void expect_no_handle(ink_model* handle) {
  ink_error error;
  ink_model_info info = {};
  info.struct_size = sizeof info;
  ink_memory memory = {};
  memory.struct_size = sizeof memory;
  const ink_image image = {};
  EXPECT_EQ(ink_model_get_info(handle, &info, &error), INK_INVALID_HANDLE);
  EXPECT_EQ(error.status, INK_INVALID_HANDLE);
  EXPECT_EQ(ink_model_trim(handle, &error), INK_INVALID_HANDLE);
  EXPECT_EQ(ink_upscale(handle, &image, &image, nullptr, &error), INK_INVALID_HANDLE);
  EXPECT_EQ(ink_upscale_memory(handle, &image, nullptr, &memory, nullptr), INK_INVALID_HANDLE);
  EXPECT_EQ(ink_model_free(handle), handle == nullptr ? INK_OK : INK_INVALID_HANDLE);
}

TEST_F(Api, TellsAHandleFromOtherPointers) {
  std::vector<uint64_t> other(32, 0x1234567812345678);
  expect_no_handle(nullptr);
  expect_no_handle(reinterpret_cast<ink_model*>(other.data()));
  expect_no_handle(reinterpret_cast<ink_model*>(reinterpret_cast<char*>(other.data()) + 3));
}

#ifndef __SANITIZE_ADDRESS__
TEST_F(Api, TellsAModelThatWasFreed) {
  ink_model* other = nullptr;
  ASSERT_EQ(ink_model_load(place->path("model.safetensors").c_str(), nullptr, &other, &error), INK_OK);
  ASSERT_EQ(ink_model_free(other), INK_OK);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuse-after-free"
  expect_no_handle(other);
#pragma GCC diagnostic pop
}
#endif

TEST_F(Api, FilesThatAreNoModelsAreRefused) {
  place->write("text.safetensors", Bytes(100, std::byte{'x'}));
  place->write("empty.bin", Bytes());
  struct Case {
    std::string path;
    ink_status status;
  };
  for (const Case& c : {Case{place->path("none.safetensors"), INK_NOT_FOUND},
                        Case{place->path("text.safetensors"), INK_BAD_MODEL},
                        Case{place->path("empty.bin"), INK_BAD_MODEL}}) {
    ink_model* loaded = model;
    EXPECT_EQ(ink_model_load(c.path.c_str(), nullptr, &loaded, &error), c.status) << error.message;
    EXPECT_EQ(loaded, nullptr);
    EXPECT_NE(std::strstr(error.message, c.path.c_str()), nullptr) << error.message;
  }
  ink_model* loaded = nullptr;
  EXPECT_NE(ink_model_load("/", nullptr, &loaded, &error), INK_OK);
  EXPECT_NE(ink_model_load("", nullptr, &loaded, &error), INK_OK);
  ink_load_options wrong = {sizeof wrong, 2, 0};
  EXPECT_EQ(ink_model_load("x", &wrong, &loaded, &error), INK_INVALID_ARGUMENT);
  wrong = {sizeof wrong, 0, -2};
  EXPECT_EQ(ink_model_load("x", &wrong, &loaded, &error), INK_INVALID_ARGUMENT);
}

TEST_F(Api, LongMessagesAreCutBetweenCharacters) {
  for (size_t extra = 0; extra < 4; ++extra) {
    std::string path(1 + extra, 'x');
    for (int i = 0; i < 600; ++i) path += "é";
    ink_model* loaded = nullptr;
    EXPECT_NE(ink_model_load(path.c_str(), nullptr, &loaded, &error), INK_OK);
    const std::string message = error.message;
    ASSERT_GE(message.size(), size_t{INK_MESSAGE_SIZE - 3});
    ASSERT_LT(message.size(), size_t{INK_MESSAGE_SIZE});
    EXPECT_TRUE(message.ends_with("é...")) << message.substr(message.size() - 8);
  }
}

// A program built with a newer header, whose struct has more fields.
struct NewerOptions {
  ink_upscale_options known = {};
  uint64_t later = 0;
};

TEST_F(Api, StructsMayGrow) {
  Canvas src = source(8, 6, 3), dst(16, 12, 3);
  NewerOptions newer;
  newer.known.struct_size = sizeof newer;
  EXPECT_EQ(upscale(src.image(), dst.image(), &newer.known), INK_OK) << error.message;
  newer.later = 1;
  EXPECT_EQ(upscale(src.image(), dst.image(), &newer.known), INK_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(error.message, "does not know"), nullptr) << error.message;

  struct NewerInfo {
    ink_model_info known = {};
    uint64_t later = 7;
  } info;
  info.known.struct_size = sizeof info;
  EXPECT_EQ(ink_model_get_info(model, &info.known, &error), INK_OK);
  EXPECT_EQ(info.known.scale, 2);
  EXPECT_EQ(info.known.struct_size, sizeof info);
  EXPECT_EQ(info.later, 0u);
}

}  // namespace
}  // namespace ink::test
