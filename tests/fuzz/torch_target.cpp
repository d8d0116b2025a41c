#include "tests/fuzz/torch_target.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "converters/sources/torch/torch.h"
#include "kernels/base/dtype.h"
#include "tests/converters/sample_torch.h"
#include "weights/store.h"

namespace ink::fuzz {

namespace {

using namespace std::string_view_literals;

// Pieces that a pickle can be made of, most of them whole opcodes.
constexpr auto kPieces = std::to_array<std::string_view>({"("sv,
                                                          "."sv,
                                                          "N"sv,
                                                          "\x88"sv,
                                                          "\x89"sv,
                                                          "J\xff\xff\xff\xff"sv,
                                                          "J\xff\xff\xff\x7f"sv,
                                                          "K\0"sv,
                                                          "K\1"sv,
                                                          "K\2"sv,
                                                          "K\xff"sv,
                                                          "M\xff\xff"sv,
                                                          "\x8a\0"sv,
                                                          "\x8a\1\xff"sv,
                                                          "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"sv,
                                                          "\x8a\x08\0\0\0\0\0\0\0\x80"sv,
                                                          "\x8a\x06\0\0\0\0\0\1"sv,
                                                          "G\x7f\xf0\0\0\0\0\0\0"sv,
                                                          "X\1\0\0\0a"sv,
                                                          "X\xff\xff\xff\xff"sv,
                                                          "X\5\0\0\0model"sv,
                                                          "U\1a"sv,
                                                          "]"sv,
                                                          ")"sv,
                                                          "}"sv,
                                                          "a"sv,
                                                          "e"sv,
                                                          "s"sv,
                                                          "u"sv,
                                                          "t"sv,
                                                          "\x85"sv,
                                                          "\x86"sv,
                                                          "\x87"sv,
                                                          "h\0"sv,
                                                          "h\1"sv,
                                                          "h\2"sv,
                                                          "h\7"sv,
                                                          "h\x10"sv,
                                                          "j\xff\xff\xff\xff"sv,
                                                          "q\0"sv,
                                                          "q\1"sv,
                                                          "r\xff\xff\xff\xff"sv,
                                                          "ctorch._utils\n_rebuild_tensor_v2\n"sv,
                                                          "ctorch._utils\n_rebuild_parameter\n"sv,
                                                          "ctorch\nFloatStorage\n"sv,
                                                          "ctorch\nLongStorage\n"sv,
                                                          "ccollections\nOrderedDict\n"sv,
                                                          "cos\nsystem\n"sv,
                                                          "R"sv,
                                                          "b"sv,
                                                          "\x81"sv,
                                                          "Q"sv,
                                                          "\x93"sv,
                                                          "\x94"sv,
                                                          "\x95"sv,
                                                          "\x8f"sv,
                                                          "\x90"sv,
                                                          "0"sv,
                                                          "2"sv,
                                                          "\x80\4"sv});

}  // namespace

int read_torch(const uint8_t* data, size_t size) {
  const auto bytes = bytes_of(data, size);
  const auto source = open_torch({bytes, nullptr}, "fuzz");
  if (!source.ok()) {
    const std::string& message = source.error().message;
    if (!message.starts_with("fuzz")) std::abort();
    // What a member holds is read once the archive is right.
    if (message.starts_with("fuzz, member ")) return 1;
    constexpr std::string_view kBefore[] = {"zip", "member", "checksum", "begins at offset 0", "gap"};
    return std::ranges::none_of(kBefore,
                                [&](std::string_view word) { return message.find(word) != message.npos; });
  }
  uint64_t total = 0;
  for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
    const SourceTensor& tensor = (*source)->tensors()[i];
    const auto read = (*source)->read(i);
    if (!read.ok()) continue;
    const auto elements = element_count(tensor.shape);
    if (!elements || read->bytes.size() != static_cast<uint64_t>(*elements) * dtype_size(tensor.dtype)) {
      std::abort();
    }
    // Every byte has to be there.
    for (const std::byte byte : read->bytes) total += std::to_integer<uint64_t>(byte);
  }
  return total == UINT64_MAX ? 0 : 1;
}

Input torch_seed(const std::string& file) {
  Input input;
  for (const std::byte byte : test::torch_golden(file)) input.push_back(std::to_integer<uint8_t>(byte));
  return input;
}

void mutate_pickle(Input& pickle, Random& random) {
  if (pickle.size() < 4) return;
  // The first two bytes name the protocol.
  const size_t at = 2 + random.below(pickle.size() - 2);
  const auto place = pickle.begin() + static_cast<ptrdiff_t>(at);
  const std::string_view piece = random.pick(std::span<const std::string_view>(kPieces));
  switch (random.below(6)) {
    case 0: pickle.insert(place, piece.begin(), piece.end()); break;
    case 1: {
      const size_t taken = std::min(piece.size(), pickle.size() - at);
      std::copy_n(piece.begin(), taken, place);
      break;
    }
    case 2: {
      // A stretch of the program once more, elsewhere.
      const size_t length = std::min<size_t>(1 + random.below(200), pickle.size() - at);
      const Input copy(place, place + static_cast<ptrdiff_t>(length));
      const size_t to = 2 + random.below(pickle.size() - 2);
      pickle.insert(pickle.begin() + static_cast<ptrdiff_t>(to), copy.begin(), copy.end());
      break;
    }
    case 3: {
      // A small number that some opcode takes: a size, a stride, an index of the memo.
      for (size_t i = at; i + 1 < pickle.size(); ++i) {
        if (pickle[i] != 'K' && pickle[i] != 'h' && pickle[i] != 'q') continue;
        pickle[i + 1] = static_cast<uint8_t>(random.one_in(2) ? random.below(8) : random.below(256));
        break;
      }
      break;
    }
    default: mutate_bytes(pickle, random, at, at + 1); break;
  }
}

}  // namespace ink::fuzz
