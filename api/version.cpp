#include "api/guard.h"
#include "api/inkstone.h"
#include "kernels/base/isa.h"
#include "kernels/base/parallel.h"

const char* ink_version(void) { return INK_VERSION_STRING; }

const char* ink_instruction_set(void) {
  const char* name = "unknown";
  ink::api::guarded(nullptr, [&]() -> ink::Status {
    name = ink::isa_name(ink::float_isa(ink::active_isa()));
    return {};
  });
  return name;
}

int32_t ink_default_threads(void) {
  int32_t threads = 1;
  ink::api::guarded(nullptr, [&]() -> ink::Status {
    threads = ink::default_threads();
    return {};
  });
  return threads;
}
