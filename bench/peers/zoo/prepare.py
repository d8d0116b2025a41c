"""Makes what the timing of a model needs, each thing once: checkpoint, ONNX, inputs, expected results.

    python bench/peers/zoo/prepare.py MODEL STEP --work DIR [--kind KIND --batch N]

run_models.py calls it, in a process a step: torch and two copies of a model leave no memory behind.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from zoo.catalog import MODELS, Case, Work


def _whole(path: Path, write) -> None:
    """write(temporary path), renamed once all of it is there; nothing where the path exists."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    shutil.rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink(missing_ok=True)
    write(part)
    os.rename(part, path)


def make_checkpoint(model, work: Work, case=None) -> None:
    _whole(work.checkpoint(model), lambda path: model.implementation().write(model, path))


def make_onnx(model, work: Work, case=None) -> None:
    # A folder a model, for the weights lie in a file beside the graph that names it.
    import zoo.onnx_export
    _whole(work.onnx(model).parent, lambda folder: zoo.onnx_export.write(model, work, folder))


def make_input(model, work: Work, case: Case) -> None:
    _whole(work.input(case), lambda path: case.make_input().tofile(path))


def make_reference(model, work: Work, case: Case) -> None:
    """The torch module in float64, one picture or one text after the other, and its floating-point operations."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    def write(path: Path) -> None:
        module = model.implementation().load(model, work.checkpoint(model)).double()
        counter = FlopCounterMode(display=False)
        rows = []
        with torch.inference_mode(), counter:
            for one in work.read_input(case):
                if case.kind == "pictures":
                    x = torch.from_numpy(one.transpose(2, 0, 1).copy()).double()[None]
                else:
                    x = torch.from_numpy(one.astype(np.int64))[None]
                rows.append(module(x).numpy()[0])
        with open(path, "wb") as file:
            np.savez(file, rows=np.stack(rows), flops=counter.get_total_flops())

    _whole(work.reference(case), write)


STEPS = {"checkpoint": make_checkpoint, "onnx": make_onnx, "input": make_input, "reference": make_reference}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--kind", default="pictures")
    parser.add_argument("--batch", type=int, default=1)
    args = parser.parse_args()
    model = MODELS[args.model]
    STEPS[args.step](model, Work(args.work), Case(model, args.kind, args.batch))


if __name__ == "__main__":
    main()
