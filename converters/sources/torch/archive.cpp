#include "converters/sources/torch/archive.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "converters/sources/torch/pickle.h"
#include "converters/sources/torch/reach.h"
#include "converters/sources/torch/torch_source.h"
#include "converters/sources/torch/unknown.h"
#include "kernels/base/function_ref.h"
#include "weights/message.h"

namespace ink::torch_file {

namespace {

constexpr std::string_view kPickleName = "/data.pkl";

class Archive {
 public:
  Archive(std::shared_ptr<const ZipReader> zip, std::string folder, const std::string& origin,
          const ModelLimits& limits)
      : zip_(std::move(zip)), folder_(std::move(folder)), origin_(origin), limits_(limits) {}

  Result<std::unique_ptr<TensorSource>> open(const FileBytes& file);

 private:
  // A member with its checksum compared. The bytes lie in the archive, or in `unpacked`.
  Result<std::span<const std::byte>> content(const ZipMember& member, std::vector<std::byte>& unpacked) const;
  // Checks a member that holds a word, where there is one.
  Status check_word(std::string_view name, std::string_view supported,
                    FunctionRef<bool(std::string_view)> is_supported) const;
  Result<Pickle> pickle(const ZipMember& member, std::vector<std::byte>& unpacked) const;
  Status check_words() const;
  // pickle: the origin of the one that declares it.
  Result<StoragePlace> place(const DeclaredStorage& storage, const std::string& pickle) const;
  Status note_constants(std::vector<std::string>& unknown) const;

  std::shared_ptr<const ZipReader> zip_;
  std::string folder_;
  const std::string& origin_;
  const ModelLimits& limits_;
};

Result<std::span<const std::byte>> Archive::content(const ZipMember& member,
                                                    std::vector<std::byte>& unpacked) const {
  if (!member.deflated) {
    INK_TRY_STATUS(zip_->check_stored(member));
    return member.data;
  }
  INK_TRY(unpacked, zip_->read(member));
  return std::span<const std::byte>(unpacked);
}

Status Archive::check_word(std::string_view name, std::string_view supported,
                           FunctionRef<bool(std::string_view)> is_supported) const {
  const ZipMember* const member = zip_->find(folder_ + std::string(name));
  if (member == nullptr) return {};
  constexpr uint64_t kLongest = 32;
  if (member->size > kLongest) {
    return model_error(origin_, ": member ", quote(member->name), " at offset ", member->offset, " has ",
                       member->size, " bytes, expected one word");
  }
  std::vector<std::byte> unpacked;
  INK_TRY(const std::span<const std::byte> bytes, content(*member, unpacked));
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (is_supported(text)) return {};
  return model_error(member_origin(origin_, *member), " at offset ", member->offset, " says ", quote(text),
                     ", supported: ", supported);
}

// Archives of torch before 2.1 do not tell their byte order.
Status Archive::check_words() const {
  INK_TRY_STATUS(check_word("byteorder", "little", [](std::string_view order) { return order == "little"; }));
  // 1 to 10 is what torch itself reads.
  return check_word("version", "1 to 10", [](std::string_view version) {
    int number = 0;
    const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
    return error == std::errc() && end == version.data() + version.size() && number >= 1 && number <= 10;
  });
}

Result<Pickle> Archive::pickle(const ZipMember& member, std::vector<std::byte>& unpacked) const {
  if (member.size > limits_.pickle_bytes) {
    return model_error(origin_, ": member ", quote(member.name), " at offset ", member.offset, " has ",
                       member.size, " bytes, the limit for a pickle is ", limits_.pickle_bytes);
  }
  INK_TRY(const std::span<const std::byte> bytes, content(member, unpacked));
  const std::string name = member_origin(origin_, member);
  INK_TRY(Pickle pickle, read_pickle(bytes, name, 0, limits_));
  if (pickle.bytes != bytes.size()) {
    return model_error(name, ": the pickle ends at offset ", pickle.bytes, ", ", bytes.size() - pickle.bytes,
                       " bytes before its member");
  }
  return pickle;
}

Result<StoragePlace> Archive::place(const DeclaredStorage& storage, const std::string& pickle) const {
  const std::string name = folder_ + "data/" + storage.key;
  const ZipMember* const member = zip_->find(name);
  if (member == nullptr) {
    return model_error(pickle, ": the storage at offset ", storage.offset, " is said to be member ",
                       quote(name), ", which is not there");
  }
  if (member->size != storage.bytes) {
    return model_error(pickle, ": the storage at offset ", storage.offset, " has ", storage.elements,
                       " elements of ", storage.type->name, ", ", storage.bytes, " bytes, but member ",
                       quote(name), " at offset ", member->offset, " of the archive has ", member->size);
  }
  return StoragePlace{member->data, member};
}

// Tensors that the code of a script refers to, as after torch.jit.freeze(): they have no names.
Status Archive::note_constants(std::vector<std::string>& unknown) const {
  const ZipMember* const member = zip_->find(folder_ + "constants.pkl");
  if (member == nullptr) return {};
  std::vector<std::byte> unpacked;
  INK_TRY(const Pickle constants, pickle(*member, unpacked));
  const size_t count = Reach(constants.values).count_tensors(constants.root);
  if (count != 0) add_line(unknown, concat("constants of the code: ", count, " tensors without names"));
  return {};
}

Result<std::unique_ptr<TensorSource>> Archive::open(const FileBytes& file) {
  INK_TRY_STATUS(check_words());
  std::vector<std::byte> unpacked;
  const ZipMember& main = *zip_->find(folder_ + "data.pkl");
  const std::string name = member_origin(origin_, main);
  INK_TRY(const Pickle data, pickle(main, unpacked));
  INK_TRY(Found found, find_tensors(data.values, data.root, name, limits_));
  const bool is_script = zip_->find(folder_ + "constants.pkl") != nullptr;
  if (is_script) INK_TRY_STATUS(note_constants(found.unknown));
  StorageTable storages;
  INK_TRY(std::vector<TensorView> views, read_views(data.values, found, storages, name, limits_));
  std::vector<StoragePlace> places;
  for (const DeclaredStorage& storage : storages.all()) {
    INK_TRY(const StoragePlace found_place, place(storage, name));
    places.push_back(found_place);
  }
  auto source = std::make_unique<TorchSource>(is_script ? "TorchScript" : "torch", origin_, file, zip_);
  INK_TRY_STATUS(
      source->fill(std::move(found), std::move(views), std::move(places), name, file.bytes.size(), limits_));
  return std::unique_ptr<TensorSource>(std::move(source));
}

}  // namespace

Result<std::string> find_folder(const ZipReader& zip, const std::string& origin) {
  std::optional<std::string> folder;
  for (const ZipMember& member : zip.members()) {
    if (!member.name.ends_with(kPickleName)) continue;
    if (folder) {
      return model_error(origin, ": has two pickles, ", quote(*folder + "data.pkl"), " and ",
                         quote(member.name), " at offset ", member.offset, ", expected one");
    }
    folder = member.name.substr(0, member.name.size() - kPickleName.size() + 1);
  }
  if (!folder || folder->find('/') != folder->size() - 1) {
    return model_error(origin, ": has no data.pkl in a folder of its own, as archives of torch have");
  }
  return *folder;
}

Result<std::unique_ptr<TensorSource>> open_archive(const FileBytes& file, const std::string& origin,
                                                   const ModelLimits& limits) {
  INK_TRY(ZipReader reader, ZipReader::open(file.bytes, origin, limits));
  INK_TRY(std::string folder, find_folder(reader, origin));
  const auto zip = std::make_shared<const ZipReader>(std::move(reader));
  return Archive(zip, std::move(folder), origin, limits).open(file);
}

}  // namespace ink::torch_file
