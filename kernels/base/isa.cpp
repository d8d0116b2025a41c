#include "kernels/base/isa.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace ink {
namespace {

#ifdef INK_OPENBLAS
constexpr Isa kWeakest = Isa::openblas;
constexpr Isa kAll[] = {Isa::reference, Isa::openblas,   Isa::sse42,      Isa::avx2,
                        Isa::avx512,    Isa::avx512vnni, Isa::avx512bf16, Isa::amx};
#else
constexpr Isa kWeakest = Isa::reference;
constexpr Isa kAll[] = {Isa::reference,  Isa::sse42,      Isa::avx2, Isa::avx512,
                        Isa::avx512vnni, Isa::avx512bf16, Isa::amx};
#endif

#if defined(__x86_64__) && !defined(INK_SCALAR_ONLY)
// The register state that the operating system saves on a context switch; without it AVX faults.
unsigned long long saved_state() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & bit_OSXSAVE) == 0) return 0;
  unsigned low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<unsigned long long>(high) << 32) | low;
}

// The numbers of arch_prctl(), which older headers lack, and the register state in question.
constexpr int kSupportedStates = 0x1021, kAskForState = 0x1023, kTileData = 18;

bool kernel_knows_tiles() {
#if defined(__linux__)
  uint64_t states = 0;
  return syscall(SYS_arch_prctl, kSupportedStates, &states) == 0 && (states >> kTileData & 1) != 0;
#else
  return false;
#endif
}

Isa detect() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & bit_SSE4_2) == 0) return kWeakest;
  constexpr unsigned kAvxBits = bit_AVX | bit_FMA | bit_F16C;
  constexpr unsigned long long kYmmState = 0x6, kZmmState = 0xe6;
  const unsigned long long state = saved_state();
  if ((ecx & kAvxBits) != kAvxBits || (state & kYmmState) != kYmmState) return Isa::sse42;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0 || (ebx & bit_AVX2) == 0) return Isa::sse42;
  constexpr unsigned kAvx512Bits = bit_AVX512F | bit_AVX512CD | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
  if ((ebx & kAvx512Bits) != kAvx512Bits || (state & kZmmState) != kZmmState) return Isa::avx2;
  constexpr unsigned kVnni = 1u << 11, kBf16 = 1u << 5, kTiles = 1u << 22 | 1u << 24 | 1u << 25;
  constexpr unsigned long long kTileState = 0x60000;
  const unsigned tiles = edx & kTiles;
  if ((ecx & kVnni) == 0) return Isa::avx512;
  if (__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) == 0 || (eax & kBf16) == 0) return Isa::avx512vnni;
  if (tiles != kTiles || (state & kTileState) != kTileState || !kernel_knows_tiles()) return Isa::avx512bf16;
  return Isa::amx;
}
#else
Isa detect() { return kWeakest; }
#endif

Result<Isa> read_choice() {
  const Isa best = supported_isas().back();
  const char* forced = std::getenv("INKSTONE_ISA");
  if (forced == nullptr || *forced == '\0') return best;
  std::string names;
  for (const Isa isa : supported_isas()) {
    if (std::string_view(forced) == isa_name(isa)) return isa;
    names += std::string(names.empty() ? "" : ", ") + isa_name(isa);
  }
  return Error{ErrorKind::usage, "INKSTONE_ISA is \"" + std::string(forced) +
                                     "\", but this build on this CPU can run only: " + names};
}

}  // namespace

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::reference: return "reference";
    case Isa::openblas: return "openblas";
    case Isa::sse42: return "sse42";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
    case Isa::avx512vnni: return "avx512vnni";
    case Isa::avx512bf16: return "avx512bf16";
    case Isa::amx: return "amx";
  }
  return "unknown";
}

std::span<const Isa> supported_isas() {
  static const auto count = std::find(std::begin(kAll), std::end(kAll), detect()) - std::begin(kAll) + 1;
  return std::span(kAll).first(static_cast<size_t>(count));
}

const Result<Isa>& chosen_isa() {
  static const Result<Isa> choice = read_choice();
  return choice;
}

Isa active_isa() { return chosen_isa().ok() ? *chosen_isa() : supported_isas().back(); }

bool allow_tiles() {
#if defined(__x86_64__) && !defined(INK_SCALAR_ONLY) && defined(__linux__)
  static const bool allowed =
      supported_isas().back() == Isa::amx && syscall(SYS_arch_prctl, kAskForState, kTileData) == 0;
  return allowed;
#else
  return false;
#endif
}

std::string cpu_model_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t value = line.find(": ");
    if (line.starts_with("model name") && value != std::string::npos) return line.substr(value + 2);
  }
  return "unknown CPU";
}

}  // namespace ink
