#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "tests/converters/memory_folder.h"
#include "tests/fuzz/fuzz.h"
#include "weights/store.h"

using ink::fuzz::Input;
using ink::fuzz::Random;

namespace {

// Files one after the other: "@@name\n", then what is in it.
constexpr std::string_view kMark = "@@";

std::string_view view(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

ink::test::MemoryFolder::Files unpack(std::string_view text) {
  ink::test::MemoryFolder::Files files;
  for (size_t at = text.find(kMark); at != text.npos;) {
    const size_t next = text.find(kMark, at + kMark.size());
    const std::string_view file = text.substr(at + kMark.size(), next - at - kMark.size());
    const size_t line = std::min(file.find('\n'), file.size());
    files[std::string(file.substr(0, line))] =
        ink::test::bytes_of(line == file.size() ? "" : file.substr(line + 1));
    at = next;
  }
  return files;
}

Input packed(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string text;
  for (const auto& [name, content] : files) text += std::string(kMark) + name + "\n" + content;
  return Input(text.begin(), text.end());
}

std::string vectors(const std::vector<std::string>& names) {
  return ink::test::text_of(ink::test::vectors_file(names));
}

// Where the last of the texts ends: what follows are tensors, which have a target of their own.
size_t texts_end(const Input& input) {
  const std::string_view text = view(input.data(), input.size());
  const size_t at = text.find("safetensors\n");
  return at == text.npos ? text.size() : at;
}

}  // namespace

int fuzz_one(const uint8_t* data, size_t size) {
  const ink::test::MemoryFolder folder(unpack(view(data, size)));
  if (!ink::is_huggingface_folder(folder)) return 0;
  const auto source = ink::open_huggingface(folder);
  if (!source.ok()) {
    if (source.error().message.empty()) std::abort();
    // Past the JSON: it is the folder that does not hold what the JSON says.
    return source.error().message.find("JSON") == std::string::npos ? 1 : 0;
  }
  for (size_t i = 0; i < (*source)->tensors().size(); ++i) {
    const ink::SourceTensor& tensor = (*source)->tensors()[i];
    const auto bytes = (*source)->read(i);
    if (!bytes.ok()) std::abort();
    const auto count = ink::element_count(tensor.shape);
    if (!count || bytes->bytes.size() != static_cast<size_t>(*count) * ink::dtype_size(tensor.dtype)) {
      std::abort();
    }
  }
  for (const ink::SourceText& text : (*source)->texts()) {
    if (!folder.has(text.name)) std::abort();
  }
  return 1;
}

std::vector<Input> fuzz_seeds() {
  return {
      packed({{"config.json", R"({"model_type": "clip", "transformers_version": "4.46.0"})"},
              {"model.safetensors", vectors({"a", "b"})}}),
      packed({{"config.json", R"({"text_config": {"layers": 2, "eps": 1e-5, "ids": [1, [2, {}], null]}})"},
              {"model.safetensors.index.json",
               R"({"metadata": {"total_size": 32}, "weight_map": {"a": "m-1.safetensors", )"
               R"("b.weight": "m-1.safetensors", "c": "m-2.safetensors", "d": "m-1.safetensors"}})"},
              {"m-1.safetensors", vectors({"a", "b.weight", "d"})},
              {"m-2.safetensors", vectors({"c", "extra"})}}),
      packed({{"modules.json", R"([{"idx": 0, "name": "0", "path": "", "type": "models.Transformer"},)"
                               R"( {"idx": 1, "name": "1", "path": "1_Pooling", "type": "models.Pooling"},)"
                               R"( {"idx": 2, "name": "2", "path": "2_Dense", "type": "models.Dense"}])"},
              {"config_sentence_transformers.json", R"({"__version__": {"sentence_transformers": "2.0.0"}})"},
              {"1_Pooling/config.json", R"({"word_embedding_dimension": 768})"},
              {"2_Dense/config.json", R"({"in_features": 768, "bias": true})"},
              {"model.safetensors", vectors({"embeddings.word.weight"})},
              {"2_Dense/model.safetensors", vectors({"linear.weight", "linear.bias"})}}),
  };
}

namespace {

// Replaces one JSON string by another of the text, or by a name that leads elsewhere.
void mutate_string(Input& input, Random& random) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "", "..", "../m", "/m", "a/b", "weight_map", "path", "Dense", "m-1.safetensors", "\\u0000"};
  std::vector<size_t> quotes;
  for (size_t i = 0; i < input.size(); ++i) {
    if (input[i] == '"') quotes.push_back(i);
  }
  if (quotes.size() < 2) return;
  const auto piece = [&] {
    const size_t i = 2 * random.below(quotes.size() / 2);
    return std::pair(input.begin() + static_cast<ptrdiff_t>(quotes[i] + 1),
                     input.begin() + static_cast<ptrdiff_t>(quotes[i + 1]));
  };
  const auto [other_begin, other_end] = piece();
  Input by(other_begin, other_end);
  if (random.one_in(3)) {
    const std::string_view name = random.pick(std::span<const std::string_view>(kNames));
    by.assign(name.begin(), name.end());
  }
  const auto [begin, end] = piece();
  const auto at = input.erase(begin, end);
  input.insert(at, by.begin(), by.end());
}

}  // namespace

// Changes the names and the JSON; seldom the tensors.
void fuzz_mutate(Input& input, Random& random) {
  const size_t end = texts_end(input);
  switch (random.below(24)) {
    case 0: return ink::fuzz::mutate_bytes(input, random, 0, input.size());
    case 1: return ink::fuzz::mutate_bytes(input, random, 0, end);
    case 2: return input.resize(random.below(input.size() + 1));
    default: break;
  }
  Input texts(input.begin(), input.begin() + static_cast<ptrdiff_t>(end));
  const Input rest(input.begin() + static_cast<ptrdiff_t>(end), input.end());
  switch (random.below(12)) {
    case 0: ink::fuzz::mutate_number(texts, random); break;
    case 1: ink::fuzz::mutate_pieces(texts, random, "@\n"); break;
    case 2: ink::fuzz::mutate_pieces(texts, random, ",{}[]:"); break;
    default: mutate_string(texts, random); break;
  }
  input = std::move(texts);
  input.insert(input.end(), rest.begin(), rest.end());
}
