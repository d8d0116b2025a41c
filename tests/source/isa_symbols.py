"""isa_symbols.py ISA OBJECT...: what object files that are compiled for one instruction set may show the linker.

An inline function or template that such a file keeps out of line becomes a weak symbol. The linker keeps one copy of
it for the whole program, and where it keeps this one, an older CPU dies in code that never asked for the set. So
nothing may be defined but functions whose name ends in the set, and nothing may run before main().
"""

import re
import subprocess
import sys

import project

# Weak, and yet without an instruction.
HARMLESS = {
    "DW.ref.__gxx_personality_v0": "a pointer for the unwinder, the same bytes in every object file",
}
# Sections whose code runs at start-up, on every CPU. That of priority 99 is AddressSanitizer's own, in its preset.
START_UP = re.compile(r"\] (\.(?:init_array(?!\.00099)|ctors|preinit_array)\S*)")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check(isa, path):
    entry = re.compile(rf"^ink::\w+_{isa}\(")
    found = 0
    for line in output("nm", "-C", "--extern-only", "--defined-only", path).splitlines():
        _, kind, name = line.split(maxsplit=2)
        if kind == "T" and entry.match(name):
            found += 1
        elif name not in HARMLESS:
            yield f"{path}: {name} is a global symbol (nm: {kind}), and no function that ends in _{isa}"
    if not found:
        yield f"{path}: no function that ends in _{isa}"
    for line in output("readelf", "-SW", path).splitlines():
        if match := START_UP.search(line):
            yield f"{path}: {match.group(1)}: code that runs before main()"


def main():
    isa, *objects = sys.argv[1:]
    project.finish([problem for path in objects for problem in check(isa, path)], len(objects))


if __name__ == "__main__":
    main()
