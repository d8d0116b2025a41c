#include "api/guard.h"

#include <algorithm>
#include <cstring>

namespace ink::api {
namespace {

// How many of the first bytes of `text` are whole UTF-8 characters, `most` at the most.
size_t whole_characters(std::string_view text, size_t most) {
  if (text.size() <= most) return text.size();
  const auto continues = [&](size_t i) { return (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80; };
  while (most > 0 && continues(most)) --most;
  return most;
}

}  // namespace

ink_status status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
    case ErrorKind::bad_input: return INK_INVALID_ARGUMENT;
    case ErrorKind::no_input: return INK_NOT_FOUND;
    case ErrorKind::cannot_create: return INK_CANNOT_CREATE;
    case ErrorKind::io: return INK_IO;
    case ErrorKind::limit: return INK_LIMIT;
    case ErrorKind::model: return INK_BAD_MODEL;
    case ErrorKind::interrupted: return INK_CANCELLED;
  }
  return INK_INTERNAL;
}

ink_status report(Failure failure, ink_error* error) noexcept {
  if (error == nullptr) return failure.status;
  error->status = failure.status;
  constexpr std::string_view kCut = "...";
  constexpr size_t kMost = INK_MESSAGE_SIZE - 1;
  const bool cut = failure.message.size() > kMost;
  const size_t kept = whole_characters(failure.message, cut ? kMost - kCut.size() : kMost);
  std::memcpy(error->message, failure.message.data(), kept);
  if (cut) std::memcpy(error->message + kept, kCut.data(), kCut.size());
  error->message[kept + (cut ? kCut.size() : 0)] = '\0';
  return failure.status;
}

}  // namespace ink::api

const char* ink_status_name(ink_status status) {
  switch (status) {
    case INK_OK: return "INK_OK";
    case INK_INVALID_ARGUMENT: return "INK_INVALID_ARGUMENT";
    case INK_INVALID_HANDLE: return "INK_INVALID_HANDLE";
    case INK_NOT_FOUND: return "INK_NOT_FOUND";
    case INK_BAD_MODEL: return "INK_BAD_MODEL";
    case INK_IO: return "INK_IO";
    case INK_CANNOT_CREATE: return "INK_CANNOT_CREATE";
    case INK_LIMIT: return "INK_LIMIT";
    case INK_OUT_OF_MEMORY: return "INK_OUT_OF_MEMORY";
    case INK_CANCELLED: return "INK_CANCELLED";
    case INK_INTERNAL: return "INK_INTERNAL";
  }
  return "unknown status";
}
