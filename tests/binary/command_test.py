"""command_test.py CASE [ARGUMENTS...]: what the finished inkstone command must be, seen from outside.

Cases that need something this machine lacks exit 77, which ctest reports as skipped. An argument may name a variable
of the environment, as $NAME.
"""

import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import png

GOLDENS = pathlib.Path(__file__).resolve().parents[1] / "goldens" / "realcugan"
MAX_BYTES = 6_000_000
LIBRARIES = {"libc", "libm", "libstdc++", "libgcc_s", "libgomp", "libz", "libpng16", "libjpeg", "libwebp",
             "libdeflate", "liblcms2", "libutf8proc"}
EX_USAGE = 64
EMULATOR = "qemu-x86_64"
STRENGTH = ["reference", "openblas", "sse42", "avx2", "avx512", "avx512vnni", "avx512bf16", "amx"]  # weakest first


def need(condition, message):
    if not condition:
        sys.exit(message)


def skip(message):
    print(message)
    sys.exit(77)


def run(command, **environment):
    kept = {name: value for name, value in os.environ.items() if name != "INKSTONE_ISA"}
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, timeout=300)


def output(command, **environment):
    done = run(command, **environment)
    need(done.returncode == 0, f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def weights(name):
    folder = os.environ.get("INKSTONE_TEST_WEIGHTS")
    if not folder:
        skip("INKSTONE_TEST_WEIGHTS is not set: no released networks here")
    return f"{folder}/realcugan-{name}.safetensors"


def size(inkstone):
    """The command stays small."""
    found = os.path.getsize(inkstone)
    need(found <= MAX_BYTES, f"{inkstone} has {found} bytes, more than {MAX_BYTES}")


def libraries(inkstone):
    """The command needs the libraries that it names in its documentation, and no other."""
    found = set(re.findall(r"\(NEEDED\).*\[(.*?)\.so", output(["readelf", "-d", inkstone])))
    need("libc" in found, f"{inkstone} needs no libc: is it the static one?")
    need(found <= LIBRARIES, f"{inkstone} needs {', '.join(sorted(found - LIBRARIES))}")


def static(inkstone):
    """The static command needs nothing: no library and no loader."""
    said = run(["ldd", inkstone])
    need("not a dynamic executable" in said.stdout + said.stderr, f"ldd says: {said.stdout}{said.stderr}")
    headers = output(["readelf", "-ld", inkstone])
    need("INTERP" not in headers and "NEEDED" not in headers, f"{inkstone} asks for a loader or a library")


def upscales(*command):
    """A released network gives the picture of the original code: no sample off by more than 1, 99.9 % the same."""
    with tempfile.TemporaryDirectory() as folder:
        result = f"{folder}/result.png"
        picture = "noise-32x32.png"
        output([*command, "upscale", str(GOLDENS / picture), "-o", result, "-m", weights("se-2x-no-denoise")])
        found, wanted = png.read(result), png.read(GOLDENS / "se-2x-no-denoise" / picture)
    need(found[:3] == wanted[:3], f"expected width, height, channels {wanted[:3]}, found {found[:3]}")
    errors = [abs(a - b) for a, b in zip(found[3], wanted[3])]
    different = sum(error != 0 for error in errors)
    need(max(errors) <= 1, f"a sample is off by {max(errors)}")
    need(different <= len(errors) // 1000, f"{different} of {len(errors)} samples differ")


def chooses(isa, *command):
    """Left alone, the command takes the strongest instruction set that the CPU has."""
    info = json.loads(output([*command, "info", "--cpu", "--json"]))
    need(info["chosen"] == isa, f"expected {isa}, found {info['chosen']}")
    found = info["instruction_sets"]
    weaker = [name for name in STRENGTH[: STRENGTH.index(isa) + 1] if name != "openblas" or name in found]
    need(found == weaker, f"has {found}")


def forced(isa, *command):
    """INKSTONE_ISA decides which kernels run, and the plan of a real network shows it."""
    info = json.loads(output([*command, "info", "--cpu", "--json"], INKSTONE_ISA=isa))
    need(info["chosen"] == isa, f"expected {isa}, found {info['chosen']}")
    plan = output([*command, "info", weights("se-2x-no-denoise"), "--plan", "1x64x64x3"], INKSTONE_ISA=isa)
    ran = set(re.findall(rf"\b\w+_({'|'.join(STRENGTH)})\b", re.sub(r"(?m) {3,}\w+ declined.*", "", plan)))
    need(isa in ran, f"no kernel of {isa} in the plan:\n{plan}")
    need(all(STRENGTH.index(other) <= STRENGTH.index(isa) for other in ran), f"found {sorted(ran)} in the plan")


def refuses_isa(*command):
    """A set that does not exist is a usage error that names those that do; it is never quietly another set."""
    for wrong in ["avx1024", "AVX2", "avx2 "]:
        done = run([*command, "info", "--cpu"], INKSTONE_ISA=wrong)
        need(done.returncode == EX_USAGE, f"INKSTONE_ISA={wrong!r}: exit code {done.returncode}")
        need("reference" in done.stderr and wrong in done.stderr, f"INKSTONE_ISA={wrong!r}: {done.stderr}")


def bench_kernels(inkstone):
    """Kernels are checked, timed on the layers of the networks, and shown in the form that was asked for."""
    quick = ["bench", "kernels", "--rounds", "2", "--seconds", "0.001"]
    listed = output([inkstone, "bench", "kernels", "--list"]).splitlines()
    for name in ["gemm/vit_l16/", "conv/resnet50/", "depthwise/efficientnet_b7/", "attention/", "layer_norm/",
                 "conv_int8/resnet50/", "gemm_bf16/vit_l16/"]:
        need(any(line.startswith(name) for line in listed), f"no {name} in the list")
    square = ["--filter", "^gemm/square/64", "--thread-counts", "1,2"]
    found = json.loads(output([inkstone, *quick, *square, "-o", "json"]))
    need({row["threads"] for row in found["rows"]} == {1, 2}, f"found {found['rows']}")
    for row in found["rows"]:
        need(row["status"] == "verified" and row["us"] > 0 and row["gflops"] > 0, f"found {row}")
    layers = ["--filter", "^gemm/distiluse_16/(qkv|out)/|^conv/resnet50/stack4.middle/", "-j", "1", "--json"]
    found = json.loads(output([inkstone, *quick, *layers]))
    compared = {(one["layers"], one["library"]): one for one in found["comparisons"]}
    need(compared.keys() == {("product", name) for name in found["libraries"]}
         | {("3x3 convolution", name) for name in found["libraries"] if name == "onednn"}, f"found {compared}")
    for (layers, library), one in compared.items():
        times = {}
        for row in found["rows"]:
            if (row["kernel"] == "gemm") == (layers == "product"):
                times.setdefault(row["shape"], {})[row["variant"]] = row["us"]
        ratios = [of.pop(library) / min(time for name, time in of.items() if name not in found["libraries"])
                  for of in times.values()]
        need(len(ratios) == one["shapes"] == (2 if layers == "product" else 1), f"found {one}")
        need(math.isclose(math.prod(ratios), one["geometric_mean"] ** len(ratios), rel_tol=0.01), f"{ratios}: {one}")
        need(math.isclose(min(ratios), one["least"], rel_tol=0.01), f"{ratios}: {one}")
    sets = json.loads(output([inkstone, "info", "--cpu", "--json"]))["instruction_sets"]
    reduced = ["--filter", "^(gemm_(bf16|int8)/distiluse_16/dense|conv_int8/resnet50/stack4.middle)/", "-j", "1"]
    found = json.loads(output([inkstone, *quick, *reduced, "--isa", "all", "--json"]))
    need({row["status"] for row in found["rows"]} == {"verified"}, f"found {found['rows']}")
    for peak in found["peaks"]:
        need(peak["gflops"] > 0 and peak["isa"] in sets and peak["threads"] == 1, f"found {peak}")
    measured = {row["variant"] for row in found["rows"]} - set(found["libraries"])
    need(measured == {f"{peak['precision']}_{peak['isa']}" for peak in found["peaks"]}, f"found {measured}")
    need(f"int8_{[isa for isa in sets if isa != 'avx512bf16'][-1]}" in measured, f"found {measured}")
    weaker = json.loads(output([inkstone, *quick, *reduced, "--json"], INKSTONE_ISA=sets[1]))
    need({row["status"] for row in weaker["rows"]} == {"verified"}, f"found {weaker['rows']}")
    measured = {row["variant"] for row in weaker["rows"]}
    need({f"bf16_{sets[1]}", f"int8_{sets[1]}"} <= measured, f"found {measured}")
    for isa in [isa for isa in sets if STRENGTH.index(isa) <= STRENGTH.index("avx512")]:
        table = output([inkstone, *quick, "--filter", "^softmax/1x1x1x1000", "--isa", isa, "-o", "csv"])
        need(f"softmax_{isa}" in table, f"{isa}: {table}")
    need("| softmax_" in output([inkstone, *quick, "--filter", "^softmax/1x1x1x1000", "-j", "1"]), "no table")
    for wrong in [["--filter", "("], ["--filter", "nothing"], ["--isa", "avx3"], ["-o", "xml"], ["--rounds", "0"],
                  ["--thread-counts", "1,x"], ["--seconds", "no"]]:
        done = run([inkstone, "bench", "kernels", *wrong])
        need(done.returncode == EX_USAGE and wrong[0] in done.stderr, f"{wrong}: {done.returncode} {done.stderr}")
    with tempfile.TemporaryDirectory() as folder:
        alone = shutil.copy(inkstone, folder)
        done = run([alone, "bench", "kernels"])
        need(done.returncode == EX_USAGE and "INK_BENCH" in done.stderr, f"{done.returncode} {done.stderr}")


def passes(inkstone, program):
    """A test program that calls the command is content with this one."""
    output([program, "--gtest_brief=1"], INKSTONE_BINARY=inkstone)


CASES = [size, libraries, static, upscales, chooses, forced, refuses_isa, bench_kernels, passes]


def main():
    name, *arguments = [os.path.expandvars(argument) for argument in sys.argv[1:]]
    for argument in arguments:
        if argument.startswith("$"):
            skip(f"{argument[1:]} is not set")
        if argument == EMULATOR and not shutil.which(EMULATOR):
            skip(f"{EMULATOR} is not installed")
    {case.__name__: case for case in CASES}[name](*arguments)


if __name__ == "__main__":
    main()
