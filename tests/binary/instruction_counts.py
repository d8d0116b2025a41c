"""Holds the number of instructions that key kernels take on fixed shapes: seconds depend on the machine, these do not.

usage: instruction_counts.py PROGRAM ISA [--update]
PROGRAM is inkstone-bench-kernels, built as a release by the compiler that instruction_counts.txt names. A count may be
3 % above what the file says; one that is more than 3 % below means that the file is to be written anew (--update), so
that what was won is kept.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

FILE = pathlib.Path(__file__).parent / "instruction_counts.txt"
MOST_OFF = 0.03
FUNCTION = "run_counted"


def read_counts():
    lines = [line.split() for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
    return {(isa, name): int(count) for isa, name, count in lines}


def count(program, isa, name):
    environment = os.environ | {"INKSTONE_ISA": isa}
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--toggle-collect={FUNCTION}", program,
         "--once", f"--filter=^{re.escape(name)}$"],
        env=environment, capture_output=True, text=True, timeout=300)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found or found[1] == "0":
        sys.exit(f"{name}: nothing was counted, exit code {done.returncode}\n{done.stderr[-2000:]}")
    return int(found[1])


def main():
    program, isa = sys.argv[1:3]
    if not shutil.which("valgrind"):
        print("valgrind is not installed")
        sys.exit(77)
    wanted = read_counts()
    found = {key: count(program, isa, key[1]) for key in wanted if key[0] == isa}
    if sys.argv[3:] == ["--update"]:
        head = [line for line in FILE.read_text().splitlines() if line.startswith("#")]
        rows = [f"{key[0]:6} {key[1]:64} {found.get(key, value)}" for key, value in wanted.items()]
        FILE.write_text("\n".join(head + rows) + "\n")
        return
    off = {key[1]: value / wanted[key] - 1 for key, value in found.items()}
    for name, ratio in off.items():
        print(f"{ratio:+7.2%}  {name}")
    if worse := [name for name, ratio in off.items() if ratio > MOST_OFF]:
        sys.exit(f"more instructions than instruction_counts.txt says: {', '.join(worse)}")
    if better := [name for name, ratio in off.items() if ratio < -MOST_OFF]:
        sys.exit(f"fewer instructions than instruction_counts.txt says: {', '.join(better)}; run me with --update")


if __name__ == "__main__":
    main()
