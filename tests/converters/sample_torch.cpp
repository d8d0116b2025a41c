#include "tests/converters/sample_torch.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "kernels/base/dtype.h"
#include "weights/sha256.h"

namespace ink::test {

namespace {

const std::string kFolder = std::string(INK_GOLDENS_DIR) + "/torch/";

}  // namespace

std::vector<TorchGolden> torch_goldens() {
  std::ifstream manifest(kFolder + "manifest.txt");
  std::vector<TorchGolden> goldens;
  for (std::string line; std::getline(manifest, line);) {
    std::istringstream words(line);
    std::string file;
    TorchTensor tensor;
    words >> file;
    if (goldens.empty() || goldens.back().file != file) goldens.push_back({file, {}});
    if (words >> tensor.name >> tensor.dtype >> tensor.shape >> tensor.sha256) {
      goldens.back().tensors.push_back(tensor);
    }
  }
  for (TorchGolden& golden : goldens) std::ranges::sort(golden.tensors, {}, &TorchTensor::name);
  return goldens;
}

Bytes torch_golden(std::string_view file) { return read_file(kFolder + std::string(file)); }

std::vector<TorchTensor> read_all(const TensorSource& source, std::string& problem) {
  std::vector<TorchTensor> tensors;
  for (size_t i = 0; i < source.tensors().size(); ++i) {
    const SourceTensor& tensor = source.tensors()[i];
    std::string shape;
    for (const int64_t size : tensor.shape) {
      if (!shape.empty()) shape += 'x';
      shape += std::to_string(size);
    }
    const auto bytes = source.read(i);
    if (!bytes.ok()) {
      problem = bytes.error().message;
      continue;
    }
    tensors.push_back(
        {tensor.name, dtype_name(tensor.dtype), shape.empty() ? "-" : shape, sha256_hex(bytes->bytes)});
  }
  std::ranges::sort(tensors, {}, &TorchTensor::name);
  return tensors;
}

namespace pickle {

namespace {

std::string low_bytes(uint64_t value, int count) { return text_of(little_endian(value, count)); }

template <class... Parts>
std::string join(const Parts&... parts) {
  std::string all;
  (all.append(parts), ...);
  return all;
}

}  // namespace

std::string text(std::string_view value) { return join("X", low_bytes(value.size(), 4), value); }

std::string integer(int64_t value) { return join("\x8a\x08", low_bytes(static_cast<uint64_t>(value), 8)); }

std::string global(std::string_view module, std::string_view name) {
  return join("c", module, "\n", name, "\n");
}

std::string tuple(std::string_view items) { return join("(", items, "t"); }

std::string dict(std::string_view pairs) { return join("}(", pairs, "u"); }

std::string call(std::string_view module, std::string_view name, std::string_view arguments) {
  return join(global(module, name), tuple(arguments), "R");
}

std::string object(std::string_view module, std::string_view name, std::string_view attributes) {
  return join(global(module, name), ")\x81", dict(attributes), "b");
}

std::string sizes(std::initializer_list<int64_t> values) {
  std::string items;
  for (const int64_t value : values) items += integer(value);
  return tuple(items);
}

std::string storage(std::string_view type, std::string_view key, int64_t elements) {
  return join(tuple(join(text("storage"), global("torch", type), text(key), text("cpu"), integer(elements))),
              "Q");
}

std::string tensor(std::string_view storage, int64_t offset, std::initializer_list<int64_t> shape,
                   std::initializer_list<int64_t> stride) {
  return call("torch._utils", "_rebuild_tensor_v2",
              join(storage, integer(offset), sizes(shape), sizes(stride), "\x89",
                   global("collections", "OrderedDict"), ")R"));
}

std::string whole(std::string_view value) { return join("\x80\x02", value, "."); }

}  // namespace pickle

std::vector<ZipPart> torch_parts(std::string_view pickle, size_t elements) {
  return {stored_part("m/data.pkl", bytes_of(pickle)), stored_part("m/byteorder", bytes_of("little")),
          stored_part("m/data/0", Bytes(elements * 4)), stored_part("m/version", bytes_of("3\n"))};
}

Bytes torch_stream(std::string_view object, std::string_view keys, const Bytes& storages) {
  using namespace std::string_view_literals;
  const std::string facts = pickle::text("little_endian") + "\x88";
  return bytes_of("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv) +
         bytes_of(pickle::whole(pickle::integer(1001))) + bytes_of(pickle::whole(pickle::dict(facts))) +
         bytes_of(object) + bytes_of(pickle::whole("](" + std::string(keys) + "e")) + storages;
}

}  // namespace ink::test
