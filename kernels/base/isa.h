#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kernels/base/result.h"

namespace ink {

// Instruction sets with kernels of their own, weakest first: a CPU that has one has all before it. `openblas`
// is what a build with INK_OPENBLAS has for any CPU: products by that library, all else by the reference.
enum class Isa { reference, openblas, sse42, avx2, avx512 };

const char* isa_name(Isa isa);

// The sets that this build contains and this CPU (and its operating system) can run, weakest first.
std::span<const Isa> supported_isas();

// The set named by INKSTONE_ISA, or the strongest one supported. Error: a name that does not exist or that
// this CPU cannot run. The environment is read here and nowhere else, once.
const Result<Isa>& chosen_isa();

// As chosen_isa(), but the strongest supported one where INKSTONE_ISA is unusable.
Isa active_isa();

std::string cpu_model_name();

}  // namespace ink
