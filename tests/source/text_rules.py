"""The form of the files: length, whitespace, header guards, no binaries, nothing that belongs to one machine."""

import re

import project

MAX_LINES = 600
MAX_COLUMNS = 120
MAX_BYTES = 1 << 20
# What other programs wrote, for the readers of their formats.
BINARY_FOLDERS = ("tests/goldens/tensorflow/",)
PICTURE_FOLDERS = ("docs/", "tests/goldens/")
CHECKPOINTS = (".pt", ".pkl", ".bin", ".safetensors", ".h5", ".keras")  # in tests/goldens alone

# Written so that this file does not match itself.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.}/*-])/(?:work|root|home)(?:/|\b)"),
    "a package registry's address": re.compile(
        r"\b(?:pypi\.(?:org)|pythonhosted\.(?:org)|npmjs\.(?:org|com)|crates\.(?:io)|ghcr\.(?:io)|"
        r"huggingface\.(?:co)|repo1\.(?:maven)|proxy\.(?:golang)|deb\.(?:debian))\b"),
}
# One such flag at a link changes the floating-point state of the whole process.
INEXACT_FLAGS = re.compile(r"-(?:ffast-math|Ofast|funsafe-math-optimizations)\b")
# Files that name what they forbid.
NAMING = {"tests/source/text_rules.py"}
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def check_code(path, lines):
    if len(lines) > MAX_LINES:
        yield f"{path}: {len(lines)} lines, more than {MAX_LINES}"
    if path.endswith(".h") and "#pragma once" not in lines:
        yield f"{path}: no #pragma once"
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            yield f"{path}:{number}: {len(line)} columns, more than {MAX_COLUMNS}"
        if "\t" in line:
            yield f"{path}:{number}: a tab"


def check_text(path, text):
    lines = text.split("\n")
    if text and not text.endswith("\n"):
        yield f"{path}: the last line does not end"
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield f"{path}:{number}: trailing whitespace"
        if path.endswith(("CMakeLists.txt", ".cmake", ".json")) and INEXACT_FLAGS.search(line):
            yield f"{path}:{number}: a flag that makes arithmetic inexact: {line.strip()}"
        for what, pattern in FORBIDDEN.items():
            if path not in NAMING and pattern.search(line):
                yield f"{path}:{number}: {what}: {line.strip()}"


def check_links(path, text):
    for link in _LINK.findall(text):
        if "://" not in link and not (project.ROOT / path).parent.joinpath(link).exists():
            yield f"{path}: links to {link}, which is not there"


def check(relative):
    path, content = relative.as_posix(), (project.ROOT / relative).read_bytes()
    if len(content) > MAX_BYTES:
        yield f"{path}: {len(content)} bytes, more than {MAX_BYTES}"
    if path.endswith((".png", ".jpg", ".webp")) and path.startswith(PICTURE_FOLDERS):
        return
    if path.endswith(CHECKPOINTS) and path.startswith("tests/goldens/"):
        return
    if path.startswith(BINARY_FOLDERS) and not path.endswith(".txt"):
        return
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        yield f"{path}: neither text nor a picture or sample of docs/ or tests/goldens/"
        return
    yield from check_text(path, text)
    if project.is_code(relative):
        yield from check_code(path, text.splitlines())
    if path.endswith(".md"):
        yield from check_links(path, text)


def main():
    paths = project.files()
    problems = [problem for path in paths for problem in check(path)]
    for needed in ["LICENSE", "README.md"]:
        if not (project.ROOT / needed).is_file():
            problems.append(f"{needed} is missing")
    project.finish(problems, len(paths))


if __name__ == "__main__":
    main()
