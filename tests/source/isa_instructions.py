"""isa_instructions.py SET OBJECT...: that object files hold the instructions of their set, and none beyond it.

SET is baseline (what every x86-64 has) or a set of kernels/base/isa.h.
"""

import pathlib
import re
import subprocess
import sys

import project

# All instructions that are encoded with VEX or EVEX, and no other ones, begin with v.
_VEX = re.compile(r"^v(?!er[rw]\b|mcall\b|mrun\b)")
_ZMM = re.compile(r"%zmm|%[xy]mm(?:1[6-9]|2\d|3[01])|\{%k|%k[0-7]")
_BYTES = re.compile(r"^vpdp")
_HALVES = re.compile(r"^v(?:dpbf16|cvtne2?ps2bf16)")
_TILES = re.compile(r"^(?:tile|tdp|ldtilecfg|sttilecfg)")
TOO_MODERN = {
    "baseline": lambda mnemonic, operands: _VEX.match(mnemonic),
    "sse42": lambda mnemonic, operands: _VEX.match(mnemonic),
    "avx2": lambda mnemonic, operands: _ZMM.search(operands),
    "avx512": lambda mnemonic, operands: _BYTES.match(mnemonic) or _HALVES.match(mnemonic) or _TILES.match(mnemonic),
    "avx512vnni": lambda mnemonic, operands: _HALVES.match(mnemonic) or _TILES.match(mnemonic),
    "avx512bf16": lambda mnemonic, operands: _TILES.match(mnemonic),
    "amx": lambda mnemonic, operands: False,
}
# What a file for reduced precision is there for.
PURPOSE = {"avx512vnni": "vpdpbusd", "avx512bf16": "vdpbf16ps", "amx": "tdp"}

# A GEMM without these runs at half its speed or less, with the same result: no other test would notice.
FMA = re.compile(r"^vfn?m(?:add|sub)\d+ps$")
WIDEST = {"avx2": "%ymm", "avx512": "%zmm"}
LEAST_FMA = 24  # the accumulators of a GEMM tile


def instructions(path):
    """(mnemonic, operands) of every instruction."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], check=True, capture_output=True,
                          text=True).stdout
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) > 1 and fields[1].strip():
            mnemonic, _, operands = fields[1].strip().partition(" ")
            yield mnemonic, operands


def is_gemm(isa, path):
    return pathlib.Path(path).name.startswith(f"gemm_{isa}.")


def check(isa, path):
    modern, fma, purpose = [], 0, 0
    for mnemonic, operands in instructions(path):
        if TOO_MODERN[isa](mnemonic, operands):
            modern.append(f"{mnemonic} {operands.strip()}")
        purpose += mnemonic.startswith(PURPOSE.get(isa, "none"))
        fma += bool(FMA.match(mnemonic)) and WIDEST.get(isa, "") in operands
    if modern:
        yield f"{path}: {len(modern)} instructions that {isa} does not have, the first of them {modern[0]}"
    if isa in PURPOSE and not purpose:
        yield f"{path}: no {PURPOSE[isa]}"
    if is_gemm(isa, path) and isa in WIDEST and fma < LEAST_FMA:
        yield f"{path}: {fma} fused multiply-adds on {WIDEST[isa]}, fewer than {LEAST_FMA}"


def main():
    isa, *objects = sys.argv[1:]
    problems = [problem for path in objects for problem in check(isa, path)]
    if isa in WIDEST and not any(is_gemm(isa, path) for path in objects):
        problems.append("there is no GEMM among the object files")
    project.finish(problems, len(objects))


if __name__ == "__main__":
    main()
