#include "converters/sources/torch/tensor.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "weights/message.h"
#include "weights/store.h"

namespace ink::torch_file {

namespace {

constexpr std::string_view kRebuild = "torch._utils._rebuild_tensor";  // before torch 0.4
constexpr std::string_view kRebuildV2 = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildV3 = "torch._utils._rebuild_tensor_v3";  // names its type
constexpr std::string_view kParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kParameterWithState = "torch._utils._rebuild_parameter_with_state";
constexpr std::string_view kFromType = "torch._tensor._rebuild_from_type_v2";
constexpr std::array kAll = {kRebuild, kRebuildV2, kRebuildV3, kParameter, kParameterWithState, kFromType};
constexpr std::array<std::string_view, 3> kPlainClasses = {"torch.Tensor", "torch.nn.parameter.Parameter",
                                                           "torch.nn.parameter.Buffer"};

struct TypeName {
  std::string_view name;
  DType dtype;
};
constexpr auto kTypeNames = std::to_array<TypeName>({{"torch.float32", DType::f32},
                                                     {"torch.float16", DType::f16},
                                                     {"torch.bfloat16", DType::bf16},
                                                     {"torch.float64", DType::f64},
                                                     {"torch.int64", DType::i64},
                                                     {"torch.int32", DType::i32},
                                                     {"torch.int16", DType::i16},
                                                     {"torch.int8", DType::i8},
                                                     {"torch.uint8", DType::u8},
                                                     {"torch.bool", DType::boolean}});

struct Call {
  std::string_view name;
  std::span<const NodeId> arguments;
};

// The call that names the storage, below those that make a parameter of a tensor or one with attributes.
Result<Call> innermost(const Values& values, NodeId node, const std::string& what) {
  constexpr int kMostWrappers = 4;
  Call call = {values.called(node), values.items(values.arguments(node))};
  for (int depth = 0; depth < kMostWrappers; ++depth) {
    const std::string where = concat(what, " at offset ", values.offset(node));
    if (!rebuilds_tensor(call.name)) {
      return model_error(where, " is made by ", quote(call.name), ", which is not followed");
    }
    if (call.name == kFromType) {
      if (call.arguments.size() != 4 || values.kind(call.arguments[2]) != Kind::tuple) {
        return model_error(where, ": ", call.name, " is called with other arguments than torch gives it");
      }
      const std::string_view tensor_class = values.text(call.arguments[1]);
      if (std::ranges::find(kPlainClasses, tensor_class) == kPlainClasses.end()) {
        return model_error(where, " is of the class ", quote(tensor_class),
                           ", which only its own code could read");
      }
      call = {values.text(call.arguments[0]), values.items(call.arguments[2])};
      continue;
    }
    if (call.name != kParameter && call.name != kParameterWithState) return call;
    if (call.arguments.empty() || values.kind(call.arguments[0]) != Kind::call) {
      return model_error(where, " is a parameter without a tensor");
    }
    node = call.arguments[0];
    call = {values.called(node), values.items(values.arguments(node))};
  }
  return model_error(what, " at offset ", values.offset(node), " is wrapped more than ", kMostWrappers,
                     " times");
}

Result<std::vector<int64_t>> read_sizes(const Values& values, NodeId node, std::string_view kind,
                                        const std::string& what, const ModelLimits& limits) {
  // torch.Size is a tuple by another name.
  if (values.called(node) == "torch.Size") {
    const std::span<const NodeId> arguments = values.items(values.arguments(node));
    if (arguments.size() == 1) node = arguments[0];
  }
  const std::string where = concat(what, ": its ", kind, " at offset ", values.offset(node));
  if (values.kind(node) != Kind::tuple) return model_error(where, " is no tuple");
  const std::span<const NodeId> items = values.items(node);
  if (items.size() > limits.tensor_rank) {
    return model_error(where, " has ", items.size(), " dimensions, the limit is ", limits.tensor_rank);
  }
  std::vector<int64_t> sizes;
  for (const NodeId item : items) {
    if (values.kind(item) != Kind::integer) return model_error(where, " holds something else than integers");
    sizes.push_back(values.integer(item));
    if (sizes.back() < 0) return model_error(where, " holds the negative ", sizes.back());
  }
  return sizes;
}

// One more than the largest element index, or nothing where it does not fit 64 bits.
std::optional<uint64_t> extent(const TensorView& view) {
  uint64_t last = view.offset;
  for (size_t i = 0; i < view.shape.size(); ++i) {
    uint64_t step = 0;
    if (__builtin_mul_overflow(static_cast<uint64_t>(view.shape[i] - 1), view.strides[i], &step) ||
        __builtin_add_overflow(last, step, &last)) {
      return std::nullopt;
    }
  }
  uint64_t end = 0;
  if (__builtin_add_overflow(last, uint64_t{1}, &end)) return std::nullopt;
  return end;
}

bool is_contiguous(const TensorView& view) {
  uint64_t expected = 1;
  for (size_t i = view.shape.size(); i-- > 0;) {
    if (view.shape[i] != 1 && view.strides[i] != expected) return false;
    expected *= static_cast<uint64_t>(view.shape[i]);
  }
  return true;
}

Result<DType> type_of(const Values& values, const Call& call, const StorageType& type,
                      const std::string& what) {
  if (call.name == kRebuildV3) {
    const std::string_view name = values.text(call.arguments[6]);
    const auto found = std::ranges::find(kTypeNames, name, &TypeName::name);
    if (found == kTypeNames.end()) return model_error(what, " is of type ", quote(name), ", not supported");
    return found->dtype;
  }
  if (!type.dtype) return model_error(what, " lies in a ", type.name, ", which is not supported");
  return *type.dtype;
}

// Copies the innermost dimension element by element, the others by recursion, at most 8 deep.
template <size_t kBytes>
std::byte* copy_dimension(const TensorView& view, const std::byte* src, size_t dimension, std::byte* dst) {
  if (dimension == view.shape.size()) {
    std::memcpy(dst, src, kBytes);
    return dst + kBytes;
  }
  const auto size = static_cast<uint64_t>(view.shape[dimension]);
  const uint64_t step = view.strides[dimension] * kBytes;
  const bool innermost_one = dimension + 1 == view.shape.size();
  if (innermost_one && step == kBytes) {
    std::memcpy(dst, src, size * kBytes);
    return dst + size * kBytes;
  }
  for (uint64_t i = 0; i < size; ++i) {
    if (innermost_one) {
      std::memcpy(dst, src + i * step, kBytes);
      dst += kBytes;
    } else {
      dst = copy_dimension<kBytes>(view, src + i * step, dimension + 1, dst);
    }
  }
  return dst;
}

}  // namespace

bool rebuilds_tensor(std::string_view function) { return std::ranges::find(kAll, function) != kAll.end(); }

bool is_tensor(const Values& values, NodeId node) { return rebuilds_tensor(values.called(node)); }

Result<TensorView> read_tensor(const Values& values, NodeId node, StorageTable& storages,
                               const std::string& origin, const std::string& what,
                               const ModelLimits& limits) {
  INK_TRY(const Call call, innermost(values, node, what));
  const std::string where = concat(what, " at offset ", values.offset(node));
  const size_t least = call.name == kRebuildV3 ? 7 : call.name == kRebuildV2 ? 5 : 4;
  if (call.arguments.size() < least || values.kind(call.arguments[1]) != Kind::integer) {
    return model_error(where, ": ", call.name, " is called with other arguments than torch gives it");
  }
  TensorView view;
  view.place = values.offset(node);
  INK_TRY(view.storage, storages.declare(values, call.arguments[0], origin));
  const DeclaredStorage& storage = storages.all()[view.storage];
  INK_TRY(view.dtype, type_of(values, call, *storage.type, where));
  INK_TRY(view.shape, read_sizes(values, call.arguments[2], "shape", what, limits));
  INK_TRY(const std::vector<int64_t> strides, read_sizes(values, call.arguments[3], "stride", what, limits));
  view.strides.assign(strides.begin(), strides.end());
  const int64_t offset = values.integer(call.arguments[1]);
  const std::optional<int64_t> elements = element_count(view.shape);
  if (offset < 0 || strides.size() != view.shape.size() || !elements) {
    return model_error(where, " has the impossible shape ", shape_text(view.shape), ", stride ",
                       shape_text(strides), " or storage offset ", offset);
  }
  view.offset = static_cast<uint64_t>(offset);
  view.elements = static_cast<uint64_t>(*elements);
  view.contiguous = view.elements == 0 || is_contiguous(view);
  if (view.elements == 0) return view;
  const std::optional<uint64_t> end = extent(view);
  const uint64_t held = storage.bytes / dtype_size(view.dtype);
  if (!end || *end > held) {
    return model_error(where, " of shape ", shape_text(view.shape), ", stride ", shape_text(strides),
                       " and storage offset ", offset, " reaches beyond the ", held, " elements of storage ",
                       quote(storage.key));
  }
  return view;
}

void materialise(const TensorView& view, std::span<const std::byte> storage, std::byte* dst) {
  if (view.elements == 0) return;
  const std::byte* const src = storage.data() + view.offset * dtype_size(view.dtype);
  switch (dtype_size(view.dtype)) {
    case 1: copy_dimension<1>(view, src, 0, dst); break;
    case 2: copy_dimension<2>(view, src, 0, dst); break;
    case 4: copy_dimension<4>(view, src, 0, dst); break;
    default: copy_dimension<8>(view, src, 0, dst); break;
  }
}

}  // namespace ink::torch_file
