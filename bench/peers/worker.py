"""One peer in a process of its own, driven by lines (see README.md, "The worker protocol")."""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

import backends


def private_stdout():
    """The frameworks may print what they like: descriptor 1 becomes stderr, the protocol keeps a copy."""
    protocol = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return protocol


def seconds_of(run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def serve(out, said: str, run, save) -> None:
    """Answers the driver until it is done. said: what follows `ready`."""
    print(f"ready {said}".strip(), file=out)
    for line in sys.stdin:
        command = line.strip()
        if command == "run":
            print(f"ms {seconds_of(run) * 1e3:.4f}", file=out)
        elif command == "save":
            save()
            print("saved", file=out)
        elif command == "quit":
            break
        else:
            sys.exit(f"unknown command: {command}")


def dims(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("x"))


def main() -> None:
    out = private_stdout()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=backends.BACKENDS)
    parser.add_argument("-m", dest="model", type=Path, required=True)
    parser.add_argument("-j", dest="threads", type=int, required=True)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--shape", type=dims, required=True, help="1xHxWxC of the input file")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--output-shape", type=dims, required=True, help="1xHxWxC of the result")
    args = parser.parse_args()

    src = np.fromfile(args.input, np.float32).reshape(args.shape)
    src = np.ascontiguousarray(src.transpose(0, 3, 1, 2))
    n, oh, ow, oc = args.output_shape
    backend = backends.BACKENDS[args.peer](args.model, args.threads, src, (n, oc, oh, ow))
    del src

    serve(out, "", backend.run, lambda: backend.result().transpose(0, 2, 3, 1).astype(np.float32).tofile(args.output))


if __name__ == "__main__":
    main()
