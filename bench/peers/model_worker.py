"""One peer at a model of zoo/catalog.py, in a process of its own, driven by lines (README.md, "The worker protocol").

`ready` is followed by the name of what was found to be fastest, where there was a choice; with --cold by the
milliseconds of loading, the framework's import excluded.
"""

import argparse
import gc
import importlib
import time
from pathlib import Path

import model_backends
from worker import private_stdout, seconds_of, serve
from zoo.catalog import MODELS, Case, Work

# A way is tried so often, or for so long.
TRIALS, TRIAL_SECONDS = 5, 0.5


def fastest(candidates):
    """(name, candidate). The same module may be in two of them, so the winner is made again."""
    known = []
    for name, make in candidates:
        candidate = make()
        candidate.run()
        times = [seconds_of(candidate.run)]
        while len(times) < TRIALS and sum(times) < TRIAL_SECONDS:
            times.append(seconds_of(candidate.run))
        known.append((min(times), name, make))
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
    parser.add_argument("--cold", metavar="WAY", help="load in this way instead of trying all")
    args = parser.parse_args()

    case = Case(MODELS[args.model], args.kind, args.batch)
    work = Work(args.work)
    if args.cold:
        importlib.import_module(model_backends.FRAMEWORKS[args.peer])
        start = time.perf_counter()
        candidate = model_backends.COLD[args.peer][0](case, work, args.threads, args.cold)
        said = f"{(time.perf_counter() - start) * 1e3:.4f}"
    else:
        said, candidate = fastest(model_backends.CANDIDATES[args.peer](case, work, args.threads))

    serve(out, said, candidate.run, lambda: candidate.result().tofile(args.output))


if __name__ == "__main__":
    main()
