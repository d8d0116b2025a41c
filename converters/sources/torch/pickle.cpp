#include "converters/sources/torch/pickle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <unordered_map>
#include <utility>

#include "converters/sources/torch/opcode.h"
#include "weights/byte_reader.h"
#include "weights/message.h"

namespace ink::torch_file {

namespace {

// Calls whose result is read as a tensor or number: nothing can be added to it.
constexpr std::array<std::string_view, 2> kSealedModules = {"torch._utils.", "torch._tensor."};

class Machine {
 public:
  Machine(std::span<const std::byte> bytes, const std::string& origin, uint64_t base,
          const ModelLimits& limits)
      : reader_(bytes, origin, base), limits_(limits), values_(bytes, base) {}

  Result<Pickle> run();

 private:
  Status step();
  Status start(uint8_t code);
  Status scalar(Opcode op);
  Status text(Kind kind, int length_bytes);
  Status container(Opcode op);
  Status memo(Opcode op);
  Status name(Opcode op);
  Status instance(Opcode op);
  Status ordered_dict(std::span<const NodeId> arguments);

  Status push(NodeId node);
  Result<NodeId> pop();
  // What was pushed since the last mark, valid until the next push.
  Result<std::span<const NodeId>> pop_mark();
  // The node below what was popped.
  Result<NodeId> target(std::initializer_list<Kind> kinds);
  Status push_tuple(size_t count);
  Status append(std::span<const NodeId> items, std::initializer_list<Kind> kinds);
  Status remember(uint32_t index);
  Result<uint64_t> length(int bytes);
  Result<std::string> line();

  template <class... Parts>
  Error error(const Parts&... parts) const {
    return model_error(reader_.file(), ": pickle opcode ", info_.name, " at offset ", values_base() + at_,
                       " ", concat(parts...));
  }
  uint64_t values_base() const { return reader_.offset() - reader_.position(); }

  ByteReader reader_;
  const ModelLimits& limits_;
  Values values_;
  int protocol_ = -1;
  bool stopped_ = false;
  uint32_t at_ = 0;  // of the opcode
  OpcodeInfo info_;
  std::vector<NodeId> stack_, taken_;
  std::vector<size_t> marks_;  // heights of the stack
  std::unordered_map<uint32_t, NodeId> memo_;
};

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
  const std::string where =
      concat(reader_.file(), ": byte ", hex32(code), " at offset ", values_base() + at_);
  if (info_.name.empty()) return model_error(where, " is no opcode of a pickle");
  if (!info_.read) {
    return model_error(where, " is the pickle opcode ", info_.name,
                       ", which torch does not write; it is not followed");
  }
  if (protocol_ < 0) {
    if (code != static_cast<uint8_t>(Opcode::proto)) {
      return model_error(where, ": expected a pickle, which begins with 0x80 and its protocol");
    }
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

Status Machine::scalar(Opcode op) {
  constexpr std::string_view kWhat = "a number of the pickle";
  switch (op) {
    case Opcode::none: return push(values_.add_scalar(Kind::none, at_));
    case Opcode::new_true: return push(values_.add_scalar(Kind::boolean, at_, 1));
    case Opcode::new_false: return push(values_.add_scalar(Kind::boolean, at_, 0));
    case Opcode::bin_int: {
      INK_TRY(const uint32_t value, reader_.u32(kWhat));
      return push(values_.add_scalar(Kind::integer, at_, static_cast<int32_t>(value)));
    }
    case Opcode::bin_int1: {
      INK_TRY(const uint64_t value, length(1));
      return push(values_.add_scalar(Kind::integer, at_, static_cast<int64_t>(value)));
    }
    case Opcode::bin_int2: {
      INK_TRY(const uint16_t value, reader_.u16(kWhat));
      return push(values_.add_scalar(Kind::integer, at_, value));
    }
    case Opcode::bin_float: {
      INK_TRY(const std::span<const std::byte> raw, reader_.bytes(8, kWhat));
      uint64_t bits = 0;
      for (const std::byte byte : raw) bits = (bits << 8) | std::to_integer<uint64_t>(byte);  // big endian
      return push(values_.add_real(at_, std::bit_cast<double>(bits)));
    }
    default: break;
  }
  INK_TRY(const uint64_t bytes, length(1));
  const auto begin = static_cast<uint32_t>(reader_.position());
  INK_TRY(const std::span<const std::byte> raw, reader_.bytes(bytes, kWhat));
  if (raw.size() > 8) {
    return push(values_.add_piece(Kind::big_integer, at_, begin, static_cast<uint32_t>(raw.size())));
  }
  // Two's complement of as many bytes as it needs.
  uint64_t value = !raw.empty() && (raw.back() & std::byte{0x80}) != std::byte{0} ? ~uint64_t{0} : 0;
  for (size_t i = raw.size(); i-- > 0;) value = (value << 8) | std::to_integer<uint64_t>(raw[i]);
  return push(values_.add_scalar(Kind::integer, at_, static_cast<int64_t>(value)));
}

Status Machine::text(Kind kind, int length_bytes) {
  INK_TRY(const uint64_t bytes, length(length_bytes));
  const auto begin = static_cast<uint32_t>(reader_.position());
  INK_TRY_STATUS(reader_.bytes(bytes, "a text of the pickle").status());
  return push(values_.add_piece(kind, at_, begin, static_cast<uint32_t>(bytes)));
}

Status Machine::container(Opcode op) {
  switch (op) {
    case Opcode::empty_tuple: return push(values_.add_tuple(at_, {}));
    case Opcode::tuple1: return push_tuple(1);
    case Opcode::tuple2: return push_tuple(2);
    case Opcode::tuple3: return push_tuple(3);
    case Opcode::tuple: {
      INK_TRY(const std::span<const NodeId> items, pop_mark());
      return push(values_.add_tuple(at_, items));
    }
    case Opcode::empty_list: return push(values_.add_container(Kind::list, at_));
    case Opcode::empty_dict: return push(values_.add_container(Kind::dict, at_));
    case Opcode::empty_set: return push(values_.add_container(Kind::set, at_));
    case Opcode::append: {
      INK_TRY(const NodeId item, pop());
      return append({&item, 1}, {Kind::list, Kind::call, Kind::object});
    }
    case Opcode::appends: {
      INK_TRY(const std::span<const NodeId> items, pop_mark());
      return append(items, {Kind::list, Kind::call, Kind::object});
    }
    case Opcode::add_items: {
      INK_TRY(const std::span<const NodeId> items, pop_mark());
      return append(items, {Kind::set});
    }
    case Opcode::set_item: {
      INK_TRY(const NodeId value, pop());
      INK_TRY(const NodeId key, pop());
      const std::array pair = {key, value};
      return append(pair, {Kind::dict, Kind::call, Kind::object});
    }
    default: break;
  }
  INK_CHECK(op == Opcode::set_items);
  INK_TRY(const std::span<const NodeId> items, pop_mark());
  if (items.size() % 2 != 0) return error("finds ", items.size(), " values, expected pairs");
  return append(items, {Kind::dict, Kind::call, Kind::object});
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

Status Machine::name(Opcode op) {
  std::string module, member;
  if (op == Opcode::global) {
    INK_TRY(module, line());
    INK_TRY(member, line());
  } else {
    INK_TRY(const NodeId member_node, pop());
    INK_TRY(const NodeId module_node, pop());
    if (values_.kind(module_node) != Kind::text || values_.kind(member_node) != Kind::text) {
      return error("finds something else than the two texts of a name");
    }
    module = values_.text(module_node);
    member = values_.text(member_node);
  }
  constexpr size_t kLongestName = 1024;
  if (module.empty() || member.empty() || module.size() + member.size() > kLongestName) {
    return error("names ", quote(module), " and ", quote(member), ", expected 1 to ", kLongestName,
                 " characters");
  }
  return push(values_.add_global(at_, module + "." + member));
}

Status Machine::instance(Opcode op) {
  INK_TRY(const NodeId argument, pop());
  if (op == Opcode::bin_persid) return push(values_.add_pair(Kind::persistent, at_, argument));
  if (op == Opcode::build) {
    INK_TRY(const NodeId built, target({Kind::dict, Kind::call, Kind::object}));
    // What an OrderedDict gets is the `_metadata` of a state dict: versions of its modules.
    if (values_.kind(built) == Kind::dict) return {};
    if (!values_.set_state(built, argument)) return error("gives an object a second state");
    return {};
  }
  INK_TRY(const NodeId head, pop());
  const bool is_class = values_.kind(head) == Kind::global || values_.kind(head) == Kind::persistent;
  if (!is_class || values_.kind(argument) != Kind::tuple) {
    return error("finds something else than a name and a tuple of arguments");
  }
  if (values_.text(head) == "collections.OrderedDict") return ordered_dict(values_.items(argument));
  return push(values_.add_pair(op == Opcode::reduce ? Kind::call : Kind::object, at_, head, argument));
}

// Made empty, or by Python 2 of a list of its pairs.
Status Machine::ordered_dict(std::span<const NodeId> arguments) {
  const NodeId dict = values_.add_container(Kind::dict, at_);
  const bool has_pairs = arguments.size() == 1 && values_.kind(arguments[0]) == Kind::list;
  if (!arguments.empty() && !has_pairs) return error("makes an OrderedDict of something else than pairs");
  if (has_pairs) {
    for (const NodeId pair : values_.items(arguments[0])) {
      const bool is_sequence = values_.kind(pair) == Kind::list || values_.kind(pair) == Kind::tuple;
      if (!is_sequence || values_.items(pair).size() != 2) {
        return error("makes an OrderedDict of something else than pairs");
      }
      values_.append(dict, values_.items(pair));
    }
  }
  return push(dict);
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

Status Machine::push_tuple(size_t count) {
  std::array<NodeId, 3> items = {};
  for (size_t i = count; i-- > 0;) {
    INK_TRY(items[i], pop());
  }
  return push(values_.add_tuple(at_, std::span(items).first(count)));
}

Status Machine::append(std::span<const NodeId> items, std::initializer_list<Kind> kinds) {
  INK_TRY(const NodeId node, target(kinds));
  values_.append(node, items);
  return {};
}

Result<uint64_t> Machine::length(int bytes) {
  constexpr std::string_view kWhat = "a length of the pickle";
  if (bytes == 8) return reader_.u64(kWhat);
  if (bytes == 4) {
    INK_TRY(const uint32_t value, reader_.u32(kWhat));
    return uint64_t{value};
  }
  INK_TRY(const std::span<const std::byte> raw, reader_.bytes(1, kWhat));
  return std::to_integer<uint64_t>(raw[0]);
}

Result<std::string> Machine::line() {
  constexpr size_t kLongest = 1024;
  std::string text;
  while (true) {
    INK_TRY(const std::span<const std::byte> raw, reader_.bytes(1, "a name of the pickle"));
    const char c = static_cast<char>(raw[0]);
    if (c == '\n') return text;
    text += c;
    if (text.size() > kLongest) return error("names something of more than ", kLongest, " characters");
  }
}

}  // namespace

Result<Pickle> read_pickle(std::span<const std::byte> bytes, const std::string& origin, uint64_t base,
                           const ModelLimits& limits) {
  const size_t most = static_cast<size_t>(std::min<uint64_t>(bytes.size(), limits.pickle_bytes));
  return Machine(bytes.first(most), origin, base, limits).run();
}

}  // namespace ink::torch_file
