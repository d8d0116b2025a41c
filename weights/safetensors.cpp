#include "weights/safetensors.h"

#include <algorithm>
#include <tuple>

#include "weights/atomic_file.h"
#include "weights/byte_reader.h"
#include "weights/file.h"
#include "weights/message.h"
#include "weights/safetensors_header.h"
#include "weights/sniff.h"

namespace ink {

namespace {

Error too_short(const std::string& origin, uint64_t missing) {
  return model_error(origin, " is ", missing,
                     " bytes shorter than its header declares: incomplete download?");
}

Status check_extent(const SafetensorsEntry& entry, uint64_t expected_begin, const std::string& origin) {
  const std::string tensor = concat(origin, ": tensor ", quote(entry.name));
  if (entry.end < entry.begin) {
    return model_error(tensor, " ends at ", entry.end, " of the data, before it begins at ", entry.begin);
  }
  if (entry.begin != expected_begin) {
    return model_error(tensor, " begins at ", entry.begin, " of the data, the one before it ends at ",
                       expected_begin, entry.begin < expected_begin ? ": they overlap" : ": there is a gap");
  }
  const std::optional<int64_t> count = element_count(entry.shape);
  if (!count) return model_error(tensor, " has the impossible shape ", shape_text(entry.shape));
  const uint64_t bytes = static_cast<uint64_t>(*count) * dtype_size(entry.dtype);
  if (bytes != entry.end - entry.begin) {
    return model_error(tensor, " of type ", dtype_name(entry.dtype), " and shape ", shape_text(entry.shape),
                       " needs ", bytes, " bytes, its data_offsets span ", entry.end - entry.begin);
  }
  return {};
}

// The entries in the order of their bytes, which they cover exactly.
Status check_extents(std::vector<SafetensorsEntry>& entries, uint64_t data_bytes, const std::string& origin) {
  std::ranges::stable_sort(entries, {}, [](const SafetensorsEntry& e) { return std::tuple(e.begin, e.end); });
  uint64_t end = 0;
  for (const SafetensorsEntry& entry : entries) {
    INK_TRY_STATUS(check_extent(entry, end, origin));
    end = entry.end;
  }
  if (end > data_bytes) return too_short(origin, end - data_bytes);
  if (end < data_bytes) {
    return model_error(origin, " has ", data_bytes - end, " bytes after its last tensor, expected none");
  }
  return {};
}

// What comes before the data: the length, the header and the spaces that end it on 64 bytes.
struct Layout {
  std::string head;
  std::vector<const StoredTensor*> tensors;  // in the order of their bytes
};

Result<Layout> lay_out(const WeightStore& store) {
  Layout layout;
  for (const StoredTensor& tensor : store.tensors()) layout.tensors.push_back(&tensor);
  std::ranges::sort(layout.tensors, {}, [](const StoredTensor* tensor) {
    return std::tuple(tensor->bytes.size() % kAlignment != 0, std::string_view(tensor->name));
  });
  SafetensorsHeader header;
  header.metadata = store.metadata();
  uint64_t offset = 0;
  for (const StoredTensor* tensor : layout.tensors) {
    const uint64_t end = offset + tensor->bytes.size();
    header.entries.push_back({tensor->name, tensor->dtype, tensor->shape, offset, end});
    offset = end;
  }
  INK_TRY(std::string json, safetensors_header_json(header));
  json.resize(align_up(sizeof(uint64_t) + json.size()) - sizeof(uint64_t), ' ');
  if (const uint64_t limit = ModelLimits().safetensors_header_bytes; json.size() > limit) {
    return model_error("the header would have ", json.size(), " bytes, the limit is ", limit);
  }
  for (size_t i = 0; i < sizeof(uint64_t); ++i) {
    layout.head += static_cast<char>(static_cast<uint8_t>(uint64_t{json.size()} >> (8 * i)));
  }
  layout.head += json;
  return layout;
}

}  // namespace

Result<WeightStore> parse_safetensors(std::span<const std::byte> bytes,
                                      const std::shared_ptr<const void>& owner, const std::string& origin,
                                      const ModelLimits& limits) {
  const FileFormat format = sniff(bytes);
  if (format != FileFormat::safetensors && format != FileFormat::unknown && format != FileFormat::ncnn_bin) {
    return model_error(origin, " is ", describe(format), ", expected a safetensors file");
  }
  ByteReader reader(bytes, origin);
  INK_TRY(const uint64_t header_bytes, reader.u64("the header's length"));
  if (header_bytes > limits.safetensors_header_bytes) {
    return model_error(origin, ": declares a header of ", header_bytes, " bytes, the limit is ",
                       limits.safetensors_header_bytes, ": is it a safetensors file?");
  }
  if (header_bytes > reader.remaining()) return too_short(origin, header_bytes - reader.remaining());
  INK_TRY(const std::span<const std::byte> json, reader.bytes(header_bytes, "the header"));
  const std::string_view json_text(reinterpret_cast<const char*>(json.data()), json.size());
  INK_TRY(SafetensorsHeader header, parse_safetensors_header(json_text, origin, limits));
  INK_TRY_STATUS(check_extents(header.entries, reader.remaining(), origin));

  WeightStore store;
  store.set_origin(origin);
  for (auto& [key, value] : header.metadata) store.set_metadata(key, std::move(value));
  for (SafetensorsEntry& entry : header.entries) {
    INK_TRY(const std::span<const std::byte> data, reader.bytes(entry.end - entry.begin, "a tensor"));
    INK_TRY_STATUS(
        store.add_borrowed({std::move(entry.name), entry.dtype, std::move(entry.shape), data}, owner));
  }
  return store;
}

Result<WeightStore> read_safetensors(const std::string& path, const SafetensorsOptions& options) {
  const FileAccess access = options.mmap ? FileAccess::map : FileAccess::read;
  INK_TRY(const FileBytes file, open_file(path, access, options.limits.file_bytes));
  return parse_safetensors(file.bytes, file.owner, path, options.limits);
}

Status write_safetensors(const WeightStore& store, const std::string& path) {
  INK_TRY(const Layout layout, lay_out(store));
  INK_TRY(AtomicFile file, AtomicFile::create(path));
  INK_TRY_STATUS(file.write(std::as_bytes(std::span(layout.head))));
  for (const StoredTensor* tensor : layout.tensors) INK_TRY_STATUS(file.write(tensor->bytes));
  return file.commit();
}

Result<std::vector<std::byte>> safetensors_bytes(const WeightStore& store) {
  INK_TRY(const Layout layout, lay_out(store));
  const auto head = std::as_bytes(std::span(layout.head));
  std::vector<std::byte> bytes(head.begin(), head.end());
  for (const StoredTensor* tensor : layout.tensors) {
    bytes.insert(bytes.end(), tensor->bytes.begin(), tensor->bytes.end());
  }
  return bytes;
}

}  // namespace ink
