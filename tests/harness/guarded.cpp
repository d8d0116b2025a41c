#include "tests/harness/guarded.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

namespace ink::test {
namespace {

constexpr unsigned char kCanary = 0xa5;

}  // namespace

GuardedFloats::GuardedFloats(size_t count, Side side) : count_(count) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  body_bytes_ = (count * sizeof(float) + page) / page * page;
  map_bytes_ = body_bytes_ + 2 * page;
  void* map = mmap(nullptr, map_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) throw std::bad_alloc();
  map_ = static_cast<unsigned char*>(map);
  body_ = map_ + page;
  if (mprotect(body_, body_bytes_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  std::memset(body_, kCanary, body_bytes_);
  const size_t offset = side == Side::guard_before ? 0 : body_bytes_ - count * sizeof(float);
  data_ = reinterpret_cast<float*>(body_ + offset);
}

GuardedFloats::~GuardedFloats() { munmap(map_, map_bytes_); }

bool GuardedFloats::intact() const {
  const unsigned char* begin = reinterpret_cast<const unsigned char*>(data_);
  const unsigned char* end = begin + count_ * sizeof(float);
  for (const unsigned char* p = body_; p < body_ + body_bytes_; ++p) {
    if ((p < begin || p >= end) && *p != kCanary) return false;
  }
  return true;
}

void fill_random(std::span<float> values, uint64_t seed) {
  for (size_t i = 0; i < values.size(); ++i) {
    uint64_t x = seed * 0x9e3779b97f4a7c15ull + (i + 1) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    values[i] = static_cast<float>(static_cast<double>((x ^ (x >> 31)) >> 40) / 8388608.0 - 1.0);
  }
}

}  // namespace ink::test
