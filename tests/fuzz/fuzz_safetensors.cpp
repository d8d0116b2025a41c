#include <algorithm>
#include <array>
#include <cstdlib>

#include "tests/fuzz/fuzz.h"
#include "tests/weights/sample_files.h"
#include "weights/finite.h"
#include "weights/safetensors.h"
#include "weights/safetensors_header.h"

using ink::fuzz::Input;
using ink::fuzz::Random;

namespace {

constexpr size_t kLength = 8;

Input input_of(std::string_view json, size_t data_bytes) {
  const ink::test::Bytes file =
      ink::test::safetensors_file(json, ink::test::Bytes(data_bytes, std::byte{0x3c}));
  Input input;
  for (const std::byte byte : file) input.push_back(std::to_integer<uint8_t>(byte));
  return input;
}

uint64_t header_bytes(const Input& input) {
  uint64_t value = 0;
  for (size_t i = kLength; i-- > 0;) value = value << 8 | input[i];
  return value;
}

void set_header_bytes(Input& input, uint64_t value) {
  for (size_t i = 0; i < kLength; ++i) input[i] = static_cast<uint8_t>(value >> (8 * i));
}

}  // namespace

int fuzz_one(const uint8_t* data, size_t size) {
  const auto bytes = ink::fuzz::bytes_of(data, size);
  const auto store = ink::parse_safetensors(bytes, nullptr, "fuzz");
  if (store.ok()) {
    for (const ink::StoredTensor& tensor : store->tensors()) {
      const auto floats = store->floats(tensor.name, tensor.shape);
      if (floats.ok() && floats->size() != tensor.bytes.size() / ink::dtype_size(tensor.dtype)) std::abort();
    }
    const bool finite = check_finite(*store).ok();
    // What was read can be written, and read again.
    const auto written = ink::safetensors_bytes(*store);
    if (!written.ok()) std::abort();
    const auto again = ink::parse_safetensors(*written, nullptr, "fuzz");
    if (!again.ok() || again->tensors().size() != store->tensors().size()) std::abort();
    if (check_finite(*again).ok() != finite || again->metadata() != store->metadata()) std::abort();
    return 1;
  }
  // Past the header: the JSON could be read, whatever its offsets say.
  if (size < kLength) return 0;
  const uint64_t length = header_bytes(Input(data, data + kLength));
  if (length > size - kLength) return 0;
  const std::string_view json(reinterpret_cast<const char*>(data) + kLength, static_cast<size_t>(length));
  return ink::parse_safetensors_header(json, "fuzz", {}).ok() ? 1 : 0;
}

std::vector<Input> fuzz_seeds() {
  return {
      input_of("{}", 0),
      input_of(R"({"__metadata__":{"format":"pt","inkstone.config":"{\"scale\":2}"},)"
               R"("a.weight":{"dtype":"F16","shape":[2,3,2],"data_offsets":[0,24]},)"
               R"("a.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},)"
               R"("labels":{"dtype":"U8","shape":[5],"data_offsets":[32,37]}}   )",
               37),
      input_of(
          R"({"b":{"data_offsets":[8,16],"shape":[],"dtype":"F64"},"\u0061\n":{"dtype":"I64","shape":[1],)"
          R"("data_offsets":[0,8]},"none":{"dtype":"BF16","shape":[0,9],"data_offsets":[8,8]}})",
          16),
  };
}

// Changes the JSON and mends the length before it, or else the length or the data.
void fuzz_mutate(Input& input, Random& random) {
  if (input.size() < kLength) return ink::fuzz::mutate_bytes(input, random, 0, input.size());
  switch (random.below(24)) {
    case 0: return ink::fuzz::mutate_bytes(input, random, 0, kLength);
    case 1: return ink::fuzz::mutate_bytes(input, random, kLength, input.size());
    case 2: return input.resize(random.below(input.size() + 1));
    default: break;
  }
  const uint64_t length = std::min<uint64_t>(header_bytes(input), input.size() - kLength);
  const auto json_end = input.begin() + static_cast<ptrdiff_t>(kLength + length);
  Input json(input.begin() + kLength, json_end);
  const Input data(json_end, input.end());
  switch (random.below(12)) {
    case 0: ink::fuzz::mutate_bytes(json, random, 0, json.size()); break;
    case 1: ink::fuzz::mutate_pieces(json, random, ",{}[]:"); break;
    case 2: {
      static constexpr std::array<std::string_view, 6> kTypes = {"F64",     "U8",   "BOOL",
                                                                 "F8_E4M3", "BF16", "I16"};
      const std::string_view type = random.pick(std::span<const std::string_view>(kTypes));
      const std::string text(json.begin(), json.end());
      if (const size_t at = text.find("\"F", random.below(text.size() + 1)); at != text.npos) {
        std::copy_n(type.begin(), std::min(type.size(), json.size() - at - 1),
                    json.begin() + static_cast<ptrdiff_t>(at) + 1);
      }
      break;
    }
    default: ink::fuzz::mutate_number(json, random); break;
  }
  input.resize(kLength);
  set_header_bytes(input, json.size());
  input.insert(input.end(), json.begin(), json.end());
  input.insert(input.end(), data.begin(), data.end());
}
