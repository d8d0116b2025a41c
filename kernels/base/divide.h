#pragma once

#include <type_traits>

namespace ink {

// a / b, rounded up. 0 <= a, 0 < b.
template <class A, class B>
constexpr std::common_type_t<A, B> divide_up(A a, B b) {
  return (a + b - 1) / b;
}

}  // namespace ink
