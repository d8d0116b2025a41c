"""consumers.py CASE [ARGUMENTS...]: the installed tree, as the build of another program uses it.

A case that needs something this machine lacks exits 77, which ctest reports as skipped.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples" / "upscale.c"
W, H = 9, 7

LISTS = """cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES {language})
set(INKSTONE_STATIC {static})
find_package(inkstone {version} REQUIRED)
find_package(inkstone {version} REQUIRED)  # as where two libraries of a program ask for it
add_executable(consumer {source})
target_link_libraries(consumer PRIVATE inkstone::inkstone)
"""


def need(condition, message):
    if not condition:
        sys.exit(message)


def skip(message):
    print(message)
    sys.exit(77)


def run(command, **environment):
    kept = {name: value for name, value in os.environ.items() if name not in ("LD_LIBRARY_PATH", "PKG_CONFIG_PATH")}
    return subprocess.run([str(part) for part in command], env=kept | environment, capture_output=True, text=True,
                          timeout=300)


def output(command, **environment):
    done = run(command, **environment)
    need(done.returncode == 0,
         f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def find(prefix, name):
    found = sorted(pathlib.Path(prefix).rglob(name))
    need(found, f"no {name} in {prefix}")
    return found[0]


def works(program, linkage, model_writer, library_folder):
    """The program upscales a picture, and has the library inside or outside as it was asked for."""
    needed = re.findall(r"\(NEEDED\).*\[(.*?)\]", output(["readelf", "-d", program]))
    outside = any(name.startswith("libinkstone.so.0") for name in needed)
    need(outside == (linkage == "shared"), f"linked {linkage}, the program needs {needed}")
    folder = pathlib.Path(program).parent
    model, picture, result = folder / "model.safetensors", folder / "in.ppm", folder / "out.ppm"
    output([model_writer, model])
    picture.write_bytes(b"P6 %d %d 255\n" % (W, H) + bytes(i * 7 % 256 for i in range(W * H * 3)))
    output([program, model, picture, result], LD_LIBRARY_PATH=str(library_folder))
    wanted = b"P6\n%d %d\n255\n" % (2 * W, 2 * H)
    found = result.read_bytes()
    need(found.startswith(wanted) and len(found) == len(wanted) + W * H * 12, f"the result is {found[:20]}...")
    need(len(set(found[len(wanted):])) > 10, "the result is blank")
    done = run([program, folder / "none", picture, result], LD_LIBRARY_PATH=str(library_folder))
    need(done.returncode == 1 and "INK_NOT_FOUND" in done.stderr, f"without a model: {done.returncode} {done.stderr}")


def configure(cmake, compiler, prefix, folder, source, static, version="0.1", language="C"):
    folder.mkdir()
    text = LISTS.format(source=source, static=static, version=version, language=language)
    (folder / "CMakeLists.txt").write_text(text, encoding="utf-8")
    return run([cmake, "-S", folder, "-B", folder / "build", "-G", "Ninja", f"-DCMAKE_C_COMPILER={compiler}",
                f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release"])


def install(cmake, build, prefix):
    """The tree that the other cases use."""
    shutil.rmtree(prefix, ignore_errors=True)
    output([cmake, "--install", build, "--prefix", prefix])
    for name in ["inkstone", "inkstone.h", "inkstone.pc", "inkstone-config.cmake", "inkstone-config-version.cmake",
                 "LICENSE", "c-api.md"]:
        find(prefix, name)


def find_package(linkage, prefix, compiler, cmake, model_writer):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "consumer"
        done = configure(cmake, compiler, prefix, folder, EXAMPLE, "ON" if linkage == "static" else "OFF")
        need(done.returncode == 0, done.stdout + done.stderr)
        output([cmake, "--build", folder / "build"])
        works(folder / "build" / "consumer", linkage, model_writer, "")


def pkg_config(linkage, prefix, compiler, cmake, model_writer):
    """From a tree that was moved after it was installed."""
    tool = shutil.which("pkg-config")
    if not tool:
        skip("pkg-config is not installed")
    with tempfile.TemporaryDirectory() as temporary:
        moved = pathlib.Path(temporary) / "moved"
        shutil.copytree(prefix, moved, symlinks=True)
        flags = ["--cflags", "--libs", "inkstone"]
        if linkage == "static":
            flags.insert(0, "--static")
            for library in moved.rglob("libinkstone.so*"):
                library.unlink()
        said = output([tool, *flags], PKG_CONFIG_PATH=str(find(moved, "inkstone.pc").parent)).split()
        need(not any(word.startswith(str(prefix)) for word in said), f"the old place shows: {said}")
        program = pathlib.Path(temporary) / "consumer"
        output([compiler, "-std=c99", EXAMPLE, *said, "-o", program])
        works(program, linkage, model_writer, find(moved, "libinkstone.*").parent)


def package(prefix, compiler, cmake):
    """A C++ program takes the header; another minor version is refused, and no file names the place."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        source = folder / "main.cpp"
        source.write_text("#include <inkstone.h>\nint main() { return ink_model_free(nullptr) != INK_OK; }\n",
                          encoding="utf-8")
        done = configure(cmake, compiler, prefix, folder / "cxx", source, "OFF", language="CXX")
        need(done.returncode == 0, done.stdout + done.stderr)
        output([cmake, "--build", folder / "cxx" / "build"])
        done = configure(cmake, compiler, prefix, folder / "newer", EXAMPLE, "OFF", version="0.2")
        need(done.returncode != 0 and "0.1" in done.stderr, "version 0.2 was found")
    for path in pathlib.Path(prefix).rglob("*"):
        if path.suffix in {".cmake", ".pc"}:
            text = path.read_text(encoding="utf-8")
            need(str(prefix) not in text and str(PROJECT) not in text, f"{path} names a place of this machine")


CASES = [install, find_package, pkg_config, package]


def main():
    {case.__name__: case for case in CASES}[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()
