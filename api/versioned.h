#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>

#include "api/guard.h"
#include "kernels/base/result.h"

namespace ink::api {

// Structs of the header that begin with struct_size. A caller built with an older header has a shorter one,
// whose missing fields are zero; one built with a newer header has a longer one, of which nothing may be
// asked that this library does not know.

// What each struct ended with in the first version that had it.
inline constexpr size_t kFirstLoadOptions = offsetof(ink_load_options, pro) + sizeof(int32_t);
inline constexpr size_t kFirstModelInfo = offsetof(ink_model_info, max_strength) + sizeof(float);
inline constexpr size_t kFirstUpscaleOptions = offsetof(ink_upscale_options, user) + sizeof(void*);
inline constexpr size_t kFirstMemory = offsetof(ink_memory, spill_bytes) + sizeof(uint64_t);

template <class Struct>
Result<Struct> read_versioned(const Struct* given, size_t first_size, const char* name) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  Struct known = {};
  known.struct_size = sizeof(Struct);
  if (given == nullptr) return known;
  const size_t size = given->struct_size;
  if (size < first_size) {
    return invalid(std::string(name) + ".struct_size is " + std::to_string(size) + ", expected sizeof(" +
                   name + ")");
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  if (std::any_of(bytes + std::min(size, sizeof(Struct)), bytes + size, [](unsigned char b) { return b; })) {
    return invalid(std::string(name) + " asks for something that this version of the library (" +
                   INK_VERSION_STRING + ") does not know");
  }
  std::memcpy(&known, given, std::min(size, sizeof(Struct)));
  known.struct_size = sizeof(Struct);
  return known;
}

// Error: there is none to fill, or struct_size is less than any version's.
template <class Struct>
Status check_versioned(const Struct* asked, size_t first_size, const char* name) {
  if (asked == nullptr) return invalid(std::string(name) + " is NULL");
  if (asked->struct_size >= first_size) return {};
  return invalid(std::string(name) + ".struct_size is " + std::to_string(asked->struct_size) +
                 ", expected sizeof(" + name + ")");
}

// Fills what the caller's struct has room for, struct_size left as it is; what this library does not know
// becomes zero.
template <class Struct>
void write_versioned(const Struct& known, Struct* asked) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  const size_t size = asked->struct_size, begin = sizeof asked->struct_size;
  const size_t shared = std::min(size, sizeof(Struct));
  auto* to = reinterpret_cast<unsigned char*>(asked);
  std::memcpy(to + begin, reinterpret_cast<const unsigned char*>(&known) + begin, shared - begin);
  std::memset(to + shared, 0, size - shared);
}

}  // namespace ink::api
