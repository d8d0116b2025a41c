#include "tests/fuzz/meter.h"

#include <atomic>
#include <ctime>

#if defined(__has_feature)
#define INK_FUZZ_FEATURE(name) __has_feature(name)
#else
#define INK_FUZZ_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || INK_FUZZ_FEATURE(address_sanitizer)
#define INK_FUZZ_COUNTS_MEMORY 1
// GCC ships the functions without their header.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, size_t),
                                              void (*)(const volatile void*));
size_t __sanitizer_get_allocated_size(const volatile void*);
}
// NOLINTEND(bugprone-reserved-identifier)
#else
#define INK_FUZZ_COUNTS_MEMORY 0
#endif

namespace ink::fuzz {

namespace {

constexpr double kMostSeconds = 1;
constexpr uint64_t kMostBytes = 64 << 20, kMostBytesPerInput = 4;

// Signed: what was allocated before the hooks were there may be freed after a meter began.
std::atomic<int64_t> allocated{0}, peak{0};

#if INK_FUZZ_COUNTS_MEMORY
void on_malloc(const volatile void*, size_t bytes) {
  const int64_t now = allocated.fetch_add(static_cast<int64_t>(bytes)) + static_cast<int64_t>(bytes);
  int64_t most = peak.load();
  while (now > most && !peak.compare_exchange_weak(most, now)) {
  }
}

void on_free(const volatile void* memory) {
  if (memory == nullptr) return;
  allocated.fetch_sub(static_cast<int64_t>(__sanitizer_get_allocated_size(memory)));
}

[[maybe_unused]] const int kInstalled = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
#endif

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

Meter::Meter() {
  allocated = 0;
  peak = 0;
  start_ = cpu_seconds();
}

Cost Meter::cost() const { return {cpu_seconds() - start_, static_cast<uint64_t>(peak.load())}; }

bool is_excessive(const Cost& cost, size_t input) {
  return cost.seconds > kMostSeconds || cost.bytes > kMostBytes + kMostBytesPerInput * input;
}

}  // namespace ink::fuzz
