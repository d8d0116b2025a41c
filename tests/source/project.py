"""The files of the project, for the tests that read its source."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = {".h", ".cpp", ".c", ".py", ".cmake"}
_SKIPPED = {".git", "__pycache__"}


def files():
    """Every file that is not built or fetched, as a path relative to ROOT."""
    def walk(folder):
        for path in sorted(folder.iterdir()):
            relative = path.relative_to(ROOT)
            built = len(relative.parts) == 1 and path.name.startswith("build")
            if path.name in _SKIPPED or built or relative.as_posix() == "weights/cache":
                continue
            if path.is_dir():
                yield from walk(path)
            else:
                yield relative

    return list(walk(ROOT))


def is_script(path):
    return path.suffix == "" and (ROOT / path).read_bytes().startswith(b"#!") or path.as_posix() == "scripts/common"


def is_code(path):
    return path.suffix in CODE or path.name == "CMakeLists.txt" or is_script(path)


def finish(problems, checked):
    """Prints what is wrong and ends the program; having looked at nothing is wrong too."""
    for problem in problems:
        print(problem)
    if not checked:
        print("nothing was checked")
    print(f"{len(problems)} problems in {checked} checked")
    sys.exit(1 if problems or not checked else 0)
