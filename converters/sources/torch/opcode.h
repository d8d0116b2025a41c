#pragma once

#include <cstdint>
#include <string_view>

namespace ink::torch_file {

// The opcodes of a pickle that torch writes. Those that Python knows beside them are named only to refuse
// them: text forms of protocol 0, registries of extensions, buffers outside the file.
enum class Opcode : uint8_t {
  mark = '(',
  stop = '.',
  none = 'N',
  new_true = 0x88,
  new_false = 0x89,
  bin_int = 'J',
  bin_int1 = 'K',
  bin_int2 = 'M',
  long1 = 0x8a,
  bin_float = 'G',
  bin_unicode = 'X',
  short_bin_unicode = 0x8c,
  bin_unicode8 = 0x8d,
  short_bin_string = 'U',
  bin_bytes = 'B',
  short_bin_bytes = 'C',
  empty_list = ']',
  empty_tuple = ')',
  empty_dict = '}',
  empty_set = 0x8f,
  append = 'a',
  appends = 'e',
  add_items = 0x90,
  set_item = 's',
  set_items = 'u',
  tuple = 't',
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  bin_get = 'h',
  long_bin_get = 'j',
  bin_put = 'q',
  long_bin_put = 'r',
  memoize = 0x94,
  proto = 0x80,
  frame = 0x95,
  global = 'c',
  stack_global = 0x93,
  reduce = 'R',
  build = 'b',
  new_obj = 0x81,
  bin_persid = 'Q',
};

struct OpcodeInfo {
  std::string_view name;  // as Python's pickletools spell it; empty where Python has no such opcode
  int protocol = 0;       // the first that has it
  bool read = false;      // one of Opcode
};

const OpcodeInfo& describe_opcode(uint8_t code);

inline constexpr int kNewestProtocol = 5;

}  // namespace ink::torch_file
