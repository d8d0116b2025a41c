"""Times classifiers, image and text models in inkstone and in its peers, side by side. See README.md."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import cold
import machine
import measure
import model_backends
import process
import rows
import table
from zoo.catalog import FAMILIES, MODELS, TEXT_KINDS, Case, PrepareError, Work, cases

HERE = Path(__file__).parent
# Of float32 against float64. bf16 is off by 4e-3 and more, at cosines that may pass.
LEAST_COSINE = 0.99999
MOST_ERROR = 5e-4  # of the largest value


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", action="append", default=[], choices=MODELS, metavar="NAME",
                        help=f"may be repeated (default: all): {', '.join(MODELS)}")
    parser.add_argument("--family", action="append", default=[], choices=FAMILIES,
                        help="all models of it; may be repeated")
    parser.add_argument("--work", type=Path, required=True, metavar="DIR",
                        help="where made-up checkpoints and ONNX files are kept; 12 GiB for all models")
    parser.add_argument("--inkstone", metavar="PATH",
                        help="the inkstone program; without it the peers run alone")
    parser.add_argument("--peers", default="ort,openvino,torch", help="default: %(default)s")
    parser.add_argument("--batch", default="1", metavar="N,...", help="of pictures (default: %(default)s)")
    parser.add_argument("--texts", default=",".join(TEXT_KINDS), metavar="KIND,...",
                        help="real: an everyday length; padded: the same, which peers fill up to the length of "
                             "the released export; full: a text of that length; mixed: 64 texts of different "
                             "lengths (default: %(default)s)")
    parser.add_argument("--threads", default="1,all", help="counts or 'all' (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="timed turns of each (default: %(default)s)")
    parser.add_argument("--cold", action="store_true",
                        help="time new processes up to their first result, at one picture or one text of everyday "
                             "length; onnxruntime and OpenVINO alone, each in several ways to load")
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS",
                        help="for one answer of a worker (default: %(default)s)")
    parser.add_argument("--prepare", action="store_true", help="make what is missing in --work, time nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the results go")
    parser.add_argument("--append", action="store_true", help="add to the rows that --json holds already")
    args = parser.parse_args()
    if args.inkstone and not os.access(args.inkstone, os.X_OK):
        parser.error(f"--inkstone {args.inkstone}: no such program")
    args.peers = [peer for peer in args.peers.split(",") if peer]
    check(parser, "peers", args.peers, model_backends.CANDIDATES)
    if args.cold:
        args.peers = [peer for peer in args.peers if peer in model_backends.COLD]
    args.texts = ["real"] if args.cold else args.texts.split(",")
    check(parser, "texts", args.texts, TEXT_KINDS)
    try:
        args.batch = [1] if args.cold else [int(text) for text in args.batch.split(",")]
        args.threads = [machine.cores() if text == "all" else int(text) for text in args.threads.split(",")]
    except ValueError as error:
        parser.error(f"--batch and --threads take whole numbers: {error}")
    if min(*args.batch, *args.threads, args.rounds) < 1:
        parser.error("--batch, --threads and --rounds must be at least 1")
    if args.rounds < 2:
        parser.error("--rounds must be at least 2")
    if args.append and not args.json:
        parser.error("--append goes with --json")
    args.threads = list(dict.fromkeys(args.threads))
    args.model = [name for name, model in MODELS.items()
                  if name in args.model or model.family in args.family or not (args.model or args.family)]
    return args


def check(parser, what: str, given: list[str], known) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        parser.error(f"unknown {what} {', '.join(unknown)}; there are {', '.join(known)}")


def prepare(case: Case, work: Work) -> None:
    """Makes what is missing of a case, a process a step."""
    model = case.model
    steps = {"checkpoint": work.checkpoint(model), "onnx": work.onnx(model), "input": work.input(case),
             "reference": work.reference(case)}
    for step, path in steps.items():
        if path.exists():
            continue
        print(f"{case.key}: makes {path.name} ...", file=sys.stderr, flush=True)
        command = [sys.executable, str(HERE / "zoo" / "prepare.py"), model.name, step, "--work",
                   str(work.folder), "--kind", case.kind, "--batch", str(case.batch)]
        reply = subprocess.run(command, capture_output=True, text=True)
        if reply.returncode != 0:
            said = "\n".join(reply.stderr.strip().splitlines()[-5:])
            raise PrepareError(f"{case.key}: the step {step} failed:\n{said}")


def worker_command(peer: str, args, work: Work, case: Case, threads: int, output: Path) -> list[str]:
    if peer != "inkstone":
        return [sys.executable, str(HERE / "model_worker.py"), peer, case.model.name, "--work", str(work.folder),
                "--kind", case.kind, "--batch", str(case.batch), "-j", str(threads), "--output", str(output)]
    command = [args.inkstone, "bench", "worker", "-m", str(work.checkpoint(case.model)), "-j", str(threads),
               "--input", str(work.input(case)), "--output", str(output)]
    if case.kind == "mixed":
        command += ["--lengths", ",".join(map(str, case.lengths))]
    else:
        command += ["--shape", "x".join(map(str, case.shape))]
    command += ["--once"] if args.cold else []
    return command + (["--result", case.model.result] if case.model.result else [])


def errors(output: Path, reference: np.ndarray) -> tuple[float, float]:
    """(largest error as a share of the largest value, least cosine of a row)"""
    found = np.fromfile(output, np.float32)
    if found.size != reference.size:
        raise process.WorkerError(f"{output.name}: {found.size} values, expected {reference.size}")
    found = found.reshape(reference.shape).astype(np.float64)
    error = np.abs(found - reference).max() / np.abs(reference).max()
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(reference, axis=1)
    return float(error), float(((found * reference).sum(1) / lengths).min())


def make_row(peer: str, case: Case, threads: int, sample: measure.Sample, output: Path, reference) -> dict:
    row = rows.row_of(what_of(case), peer, threads, sample, "alternating")
    if sample.failure:
        return row
    rows.measured(row, sample, float(reference["flops"]))
    verify(row, output, reference["rows"])
    return row


def what_of(case: Case) -> dict:
    return {"model": case.model.name, "case": case.label, "kind": case.kind}


def verify(row: dict, output: Path, expected: np.ndarray) -> None:
    try:
        error, cosine = errors(output, expected)
    except (OSError, process.WorkerError) as failure:
        rows.failed(row, "failed", str(failure))
        return
    row.update(relative_error=error, cosine=cosine)
    # Written so that a NaN fails.
    if not (error <= MOST_ERROR and cosine >= LEAST_COSINE):
        rows.failed(row, "wrong", f"off by {error:.2g} of the largest value, cosine {cosine:.7f}")


def measure_case(args, work: Work, case: Case, threads: int, folder: Path) -> list[dict]:
    peers = (["inkstone"] if args.inkstone else []) + args.peers
    outputs = {peer: folder / f"{case.key}-{peer}-{threads}.f32" for peer in peers}
    commands = {peer: worker_command(peer, args, work, case, threads, outputs[peer]) for peer in peers}
    samples = measure.alternating(commands, args.rounds, args.timeout)
    with np.load(work.reference(case)) as reference:
        found = [make_row(peer, case, threads, samples[peer], outputs[peer], reference) for peer in peers]
    rows.add_ratios(found)
    return found


def measure_cold(args, work: Work, case: Case, threads: int, folder: Path) -> list[dict]:
    """A row for each engine and each of its ways to load."""
    outputs, commands = {}, {}
    for peer in (["inkstone"] if args.inkstone else []) + args.peers:
        for number, way in enumerate(model_backends.COLD[peer][1] if peer != "inkstone" else ("",)):
            output = folder / f"{case.key}-{peer}-{number}-{threads}.f32"
            command = worker_command(peer, args, work, case, threads, output)
            outputs[peer, way], commands[peer, way] = output, command + (["--cold", way] if way else [])
    starts = cold.alternating(commands, args.rounds, args.timeout)
    with np.load(work.reference(case)) as reference:
        found = []
        for (peer, way), output in outputs.items():
            found.append(rows.cold_row(what_of(case), peer, way, threads, starts[peer, way]))
            if found[-1]["status"] == "ok":
                verify(found[-1], output, reference["rows"])
    rows.add_ratios(found)
    return found


def new_results(args) -> dict:
    if args.append and args.json.exists():
        return json.loads(args.json.read_text())
    return {
        "benchmark": "models",
        "rounds": args.rounds,
        "machine": machine.describe(),
        "versions": machine.versions(args.inkstone),
        "settings": {peer: model_backends.SETTINGS[peer] for peer in args.peers},
        "peak": {},
        "rows": [],
    }


def main() -> None:
    args = parse_arguments()
    # As an exception, so that the temporary folder and the workers go too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    work = Work(args.work.resolve())
    todo = [case for name in args.model for case in cases(MODELS[name], args.texts, args.batch)]
    try:
        for case in todo:
            prepare(case, work)
    except (PrepareError, OSError) as error:
        sys.exit(f"run_models.py: {error}")
    if args.prepare:
        return
    results = new_results(args)
    with tempfile.TemporaryDirectory() as temporary:
        for case in todo:
            for threads in args.threads:
                print(f"{case.model.name}, {case.label}, {threads} threads ...", file=sys.stderr, flush=True)
                measured = (measure_cold if args.cold else measure_case)(args, work, case, threads, Path(temporary))
                results["rows"] += measured
                if not args.cold:
                    rows.update_peaks(args.inkstone, [threads], results)
                rows.save(results, args.json)  # after each case: hours of measuring survive an interruption
    print(table.render(results))
    if rows.any_wrong(results["rows"]):
        sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
