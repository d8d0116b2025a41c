"""Who may include whom, and that nothing below apps/ prints, ends the process or reads the environment."""

import re

import project

# A layer and the layers it may include; a longer prefix wins, and a folder that is not named here is refused.
MAY_INCLUDE = {
    "kernels/base": ["kernels/base"],
    "kernels/simd": ["kernels/base", "kernels/simd"],
    "kernels": ["kernels"],
    "weights": ["kernels/base", "weights"],
    "engine": ["kernels", "weights", "engine"],
    "models": ["kernels", "weights", "engine", "models"],
    "converters": ["kernels", "weights", "engine", "models", "converters"],
    "api": ["kernels", "weights", "engine", "models", "converters", "pictures/channels.h", "pictures/picture.h", "api"],
    "pictures": ["kernels/base", "pictures"],
    "apps": [""],
    "bench": [""],
    "examples": [],
    "tests": [""],
}
LIBRARY = {"kernels", "weights", "engine", "models", "converters", "api", "pictures"}

# What a library must leave to its caller: a pattern, and the only file that may have it.
RESERVED = {
    "prints": (r"\b(?:std::)?(?:v?f?printf|f?puts|putc|putchar|fputc|perror)\s*\(|\bstd::(?:cout|cerr|clog)\b"
               r"|<iostream>|\bstderr\b|\bstdout\b", None),
    "ends the process": (r"\b(?:std::)?(?:exit|_exit|_Exit|quick_exit|abort|terminate|raise)\s*\(", None),
    "reads the environment": (r"\b(?:std::)?(?:getenv|secure_getenv|setenv|putenv)\s*\(|\benviron\b",
                              "kernels/base/isa.cpp"),
    "uses OpenMP": (r"#\s*pragma\s+omp|<omp\.h>", "kernels/base/parallel.cpp"),
}

# The body of an operation is compiled once for each instruction set. An inline function of a library header in it
# would be emitted with that set's instructions, and the linker may keep that copy for every CPU.
PLAIN_HEADERS = {"cstddef", "cstdint", "cstring", "immintrin.h", "xsimd/xsimd.hpp"}
ISA_FILE = re.compile(r"kernels/(?:simd/|\w+/\w+_(?:simd\.h|sse42\.cpp|avx2\.cpp|avx512(?:vnni|bf16)?\.cpp|amx\.cpp)$)")

_NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
_INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def layer_of(path):
    named = [layer for layer in MAY_INCLUDE if path == layer or path.startswith(layer + "/")]
    return max(named, key=len, default=None)


def without_text(code):
    """The code with comments and literals blanked, so that a sentence about printf() is no printf()."""
    return _NOT_CODE.sub(lambda match: "\n" * match.group().count("\n") or " ", code)


def check(path, code):
    layer = layer_of(path)
    if layer is None:
        yield f"{path}: no layer is known for this folder"
        return
    isa_file = ISA_FILE.match(path)
    for quote, name in _INCLUDE.findall(code):
        if quote == "<":
            if isa_file and name not in PLAIN_HEADERS:
                yield f"{path}: <{name}> in a file that is compiled for one instruction set"
        elif not (project.ROOT / name).is_file():
            yield f"{path}: \"{name}\" is no path from the root of the project"
        elif not any(name.startswith(allowed) for allowed in MAY_INCLUDE[layer]):
            yield f"{path}: {layer} may not include \"{name}\""
        elif name.startswith("kernels/simd/") and not isa_file and path.split("/")[0] in LIBRARY:
            yield f"{path}: \"{name}\" outside the files that are compiled for one instruction set"
    if path.split("/")[0] in LIBRARY:
        bare = without_text(code)
        for what, (pattern, exception) in RESERVED.items():
            for match in re.finditer(pattern, bare):
                if path != exception:
                    yield f"{path}:{bare.count(chr(10), 0, match.start()) + 1}: {what}: {match.group()}"


def main():
    sources = [path for path in project.files() if path.suffix in {".h", ".cpp", ".c"}]
    problems = []
    for path in sources:
        problems += check(path.as_posix(), (project.ROOT / path).read_text(encoding="utf-8"))
    project.finish(problems, len(sources))


if __name__ == "__main__":
    main()
