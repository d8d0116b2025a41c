#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "converters/sources/torch/machine.h"

namespace ink::torch_file {

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

}  // namespace ink::torch_file
