#include "converters/sources/torch/machine.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ink::torch_file {

namespace {

// Calls whose result is read as a tensor: nothing can be added to it.
constexpr std::array<std::string_view, 2> kSealedModules = {"torch._utils.", "torch._tensor."};

}  // namespace

Result<Pickle> Machine::run() {
  for (size_t count = 0; !stopped_; ++count) {
    if (count == limits_.pickle_opcodes) {
      return model_error(reader_.file(), ": the pickle has more than ", limits_.pickle_opcodes,
                         " opcodes before offset ", reader_.offset());
    }
    INK_TRY_STATUS(step());
  }
  const NodeId root = stack_.back();
  return Pickle{std::move(values_), root, reader_.position()};
}

Status Machine::step() {
  at_ = static_cast<uint32_t>(reader_.position());
  INK_TRY(const std::span<const std::byte> raw, reader_.bytes(1, "an opcode of the pickle"));
  const auto code = std::to_integer<uint8_t>(raw[0]);
  INK_TRY_STATUS(start(code));
  const auto op = static_cast<Opcode>(code);
  switch (op) {
    case Opcode::proto:
      if (at_ != 0) return error("stands inside the pickle, expected at its beginning");
      return {};
    case Opcode::frame: return reader_.u64("the length of a frame").status();
    case Opcode::mark: {
      if (marks_.size() + stack_.size() >= limits_.pickle_stack) {
        return error("exceeds the limit of ", limits_.pickle_stack, " values on the stack");
      }
      marks_.push_back(stack_.size());
      return {};
    }
    case Opcode::stop:
      if (stack_.size() != 1 || !marks_.empty()) {
        return error("finds ", stack_.size(), " values and ", marks_.size(),
                     " marks on the stack, expected one value");
      }
      stopped_ = true;
      return {};
    case Opcode::none:
    case Opcode::new_true:
    case Opcode::new_false:
    case Opcode::bin_int:
    case Opcode::bin_int1:
    case Opcode::bin_int2:
    case Opcode::long1:
    case Opcode::bin_float: return scalar(op);
    case Opcode::bin_unicode: return text(Kind::text, 4);
    case Opcode::short_bin_unicode: return text(Kind::text, 1);
    case Opcode::bin_unicode8: return text(Kind::text, 8);
    // The text of Python 2, where the names of a state dict were such strings.
    case Opcode::short_bin_string: return text(Kind::text, 1);
    case Opcode::bin_bytes: return text(Kind::bytes, 4);
    case Opcode::short_bin_bytes: return text(Kind::bytes, 1);
    case Opcode::bin_get:
    case Opcode::long_bin_get:
    case Opcode::bin_put:
    case Opcode::long_bin_put:
    case Opcode::memoize: return memo(op);
    case Opcode::global:
    case Opcode::stack_global: return name(op);
    case Opcode::reduce:
    case Opcode::new_obj:
    case Opcode::build:
    case Opcode::bin_persid: return instance(op);
    default: return container(op);
  }
}

// Whether the opcode may stand here at all.
Status Machine::start(uint8_t code) {
  info_ = describe_opcode(code);
  const bool begins = protocol_ < 0, is_proto = code == static_cast<uint8_t>(Opcode::proto);
  if (info_.name.empty() || !info_.read || (begins && !is_proto)) {
    const std::string where =
        concat(reader_.file(), ": byte ", hex32(code), " at offset ", values_base() + at_);
    if (begins) return model_error(where, ": expected a pickle, which begins with 0x80 and its protocol");
    if (info_.name.empty()) return model_error(where, " is no opcode of a pickle");
    return model_error(where, " is the pickle opcode ", info_.name,
                       ", which torch does not write; it is not followed");
  }
  if (begins) {
    INK_TRY(const std::span<const std::byte> raw, reader_.bytes(1, "the protocol of the pickle"));
    protocol_ = std::to_integer<int>(raw[0]);
    if (protocol_ < 2 || protocol_ > kNewestProtocol) {
      return error("announces protocol ", protocol_, ", supported: 2 to ", kNewestProtocol);
    }
  }
  if (info_.protocol > protocol_) {
    return error("belongs to protocol ", info_.protocol, ", the pickle announces ", protocol_);
  }
  return {};
}

Status Machine::memo(Opcode op) {
  uint32_t index = static_cast<uint32_t>(memo_.size());
  if (op == Opcode::bin_get || op == Opcode::bin_put) {
    INK_TRY(const uint64_t value, length(1));
    index = static_cast<uint32_t>(value);
  } else if (op != Opcode::memoize) {
    INK_TRY(index, reader_.u32("an index of the memo"));
  }
  if (op != Opcode::bin_get && op != Opcode::long_bin_get) return remember(index);
  const auto found = memo_.find(index);
  if (found == memo_.end()) return error("asks for entry ", index, " of the memo, which is not there");
  return push(found->second);
}

Status Machine::remember(uint32_t index) {
  if (stack_.empty() || (!marks_.empty() && marks_.back() == stack_.size())) {
    return error("finds nothing on the stack to remember");
  }
  memo_.insert_or_assign(index, stack_.back());
  if (memo_.size() > limits_.pickle_memo) {
    return error("exceeds the limit of ", limits_.pickle_memo, " entries of the memo");
  }
  return {};
}

Status Machine::push(NodeId node) {
  if (stack_.size() + marks_.size() >= limits_.pickle_stack) {
    return error("exceeds the limit of ", limits_.pickle_stack, " values on the stack");
  }
  stack_.push_back(node);
  return {};
}

Result<NodeId> Machine::pop() {
  if (stack_.empty() || (!marks_.empty() && marks_.back() == stack_.size())) {
    return error("needs more values than are on the stack");
  }
  const NodeId node = stack_.back();
  stack_.pop_back();
  return node;
}

Result<std::span<const NodeId>> Machine::pop_mark() {
  if (marks_.empty()) return error("finds no mark on the stack");
  taken_.assign(stack_.begin() + static_cast<ptrdiff_t>(marks_.back()), stack_.end());
  stack_.resize(marks_.back());
  marks_.pop_back();
  return std::span<const NodeId>(taken_);
}

Result<NodeId> Machine::target(std::initializer_list<Kind> kinds) {
  INK_TRY(const NodeId node, pop());
  const std::string_view called = values_.called(node);
  const bool sealed = std::ranges::any_of(
      kSealedModules, [&](std::string_view module) { return called.starts_with(module); });
  if (sealed || std::ranges::find(kinds, values_.kind(node)) == kinds.end()) {
    return error("changes a value of another kind than it can");
  }
  stack_.push_back(node);
  return node;
}

Result<Pickle> read_pickle(std::span<const std::byte> bytes, const std::string& origin, uint64_t base,
                           const ModelLimits& limits) {
  const size_t most = static_cast<size_t>(std::min<uint64_t>(bytes.size(), limits.pickle_bytes));
  return Machine(bytes.first(most), origin, base, limits).run();
}

}  // namespace ink::torch_file
