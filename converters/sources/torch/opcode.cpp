#include "converters/sources/torch/opcode.h"

#include <array>

namespace ink::torch_file {

namespace {

struct Entry {
  uint8_t code;
  OpcodeInfo info;
};

constexpr auto kOpcodes = std::to_array<Entry>({
    {'(', {"MARK", 0, true}},
    {'.', {"STOP", 0, true}},
    {'N', {"NONE", 0, true}},
    {0x88, {"NEWTRUE", 2, true}},
    {0x89, {"NEWFALSE", 2, true}},
    {'J', {"BININT", 1, true}},
    {'K', {"BININT1", 1, true}},
    {'M', {"BININT2", 1, true}},
    {0x8a, {"LONG1", 2, true}},
    {'G', {"BINFLOAT", 1, true}},
    {'X', {"BINUNICODE", 1, true}},
    {0x8c, {"SHORT_BINUNICODE", 4, true}},
    {0x8d, {"BINUNICODE8", 4, true}},
    {'U', {"SHORT_BINSTRING", 1, true}},
    {'B', {"BINBYTES", 3, true}},
    {'C', {"SHORT_BINBYTES", 3, true}},
    {']', {"EMPTY_LIST", 1, true}},
    {')', {"EMPTY_TUPLE", 1, true}},
    {'}', {"EMPTY_DICT", 1, true}},
    {0x8f, {"EMPTY_SET", 4, true}},
    {'a', {"APPEND", 0, true}},
    {'e', {"APPENDS", 1, true}},
    {0x90, {"ADDITEMS", 4, true}},
    {'s', {"SETITEM", 0, true}},
    {'u', {"SETITEMS", 1, true}},
    {'t', {"TUPLE", 0, true}},
    {0x85, {"TUPLE1", 2, true}},
    {0x86, {"TUPLE2", 2, true}},
    {0x87, {"TUPLE3", 2, true}},
    {'h', {"BINGET", 1, true}},
    {'j', {"LONG_BINGET", 1, true}},
    {'q', {"BINPUT", 1, true}},
    {'r', {"LONG_BINPUT", 1, true}},
    {0x94, {"MEMOIZE", 4, true}},
    {0x80, {"PROTO", 2, true}},
    {0x95, {"FRAME", 4, true}},
    {'c', {"GLOBAL", 0, true}},
    {0x93, {"STACK_GLOBAL", 4, true}},
    {'R', {"REDUCE", 0, true}},
    {'b', {"BUILD", 0, true}},
    {0x81, {"NEWOBJ", 2, true}},
    {'Q', {"BINPERSID", 1, true}},
    {'I', {"INT", 0, false}},
    {'L', {"LONG", 0, false}},
    {0x8b, {"LONG4", 2, false}},
    {'S', {"STRING", 0, false}},
    {'T', {"BINSTRING", 1, false}},
    {0x8e, {"BINBYTES8", 4, false}},
    {0x96, {"BYTEARRAY8", 5, false}},
    {0x97, {"NEXT_BUFFER", 5, false}},
    {0x98, {"READONLY_BUFFER", 5, false}},
    {'V', {"UNICODE", 0, false}},
    {'F', {"FLOAT", 0, false}},
    {'l', {"LIST", 0, false}},
    {'d', {"DICT", 0, false}},
    {0x91, {"FROZENSET", 4, false}},
    {'0', {"POP", 0, false}},
    {'2', {"DUP", 0, false}},
    {'1', {"POP_MARK", 1, false}},
    {'g', {"GET", 0, false}},
    {'p', {"PUT", 0, false}},
    {0x82, {"EXT1", 2, false}},
    {0x83, {"EXT2", 2, false}},
    {0x84, {"EXT4", 2, false}},
    {'i', {"INST", 0, false}},
    {'o', {"OBJ", 1, false}},
    {0x92, {"NEWOBJ_EX", 4, false}},
    {'P', {"PERSID", 0, false}},
});

}  // namespace

const OpcodeInfo& describe_opcode(uint8_t code) {
  // A pickle has up to a million opcodes to look up.
  static const auto kByCode = [] {
    std::array<OpcodeInfo, 256> table = {};
    for (const Entry& entry : kOpcodes) table[entry.code] = entry.info;
    return table;
  }();
  return kByCode[code];
}

}  // namespace ink::torch_file
