#include "tests/converters/memory_folder.h"

#include "converters/sources/safetensors.h"
#include "weights/message.h"
#include "weights/safetensors.h"

namespace ink::test {

Result<std::string> MemoryFolder::text(const std::string& name) const {
  const auto found = files_.find(name);
  if (found == files_.end()) return Error{ErrorKind::no_input, concat("folder/", name, ": missing")};
  return text_of(found->second);
}

Result<std::unique_ptr<TensorSource>> MemoryFolder::open(const std::string& name) const {
  const auto found = files_.find(name);
  if (found == files_.end()) return Error{ErrorKind::no_input, concat("folder/", name, ": missing")};
  INK_TRY(WeightStore store, parse_safetensors(found->second, nullptr, concat("folder/", name)));
  return open_safetensors_source(std::make_shared<const WeightStore>(std::move(store)));
}

Bytes vectors_file(const std::vector<std::string>& names) {
  WeightStore store;
  for (size_t t = 0; t < names.size(); ++t) {
    const auto value = static_cast<float>(t);
    const Bytes bytes = bytes_of_values<float>({value, -value});
    INK_CHECK(store.add(names[t], DType::f32, {2}, bytes).ok());
  }
  auto file = safetensors_bytes(store);
  INK_CHECK(file.ok());
  return std::move(*file);
}

}  // namespace ink::test
