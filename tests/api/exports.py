"""exports.py LIBRARY HEADER VERSION: libinkstone.so shows the functions of its header and nothing else."""

import re
import subprocess
import sys

LIBRARIES = {"libc", "libm", "libstdc++", "libgcc_s", "libgomp", "libomp", "libz", "libpthread",
             "ld-linux-x86-64", "ld-linux-aarch64",
             "libasan", "libubsan", "libtsan"}  # of the presets that look for errors


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main():
    library, header, version = sys.argv[1:]
    with open(header, encoding="utf-8") as file:
        text = file.read()
    declared = set(re.findall(r"INK_API [^;(]*?\b(ink_\w+)\(", text))
    problems = [] if declared else ["the header declares nothing"]

    shown = {}
    for line in output("nm", "-D", "--defined-only", library).splitlines():
        kind, name = line.split()[-2:]
        name, _, tag = name.partition("@@")
        if kind != "A":  # the version itself
            shown[name] = tag
    for name in sorted(declared - shown.keys()):
        problems.append(f"{name} is declared but not exported")
    for name in sorted(shown.keys() - declared):
        problems.append(f"{name} is exported but not declared")
    problems += [f"{name} has the version {tag!r}" for name, tag in shown.items() if tag != "INKSTONE_0"]

    dynamic = output("readelf", "-d", library)
    soname = re.search(r"\(SONAME\).*\[(.*?)\]", dynamic).group(1)
    if soname != "libinkstone.so.0":
        problems.append(f"the soname is {soname}")
    needed = set(re.findall(r"\(NEEDED\).*\[(.*?)\.so", dynamic))
    if needed - LIBRARIES:
        problems.append(f"it needs {', '.join(sorted(needed - LIBRARIES))}")
    if re.search(r"\((?:RPATH|RUNPATH)\)", dynamic):
        problems.append("it holds a search path")

    numbers = [re.search(rf"#define INK_VERSION_{part} (\d+)", text).group(1) for part in ("MAJOR", "MINOR", "PATCH")]
    written = re.search(r'#define INK_VERSION_STRING "(.*)"', text).group(1)
    if not version == written == ".".join(numbers):
        problems.append(f"the project has version {version}, the header {'.'.join(numbers)} and {written}")
    print("\n".join(problems + [f"{len(declared)} functions, {len(problems)} problems"]))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
