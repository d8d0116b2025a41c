#include <array>

#include "converters/sources/tensorflow/bundle_entry.h"
#include "weights/message.h"

namespace ink {

namespace {

// The names of tensorflow.DataType from 0 on.
constexpr std::array<std::string_view, 31> kNames = {"invalid",
                                                     "float32",
                                                     "float64",
                                                     "int32",
                                                     "uint8",
                                                     "int16",
                                                     "int8",
                                                     "string",
                                                     "complex64",
                                                     "int64",
                                                     "bool",
                                                     "qint8",
                                                     "quint8",
                                                     "qint32",
                                                     "bfloat16",
                                                     "qint16",
                                                     "quint16",
                                                     "uint16",
                                                     "complex128",
                                                     "float16",
                                                     "resource",
                                                     "variant",
                                                     "uint32",
                                                     "uint64",
                                                     "float8_e5m2",
                                                     "float8_e4m3fn",
                                                     "float8_e4m3fnuz",
                                                     "float8_e4m3b11fnuz",
                                                     "float8_e5m2fnuz",
                                                     "int4",
                                                     "uint4"};

}  // namespace

std::optional<DType> dtype_of_tf(uint64_t number) {
  switch (number) {
    case 1: return DType::f32;
    case 2: return DType::f64;
    case 3: return DType::i32;
    case 4: return DType::u8;
    case 5: return DType::i16;
    case 6: return DType::i8;
    case 9: return DType::i64;
    case 10: return DType::boolean;
    case 14: return DType::bf16;
    case 19: return DType::f16;
    default: return std::nullopt;
  }
}

std::string tf_dtype_name(uint64_t number) {
  return number < kNames.size() ? std::string(kNames[number]) : concat("type ", number);
}

}  // namespace ink
