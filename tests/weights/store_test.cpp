#include "weights/store.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/weights/sample_files.h"
#include "weights/finite.h"

namespace ink {
namespace {

using test::bytes_of_values;

WeightStore sample() {
  WeightStore store;
  store.set_origin("sample");
  EXPECT_TRUE(store.add("single", DType::f32, {2, 1}, bytes_of_values<float>({1.5f, -2.25f})));
  EXPECT_TRUE(store.add("half", DType::f16, {3}, bytes_of_values<uint16_t>({0x3c00, 0xc100, 0x0001})));
  EXPECT_TRUE(store.add("brain", DType::bf16, {2}, bytes_of_values<uint16_t>({0x3fc0, 0xc010})));
  EXPECT_TRUE(store.add("bytes", DType::u8, {4}, bytes_of_values<uint8_t>({1, 2, 3, 4})));
  EXPECT_TRUE(store.add("nothing", DType::f32, {0, 7}, {}));
  return store;
}

TEST(ElementCount, RefusesWhatCannotBe) {
  EXPECT_EQ(element_count(std::vector<int64_t>{}), 1);
  EXPECT_EQ(element_count(std::vector<int64_t>{3, 5, 7}), 105);
  EXPECT_EQ(element_count(std::vector<int64_t>{int64_t{1} << 62, 0, int64_t{1} << 62}), 0);
  EXPECT_EQ(element_count(std::vector<int64_t>{int64_t{1} << 24, int64_t{1} << 24}), int64_t{1} << 48);
  EXPECT_EQ(element_count(std::vector<int64_t>{(int64_t{1} << 48) + 1}), std::nullopt);
  EXPECT_EQ(element_count(std::vector<int64_t>{int64_t{1} << 62, int64_t{1} << 62}), std::nullopt);
  EXPECT_EQ(element_count(std::vector<int64_t>{4, -1}), std::nullopt);
  EXPECT_EQ(element_count(std::vector<int64_t>{0, -1}), std::nullopt);
}

TEST(WeightStore, MultipliesBytesByTheirScales) {
  WeightStore store;
  const auto add = [&](const char* name, DType type, std::vector<int64_t> shape,
                       const std::vector<std::byte>& bytes) {
    ASSERT_TRUE(store.add(name, type, std::move(shape), bytes).ok()) << name;
  };
  const auto bytes = bytes_of_values<int8_t>({1, -2, 127, -128, 5, 6});
  const auto three = bytes_of_values<float>({1.0f, 0.5f, 2.0f}), two = bytes_of_values<float>({0.25f, 2.0f});
  for (const char* name : {"rows", "columns", "bare", "wrong_type", "two_axes", "wrong_size", "broken"})
    add(name, DType::i8, {2, 3}, bytes);
  add("rows.int8_scale", DType::f32, {2, 1}, two);
  add("columns.int8_scale", DType::f32, {1, 3}, three);
  add("wrong_type.int8_scale", DType::f16, {1, 3}, bytes_of_values<uint16_t>({0, 0, 0}));
  add("two_axes.int8_scale", DType::f32, {2, 3}, bytes_of_values<float>({1, 1, 1, 1, 1, 1}));
  add("wrong_size.int8_scale", DType::f32, {3, 1}, three);
  add("broken.int8_scale", DType::f32, {2, 1}, bytes_of_values<float>({1.0f, NAN}));
  const std::vector<int64_t> shape{2, 3};
  const auto floats = [&](const char* name) {
    const auto values = store.floats(name, shape);
    return values.ok() ? std::vector<float>(values->begin(), values->end()) : std::vector<float>();
  };
  EXPECT_EQ(floats("rows"), (std::vector<float>{0.25f, -0.5f, 31.75f, -256, 10, 12}));
  EXPECT_EQ(floats("columns"), (std::vector<float>{1, -1, 254, -128, 2.5f, 12}));
  for (const char* name : {"bare", "wrong_type", "two_axes", "wrong_size", "broken"}) {
    EXPECT_EQ(floats(name), std::vector<float>()) << name;
    const auto refused = store.borrow_floats(name, shape);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find(name), std::string::npos) << refused.error().message;
  }
  EXPECT_FALSE(store.floats("rows", std::vector<int64_t>{3, 2}).ok());
  EXPECT_FALSE(store.expect("rows", shape).ok());
}

TEST(WeightStore, WidensToFloat) {
  const WeightStore store = sample();
  const auto single = store.floats("single", std::vector<int64_t>{2, 1});
  EXPECT_EQ((*single)[1], -2.25f);
  const auto half = store.floats("half", std::vector<int64_t>{3});
  EXPECT_EQ((*half)[0], 1.0f);
  EXPECT_EQ((*half)[1], -2.5f);
  EXPECT_EQ((*half)[2], std::ldexp(1.0f, -24));
  const auto brain = store.floats("brain", std::vector<int64_t>{2});
  EXPECT_EQ((*brain)[0], 1.5f);
  EXPECT_EQ((*brain)[1], -2.25f);
  EXPECT_EQ(store.floats("nothing", std::vector<int64_t>{0, 7})->size(), 0u);
}

TEST(WeightStore, SaysWhatIsWrong) {
  const WeightStore store = sample();
  EXPECT_EQ(store.floats("nobody", std::vector<int64_t>{2}).error().message,
            "sample: expected a tensor 'nobody' of shape [2], found none of that name");
  EXPECT_EQ(store.floats("single", std::vector<int64_t>{1, 2}).error().message,
            "sample: tensor 'single': expected shape [1, 2], found [2, 1]");
  EXPECT_EQ(store.floats("bytes", std::vector<int64_t>{4}).error().message,
            "sample: tensor 'bytes': expected type F32, F16 or BF16, found U8");
}

TEST(WeightStore, RefusesTensorsThatDoNotFit) {
  WeightStore store = sample();
  EXPECT_EQ(store.add("single", DType::u8, {1}, bytes_of_values<uint8_t>({1})).error().message,
            "sample: tensor 'single' is there twice");
  EXPECT_EQ(store.add("short", DType::f32, {2}, bytes_of_values<uint8_t>({1})).error().message,
            "sample: tensor 'short' of type F32 and shape [2] needs 8 bytes, found 1");
  EXPECT_EQ(store.add("odd\x1b[2J", DType::f32, {-1}, {}).error().message,
            "sample: tensor 'odd\\x1b[2J' has the impossible shape [-1]");
  EXPECT_EQ(store.tensors().size(), 5u);
}

TEST(WeightStore, KeepsWhatItOwnsWhenMoved) {
  WeightStore first = sample();
  const WeightStore second = std::move(first);
  EXPECT_EQ((*second.floats("single", std::vector<int64_t>{2, 1}))[0], 1.5f);
}

TEST(CheckFinite, NamesTensorAndIndex) {
  struct Case {
    DType type;
    std::vector<std::byte> bytes;
  };
  const Case cases[] = {
      {DType::f32, bytes_of_values<float>({0, std::numeric_limits<float>::max(), NAN})},
      {DType::f32, bytes_of_values<float>({0, std::numeric_limits<float>::denorm_min(), -INFINITY})},
      {DType::f64, bytes_of_values<double>({0, std::numeric_limits<double>::max(), INFINITY})},
      {DType::f16, bytes_of_values<uint16_t>({0, 0x7bff, 0x7c01})},
      {DType::bf16, bytes_of_values<uint16_t>({0, 0x7f7f, 0xff80})},
  };
  for (const Case& c : cases) {
    WeightStore store = sample();
    EXPECT_TRUE(check_finite(store));
    ASSERT_TRUE(store.add("bad", c.type, {1, 3}, c.bytes));
    const Status status = check_finite(store);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::model);
    EXPECT_EQ(status.error().message,
              "sample: element 2 of tensor 'bad' of shape [1, 3] is not a finite number");
  }
  // Large tensors are looked at in blocks.
  std::vector<float> values(700001);
  for (const size_t index : {size_t{262143}, size_t{262144}, size_t{700000}}) {
    values[index] = NAN;
    WeightStore large;
    const std::vector<int64_t> shape{static_cast<int64_t>(values.size())};
    ASSERT_TRUE(large.add("large", DType::f32, shape, std::as_bytes(std::span(values))));
    const Status status = check_finite(large);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("element " + std::to_string(index) + " "), std::string::npos)
        << status.error().message;
    // The first of several, whichever thread finds it.
    values[700000] = NAN;
    ASSERT_TRUE(large.add("larger", DType::f32, shape, std::as_bytes(std::span(values))));
    for (const int threads : {2, 3, 8}) {
      const Status shared = check_finite(large, threads);
      ASSERT_FALSE(shared);
      EXPECT_EQ(shared.error().message, status.error().message);
    }
    values[700000] = 0;
    values[index] = 0;
  }
  // What is read of a store that nobody checked.
  WeightStore store;
  const float values_of[] = {1, NAN};
  const int64_t shape[] = {2};
  ASSERT_TRUE(store.add("bad", DType::f32, {2}, std::as_bytes(std::span(values_of))));
  store.set_origin("f");
  const char* const why = "f: element 1 of tensor 'bad' of shape [2] is not a finite number";
  EXPECT_EQ(store.floats("bad", shape).error().message, why);
  EXPECT_EQ(store.borrow_floats("bad", shape).error().message, why);
  WeightStore bytes = sample();
  ASSERT_TRUE(bytes.add("bits", DType::i32, {1}, bytes_of_values<uint32_t>({0x7f800000})));
  EXPECT_TRUE(check_finite(bytes));
}

}  // namespace
}  // namespace ink
