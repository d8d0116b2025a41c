#pragma once

#include <cfenv>
#include <exception>
#include <new>
#include <string_view>
#include <type_traits>

#include "api/inkstone.h"
#include "kernels/base/result.h"

namespace ink::api {

// The default floating-point mode on this thread for its own lifetime: a host may round otherwise, flush
// denormals or trap, and none of that may show in a result.
class DefaultFloats {
 public:
  DefaultFloats() {
    std::fegetenv(&host_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloats() { std::fesetenv(&host_); }
  DefaultFloats(const DefaultFloats&) = delete;
  DefaultFloats& operator=(const DefaultFloats&) = delete;

  const std::fenv_t& host() const { return host_; }

 private:
  std::fenv_t host_{};
};

// The host's mode again, while a callback runs.
class HostFloats {
 public:
  explicit HostFloats(const DefaultFloats& outer) {
    std::fegetenv(&ours_);
    std::fesetenv(&outer.host());
  }
  ~HostFloats() { std::fesetenv(&ours_); }
  HostFloats(const HostFloats&) = delete;
  HostFloats& operator=(const HostFloats&) = delete;

 private:
  std::fenv_t ours_{};
};

// An error of the library, whose kind the C API tells apart further than ErrorKind does.
struct Failure {
  ink_status status = INK_OK;
  std::string_view message;
};

ink_status status_of(ErrorKind kind);
// Fills *error, which may be null; gives the status.
ink_status report(Failure failure, ink_error* error) noexcept;

// Runs body, which gives a Status, with the default floating-point mode; whatever it throws ends here.
template <class Body>
ink_status guarded(ink_error* error, Body body) noexcept {
  const DefaultFloats floats;
  try {
    const Status status = [&]() -> Status {
      if constexpr (std::is_invocable_v<Body, const DefaultFloats&>) {
        return body(floats);
      } else {
        return body();
      }
    }();
    if (status.ok()) return report({}, error);
    return report({status_of(status.error().kind), status.error().message}, error);
  } catch (const std::bad_alloc&) {
    return report({INK_OUT_OF_MEMORY, "there is not enough memory"}, error);
  } catch (const std::exception& bug) {
    return report({INK_INTERNAL, bug.what()}, error);
  } catch (...) {
    return report({INK_INTERNAL, "an unknown exception"}, error);
  }
}

inline Error invalid(std::string message) { return Error{ErrorKind::usage, std::move(message)}; }

}  // namespace ink::api
