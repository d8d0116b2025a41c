#pragma once

#include <cstdint>
#include <memory>

#include "api/guard.h"
#include "models/realcugan.h"

// What an ink_model* points to. The tag is read before anything else: a pointer to something else, or a
// model that was freed, is told from a model. It lies behind the words that an allocator writes into
// what it takes back.
struct ink_model {
  static constexpr uint64_t kAlive = 0x6c65646f6d6b6e69;  // "inkmodel"
  static constexpr uint64_t kFreed = 0x646565726665726f;

  std::unique_ptr<ink::RealCugan> network;
  uint64_t spare = 0;
  volatile uint64_t tag = kAlive;

  explicit ink_model(std::unique_ptr<ink::RealCugan> made) : network(std::move(made)) {}
  ink_model(const ink_model&) = delete;
  ink_model& operator=(const ink_model&) = delete;
};

namespace ink::api {

inline bool alive(const ink_model* model) {
  return model != nullptr && reinterpret_cast<uintptr_t>(model) % alignof(ink_model) == 0 &&
         model->tag == ink_model::kAlive;
}

inline ink_status report_handle(ink_error* error) noexcept {
  return report({INK_INVALID_HANDLE, "the handle is no ink_model, or one that was freed"}, error);
}

}  // namespace ink::api
