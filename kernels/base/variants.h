#pragma once

#include <span>

#include "kernels/base/check.h"
#include "kernels/base/isa.h"

namespace ink {

// The first variant of a table, best first, that `limit` and this CPU can run. Every table ends with a
// reference, so there always is one.
template <class Variant>
const Variant& best_variant(std::span<const Variant> variants, Isa limit) {
  const Isa usable = limit < supported_isas().back() ? limit : supported_isas().back();
  for (const Variant& variant : variants) {
    if (variant.isa <= usable) return variant;
  }
  INK_CHECK(false);
  return variants.back();
}

}  // namespace ink
