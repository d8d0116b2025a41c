#include "converters/sources/torch/legacy.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "converters/sources/torch/pickle.h"
#include "converters/sources/torch/torch_source.h"
#include "weights/byte_reader.h"
#include "weights/message.h"

namespace ink::torch_file {

namespace {

using namespace std::string_view_literals;
// 0x1950a86a20f9469cfc6c.
constexpr std::string_view kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;
constexpr int64_t kProtocol = 1001;

class Stream {
 public:
  Stream(const FileBytes& file, const std::string& origin, const ModelLimits& limits)
      : file_(file), origin_(origin), limits_(limits), reader_(file.bytes, origin) {}

  Result<std::unique_ptr<TensorSource>> open();

 private:
  Result<Pickle> next();
  Status read_head();
  Result<std::vector<std::string>> read_keys();
  Status read_storages(const std::vector<std::string>& keys, const StorageTable& storages,
                       std::vector<StoragePlace>& places);

  const FileBytes& file_;
  const std::string& origin_;
  const ModelLimits& limits_;
  ByteReader reader_;
};

Result<Pickle> Stream::next() {
  const size_t at = reader_.position();
  INK_TRY(Pickle pickle, read_pickle(file_.bytes.subspan(at), origin_, at, limits_));
  INK_TRY_STATUS(reader_.seek(at + pickle.bytes, "the next pickle"));
  return pickle;
}

Status Stream::read_head() {
  INK_TRY(const Pickle magic, next());
  if (magic.values.kind(magic.root) != Kind::big_integer || magic.values.text(magic.root) != kMagic) {
    return model_error(origin_, ": the pickle at offset 0 is not torch's magic number");
  }
  const uint64_t version_at = reader_.offset();
  INK_TRY(const Pickle version, next());
  if (version.values.kind(version.root) != Kind::integer ||
      version.values.integer(version.root) != kProtocol) {
    return model_error(origin_, ": the version of the stream at offset ", version_at, " is not ", kProtocol);
  }
  const uint64_t machine_at = reader_.offset();
  INK_TRY(const Pickle machine, next());
  const std::optional<NodeId> little = machine.values.find(machine.root, "little_endian");
  if (!little || machine.values.kind(*little) != Kind::boolean || machine.values.integer(*little) != 1) {
    return model_error(origin_, ": the facts of the machine at offset ", machine_at,
                       " do not say little_endian, which alone is supported");
  }
  return {};
}

Result<std::vector<std::string>> Stream::read_keys() {
  const uint64_t at = reader_.offset();
  INK_TRY(const Pickle pickle, next());
  const Values& values = pickle.values;
  std::vector<std::string> keys;
  const bool is_list = values.kind(pickle.root) == Kind::list;
  for (const NodeId item : values.items(pickle.root)) {
    if (!is_list || values.kind(item) != Kind::text) break;
    keys.emplace_back(values.text(item));
  }
  if (!is_list || keys.size() != values.items(pickle.root).size()) {
    return model_error(origin_, ": the pickle at offset ", at, " is no list of the keys of storages");
  }
  return keys;
}

// Fills the places of the table's storages.
Status Stream::read_storages(const std::vector<std::string>& keys, const StorageTable& storages,
                             std::vector<StoragePlace>& places) {
  std::vector<bool> met(storages.all().size(), false);
  places.resize(met.size());
  for (const std::string& key : keys) {
    const std::string what = concat("storage ", quote(key));
    const uint64_t at = reader_.offset();
    const DeclaredStorage* const storage = storages.find(key);
    const size_t index = storage == nullptr ? 0 : static_cast<size_t>(storage - storages.all().data());
    if (storage == nullptr || met[index]) {
      return model_error(origin_, ": ", what, " at offset ", at,
                         storage == nullptr ? " belongs to no tensor" : " is there twice");
    }
    met[index] = true;
    INK_TRY(const uint64_t elements, reader_.u64(what));
    if (elements != storage->elements) {
      return model_error(origin_, ": ", what, " at offset ", at, " has ", elements,
                         " elements, the pickle says ", storage->elements, " at offset ", storage->offset);
    }
    INK_TRY(places[index].bytes, reader_.bytes(storage->bytes, what));
  }
  const auto missing = std::ranges::find(met, false);
  if (missing != met.end()) {
    const DeclaredStorage& storage = storages.all()[static_cast<size_t>(missing - met.begin())];
    return model_error(origin_, ": storage ", quote(storage.key), ", named at offset ", storage.offset,
                       ", is not in the list of storages");
  }
  if (reader_.remaining() != 0) {
    return model_error(origin_, ": has ", reader_.remaining(), " bytes after offset ", reader_.offset(),
                       ", where its last storage ends");
  }
  return {};
}

Result<std::unique_ptr<TensorSource>> Stream::open() {
  INK_TRY_STATUS(read_head());
  INK_TRY(const Pickle object, next());
  const Values& values = object.values;
  INK_TRY(const std::vector<std::string> keys, read_keys());
  // All of them, the model's or not, because only their sizes tell where the next one begins.
  StorageTable storages;
  for (NodeId node = 0; node < values.size(); ++node) {
    if (is_storage(values, node)) INK_TRY_STATUS(storages.declare(values, node, origin_).status());
  }
  std::vector<StoragePlace> places;
  INK_TRY_STATUS(read_storages(keys, storages, places));
  INK_TRY(Found found, find_tensors(values, object.root, origin_, limits_));
  INK_TRY(std::vector<TensorView> views, read_views(values, found, storages, origin_, limits_));
  auto source = std::make_unique<TorchSource>("torch legacy stream", origin_, file_, nullptr);
  INK_TRY_STATUS(source->fill(std::move(found), std::move(views), std::move(places), origin_,
                              file_.bytes.size(), limits_));
  return std::unique_ptr<TensorSource>(std::move(source));
}

}  // namespace

bool is_legacy(std::span<const std::byte> bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<size_t>(bytes.size(), 32));
  if (text.size() < 2 || text[0] != '\x80' || text[1] < 2 || text[1] > 5) return false;
  text.remove_prefix(2);
  constexpr size_t kFrameBytes = 9;  // before the numbers of protocol 4 and 5
  if (text.starts_with('\x95')) text.remove_prefix(std::min(kFrameBytes, text.size()));
  return text.starts_with("\x8a\x0a") && text.substr(2).starts_with(kMagic);
}

Result<std::unique_ptr<TensorSource>> open_legacy(const FileBytes& file, const std::string& origin,
                                                  const ModelLimits& limits) {
  return Stream(file, origin, limits).open();
}

}  // namespace ink::torch_file
