#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kernels/base/result.h"

namespace ink {

// Instruction sets with kernels of their own, weakest first: a CPU that has one has all before it. `openblas`
// is what a build with INK_OPENBLAS has for any CPU: products by that library, all else by the reference. The
// last three serve products in reduced precision alone: avx512vnni multiplies bytes, avx512bf16 numbers of 16
// bits, amx both in tiles.
enum class Isa { reference, openblas, sse42, avx2, avx512, avx512vnni, avx512bf16, amx };

const char* isa_name(Isa isa);

// The sets that this build contains and this CPU (and its operating system) can run, weakest first.
std::span<const Isa> supported_isas();

// The set named by INKSTONE_ISA, or the strongest one supported. Error: a name that does not exist or that
// this CPU cannot run. The environment is read here and nowhere else, once.
const Result<Isa>& chosen_isa();

// As chosen_isa(), but the strongest supported one where INKSTONE_ISA is unusable.
Isa active_isa();

// Whether this process may use the tile registers of Isa::amx, which it has to ask the system for, once: they
// make the frames of signals larger.
bool allow_tiles();

// The set that computes in f32 where `isa` is chosen.
constexpr Isa float_isa(Isa isa) { return isa < Isa::avx512 ? isa : Isa::avx512; }

std::string cpu_model_name();

}  // namespace ink
