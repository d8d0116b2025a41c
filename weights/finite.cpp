#include "weights/finite.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include "kernels/base/parallel.h"
#include "weights/file.h"
#include "weights/message.h"

namespace ink {

namespace {

// How much is looked at before its pages are given back: weights are packed one after another later on, and
// what is mapped counts as memory in use for as long as it is resident.
constexpr size_t kBlockBytes = size_t{1} << 20;

// A value is NaN or infinite where every bit of its exponent is set.
template <class Bits>
bool is_non_finite(const std::byte* at, Bits exponent) {
  Bits value;
  std::memcpy(&value, at, sizeof(Bits));
  return (value & exponent) == exponent;
}

// Without a way out of the loop it runs as fast as memory gives.
template <class Bits>
bool any_non_finite(std::span<const std::byte> bytes, Bits exponent) {
  Bits found = 0;
  for (size_t i = 0; i + sizeof(Bits) <= bytes.size(); i += sizeof(Bits)) {
    found = static_cast<Bits>(found | static_cast<Bits>(is_non_finite(bytes.data() + i, exponent)));
  }
  return found != 0;
}

// Gives the result of work(bits of a value whose exponent alone is set).
template <class Work>
auto with_exponent(DType type, Work work) {
  switch (type) {
    case DType::f64: return work(uint64_t{0x7ff0000000000000u});
    case DType::f16: return work(uint16_t{0x7c00u});
    case DType::bf16: return work(uint16_t{0x7f80u});
    default: return work(uint32_t{0x7f800000u});
  }
}

size_t first_non_finite(DType type, std::span<const std::byte> bytes) {
  return with_exponent(type, [&]<class Bits>(Bits exponent) {
    size_t i = 0;
    while (!is_non_finite(bytes.data() + i * sizeof(Bits), exponent)) ++i;
    return i;
  });
}

struct Block {
  const StoredTensor* tensor;
  size_t first, size;  // bytes
  std::span<const std::byte> bytes() const { return tensor->bytes.subspan(first, size); }
};

bool is_float(DType type) {
  return type == DType::f64 || type == DType::f32 || type == DType::f16 || type == DType::bf16;
}

bool any_non_finite(const Block& block) {
  return with_exponent(block.tensor->dtype,
                       [&](auto exponent) { return any_non_finite(block.bytes(), exponent); });
}

Error non_finite(const Block& block, std::string_view origin) {
  const StoredTensor& tensor = *block.tensor;
  return model_error(origin, ": element ",
                     block.first / dtype_size(tensor.dtype) + first_non_finite(tensor.dtype, block.bytes()),
                     " of tensor ", quote(tensor.name), " of shape ", shape_text(tensor.shape),
                     " is not a finite number");
}

std::vector<Block> blocks_of(const WeightStore& store) {
  std::vector<Block> blocks;
  for (const StoredTensor& tensor : store.tensors()) {
    if (!is_float(tensor.dtype)) continue;
    for (size_t first = 0; first < tensor.bytes.size(); first += kBlockBytes) {
      blocks.push_back({&tensor, first, std::min(kBlockBytes, tensor.bytes.size() - first)});
    }
  }
  return blocks;
}

}  // namespace

Status check_finite(const WeightStore& store, int threads) {
  const std::vector<Block> blocks = blocks_of(store);
  // The first one in the order of the store, whatever the order in which they are looked at.
  std::atomic<size_t> bad{blocks.size()};
  parallel_for(static_cast<int64_t>(blocks.size()), threads, [&](int64_t task, int) {
    const auto index = static_cast<size_t>(task);
    const Block& block = blocks[index];
    const bool found = any_non_finite(block);
    for (size_t before = bad; found && index < before && !bad.compare_exchange_weak(before, index);) {
    }
    if (block.size < block.tensor->bytes.size()) forget_pages(block.bytes());
  });
  if (bad == blocks.size()) return {};
  return non_finite(blocks[bad], store.origin());
}

Status check_finite(const StoredTensor& tensor, std::string_view origin) {
  const Block whole{&tensor, 0, tensor.bytes.size()};
  if (!is_float(tensor.dtype) || !any_non_finite(whole)) return {};
  return non_finite(whole, origin);
}

}  // namespace ink
