#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "kernels/base/check.h"

namespace ink {

// What kind of thing went wrong outside the program; the command line maps each to one exit code.
enum class ErrorKind {
  usage,          // the caller asked for something that does not exist
  bad_input,      // a picture or text is broken
  no_input,       // a named input does not exist or cannot be opened
  cannot_create,  // an output cannot be created
  io,             // reading or writing failed half-way
  limit,          // memory or another limit would be exceeded
  model,          // anything wrong with a model file
  interrupted,    // the caller asked to stop
};

// One sentence for a person: what was expected, what was found, in which file and where.
struct Error {
  ErrorKind kind = ErrorKind::bad_input;
  std::string message;
};

// Success or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    INK_CHECK(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

// A value or an Error. value() on an error is a bug of the caller.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    INK_CHECK(ok());
    return std::get<0>(state_);
  }
  const T& value() const& {
    INK_CHECK(ok());
    return std::get<0>(state_);
  }
  T&& value() && {
    INK_CHECK(ok());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    INK_CHECK(!ok());
    return std::get<1>(state_);
  }
  Status status() const { return ok() ? Status() : Status(error()); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace ink

#define INK_CONCAT_INNER(a, b) a##b
#define INK_CONCAT(a, b) INK_CONCAT_INNER(a, b)

// INK_TRY(x, expression): declares x from a Result, or returns its Error from the enclosing function.
#define INK_TRY(declaration, expression) \
  INK_TRY_NAMED(INK_CONCAT(ink_result_, __LINE__), declaration, expression)
#define INK_TRY_NAMED(name, declaration, expression) \
  auto name = (expression);                          \
  if (!name.ok()) return name.error();               \
  declaration = std::move(name).value()

// INK_TRY_STATUS(expression): returns the Error of a Status from the enclosing function.
#define INK_TRY_STATUS(expression) \
  if (::ink::Status ink_failure = (expression); !ink_failure.ok()) return ink_failure.error()
