#include "converters/sources/torch/storage.h"

#include <algorithm>
#include <array>

#include "weights/message.h"

namespace ink::torch_file {

namespace {

constexpr auto kTypes = std::to_array<StorageType>({
    {"torch.FloatStorage", DType::f32, 4},
    {"torch.HalfStorage", DType::f16, 2},
    {"torch.BFloat16Storage", DType::bf16, 2},
    {"torch.DoubleStorage", DType::f64, 8},
    {"torch.LongStorage", DType::i64, 8},
    {"torch.IntStorage", DType::i32, 4},
    {"torch.ShortStorage", DType::i16, 2},
    {"torch.CharStorage", DType::i8, 1},
    {"torch.ByteStorage", DType::u8, 1},
    {"torch.BoolStorage", DType::boolean, 1},
    {"torch.ComplexFloatStorage", std::nullopt, 8},
    {"torch.ComplexDoubleStorage", std::nullopt, 16},
    {"torch.QInt8Storage", std::nullopt, 1},
    {"torch.QUInt8Storage", std::nullopt, 1},
    {"torch.QInt32Storage", std::nullopt, 4},
    {"torch.storage.UntypedStorage", std::nullopt, 1},
});

}  // namespace

bool is_storage_class(std::string_view name) {
  return std::ranges::find(kTypes, name, &StorageType::name) != kTypes.end();
}

bool is_storage(const Values& values, NodeId node) {
  if (values.kind(node) != Kind::persistent) return false;
  const NodeId identity = values.head(node);
  return values.kind(identity) == Kind::tuple && !values.items(identity).empty() &&
         values.is_text(values.items(identity)[0], "storage");
}

const DeclaredStorage* StorageTable::find(std::string_view key) const {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : &all_[found->second];
}

Result<size_t> StorageTable::declare(const Values& values, NodeId node, const std::string& origin) {
  const std::string where = concat(origin, ": the storage at offset ", values.offset(node));
  if (!is_storage(values, node)) return model_error(where, " is something else than a storage");
  const std::span<const NodeId> fields = values.items(values.head(node));
  const bool is_whole = fields.size() == 5 || (fields.size() == 6 && values.kind(fields[5]) == Kind::none);
  if (!is_whole || values.kind(fields[2]) != Kind::text || values.kind(fields[4]) != Kind::integer) {
    return model_error(where,
                       " does not say class, key, device and number of elements, or is a piece of "
                       "another storage");
  }
  const std::string_view type_name = values.text(fields[1]);
  const auto type = std::ranges::find(kTypes, type_name, &StorageType::name);
  if (values.kind(fields[1]) != Kind::global || type == kTypes.end()) {
    return model_error(where, " is of the class ", quote(type_name), ", which is not known");
  }
  DeclaredStorage storage;
  storage.key = values.text(fields[2]);
  storage.type = &*type;
  storage.offset = values.offset(node);
  const int64_t elements = values.integer(fields[4]);
  storage.elements = static_cast<uint64_t>(elements);
  if (elements < 0 || __builtin_mul_overflow(storage.elements, type->element_bytes, &storage.bytes)) {
    return model_error(where, " has the impossible number of elements ", elements);
  }
  const auto [place, is_new] = index_.emplace(storage.key, all_.size());
  if (is_new) {
    all_.push_back(std::move(storage));
  } else if (const DeclaredStorage& first = all_[place->second];
             first.type != storage.type || first.elements != storage.elements) {
    return model_error(where, " says ", storage.elements, " elements of ", type_name, " for the key ",
                       quote(storage.key), ", the one at offset ", first.offset, " says ", first.elements,
                       " of ", first.type->name);
  }
  return place->second;
}

}  // namespace ink::torch_file
