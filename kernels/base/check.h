#pragma once

#include <cassert>
#include <stdexcept>

namespace ink {

// Thrown when inkstone itself is wrong, never because of data. Only the outermost caller catches it.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace ink

// INK_CHECK guards set-up code in every build; INK_ASSERT guards inner loops in checked builds only.
#define INK_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::ink::check_failed(__FILE__, __LINE__, #condition))
#ifdef INK_CHECKED
#define INK_ASSERT(condition) assert(condition)
#else
#define INK_ASSERT(condition) static_cast<void>(0)
#endif
