"""One peer at a model of zoo/catalog.py, in a process of its own, driven by lines (README.md, "The worker protocol").

`ready` is followed by the name of what was found to be fastest, where there was a choice.
"""

import argparse
import gc
import sys
import time
from pathlib import Path

import model_backends
from worker import private_stdout
from zoo.catalog import MODELS, Case, Work

TRIALS = 3


def seconds_of(candidate) -> float:
    start = time.perf_counter()
    candidate.run()
    return time.perf_counter() - start


def fastest(candidates):
    """(name, candidate). The same module may be in two of them, so the winner is made again."""
    known = []
    for name, make in candidates:
        candidate = make()
        candidate.run()
        known.append((min(seconds_of(candidate) for _ in range(TRIALS)), name, make))
        del candidate
        gc.collect()
    _, name, make = min(known, key=lambda entry: entry[0])
    return (name if len(known) > 1 else ""), make()


def main() -> None:
    out = private_stdout()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=model_backends.CANDIDATES)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--kind", required=True)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("-j", dest="threads", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--first", action="store_true", help="take the first way instead of trying all")
    args = parser.parse_args()

    case = Case(MODELS[args.model], args.kind, args.batch)
    candidates = model_backends.CANDIDATES[args.peer](case, Work(args.work), args.threads)
    name, candidate = ("", next(candidates)[1]()) if args.first else fastest(candidates)

    print(f"ready {name}".strip(), file=out)
    for line in sys.stdin:
        command = line.strip()
        if command == "run":
            print(f"ms {seconds_of(candidate) * 1e3:.4f}", file=out)
        elif command == "save":
            candidate.result().tofile(args.output)
            print("saved", file=out)
        elif command == "quit":
            break
        else:
            sys.exit(f"unknown command: {command}")


if __name__ == "__main__":
    main()
