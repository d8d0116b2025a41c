"""Times the Real-CUGAN core network in inkstone and in its peers, side by side. See README.md."""

import argparse
import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import backends
import machine
import measure
import network as nets
import picture
import process
import reference
import rows
import table

HERE = Path(__file__).parent
# Upper bound over the peers, as a multiple of the sum of all activations: ncnn with its pools takes 1.16.
MEMORY_FACTOR = 1.2
MEMORY_BASE = 400 << 20
# A peer that would take more than this share of the free memory is left out rather than killed by the kernel.
MEMORY_SHARE = 0.9


@dataclass
class Model:
    param: Path
    net: nets.Network
    scale: int
    pro: bool


@dataclass
class Case:
    """One picture size: the files of its workers and the result to compare with."""
    width: int
    height: int
    padded: tuple[int, int]
    dst_shape: tuple[int, int, int]
    flops: int
    memory: int
    input: Path
    onnx: Path
    reference: np.ndarray | None
    reference_name: str


def parse_size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--models", type=Path, metavar="DIR", help="folder of models-se, models-pro, ...")
    source.add_argument("-m", dest="model", type=Path, metavar="FILE.param",
                        help="instead of --models and --network")
    parser.add_argument("--network", default="se/up2x-no-denoise",
                        help="family/name (default: %(default)s)")
    parser.add_argument("--inkstone", metavar="PATH",
                        help="the inkstone program; without it the peers run alone")
    parser.add_argument("--peers", default="ort,openvino,ncnn", help="default: %(default)s")
    parser.add_argument("--sizes", default="256x256,640x360,1280x720", help="default: %(default)s")
    parser.add_argument("--threads", default="1,all", help="counts or 'all' (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=9,
                        help="timed runs of each (default: %(default)s; at least 7 for numbers to show)")
    parser.add_argument("--isolated", choices=("auto", "always", "never"), default="auto",
                        help="one worker alive at a time (auto: where all would not fit in memory)")
    parser.add_argument("--picture", type=Path, help="input picture (default: a synthetic one)")
    parser.add_argument("--reference", type=Path, action="append", default=[], metavar="FILE.npy",
                        help="expected output [1, oh, ow, 3] of the size with that shape; may be repeated")
    parser.add_argument("--reference-pixels", type=int, default=256 * 256, metavar="N",
                        help="up to so many pixels the reference is float64 (default: %(default)s)")
    parser.add_argument("--timeout", type=float, default=1800, metavar="SECONDS",
                        help="for one answer of a worker (default: %(default)s)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep inputs, models and outputs there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the results go")
    args = parser.parse_args()
    if args.inkstone and not os.access(args.inkstone, os.X_OK):
        parser.error(f"--inkstone {args.inkstone}: no such program")
    args.peers = args.peers.split(",")
    unknown = set(args.peers) - set(backends.BACKENDS)
    if unknown:
        parser.error(f"unknown peers {', '.join(sorted(unknown))}; there are {', '.join(backends.BACKENDS)}")
    if args.rounds < 2:
        parser.error("--rounds must be at least 2")
    args.sizes = [parse_size(text) for text in args.sizes.split(",")]
    args.threads = [machine.cores() if text == "all" else int(text) for text in args.threads.split(",")]
    args.threads = list(dict.fromkeys(args.threads))
    return args


def load_model(args: argparse.Namespace) -> Model:
    if args.model:
        param = args.model
    else:
        family, _, name = args.network.partition("/")
        param = args.models / f"models-{family}" / f"{name}.param"
    match = re.match(r"up([234])x", param.name)
    if not match:
        sys.exit(f"{param}: the name does not begin with up2x, up3x or up4x")
    return Model(param, nets.load(param), int(match[1]), param.parent.name.endswith("pro"))


def prepare_case(args: argparse.Namespace, model: Model, size: tuple[int, int], folder: Path) -> Case:
    width, height = size
    original = picture.from_file(args.picture, *size) if args.picture else picture.synthetic(*size)
    src = picture.network_input(original, model.scale, model.pro)
    padded = src.shape[:2]
    shapes = model.net.shapes(*padded)
    oc, oh, ow = shapes[model.net.output]

    stem = f"{model.param.stem}-{width}x{height}"
    input_file, onnx_file = folder / f"{stem}-input.f32", folder / f"{stem}.onnx"
    src.tofile(input_file)
    if "ort" in args.peers or "openvino" in args.peers:
        subprocess.run([sys.executable, str(HERE / "realcugan_onnx.py"), str(model.param), str(onnx_file),
                        "--shape", f"{padded[0]}x{padded[1]}"], check=True)

    expected, name = None, ""
    for path in args.reference:
        candidate = np.load(path)
        if candidate.shape == (1, oh, ow, oc):
            expected, name = candidate.astype(np.float64), path.name
    if expected is None and width * height <= args.reference_pixels:
        expected, name = reference.run(model.net, src), "float64"
    activations = sum(4 * c * h * w for c, h, w in shapes.values())
    return Case(width, height, padded, (oh, ow, oc), model.net.flops(*padded),
                int(activations * MEMORY_FACTOR) + MEMORY_BASE, input_file, onnx_file, expected, name)


def worker_command(peer: str, args, model: Model, case: Case, threads: int, dst: Path) -> list[str]:
    oh, ow, oc = case.dst_shape
    common = ["-j", str(threads), "--input", str(case.input), "--output", str(dst),
              "--shape", f"1x{case.padded[0]}x{case.padded[1]}x3"]
    if peer == "inkstone":
        return [args.inkstone, "bench", "worker", "-m", str(model.param), *common]
    file = model.param if peer == "ncnn" else case.onnx
    return [sys.executable, str(HERE / "worker.py"), peer, "-m", str(file), *common,
            "--output-shape", f"1x{oh}x{ow}x{oc}"]


def measure_case(args, model: Model, case: Case, threads: int, folder: Path) -> list[dict]:
    peers = (["inkstone"] if args.inkstone else []) + args.peers
    outputs = {peer: folder / f"{case.input.stem}-{peer}-{threads}.f32" for peer in peers}
    commands = {peer: worker_command(peer, args, model, case, threads, outputs[peer]) for peer in peers}
    for output in outputs.values():
        output.unlink(missing_ok=True)

    free = machine.available_memory()
    all_fit = len(peers) * case.memory <= MEMORY_SHARE * free
    together = args.isolated == "never" or (args.isolated == "auto" and all_fit)
    skipped = {}
    if not together and case.memory > MEMORY_SHARE * free:
        reason = f"skipped: wants about {case.memory >> 20} MiB, {free >> 20} MiB are free"
        skipped = {peer: reason for peer in peers if peer != "inkstone"}
    running = {peer: command for peer, command in commands.items() if peer not in skipped}
    samples = (measure.alternating if together else measure.isolated)(running, args.rounds, args.timeout)
    samples.update({peer: measure.Sample(failure=reason) for peer, reason in skipped.items()})

    if case.reference is None and outputs.get("ort", folder).is_file():
        case.reference = np.fromfile(outputs["ort"], np.float32).astype(np.float64)
        case.reference_name = "ort"
    found = []
    for peer in peers:
        found.append(make_row(peer, case, threads, samples[peer], outputs[peer], together))
        if not args.keep:
            outputs[peer].unlink(missing_ok=True)
    rows.add_ratios(found)
    return found


def make_row(peer: str, case: Case, threads: int, sample: measure.Sample, output: Path,
             together: bool) -> dict:
    what = {"size": f"{case.width}x{case.height}", "padded": f"{case.padded[1]}x{case.padded[0]}"}
    row = rows.row_of(what, peer, threads, sample, "alternating" if together else "isolated")
    if sample.failure:
        return row
    try:
        error = measure.max_error(output, case.reference)
    except process.WorkerError as failure:
        rows.failed(row, "failed", str(failure))
        return row
    rows.measured(row, sample, case.flops)
    row.update(max_abs_error=error, reference=case.reference_name or None)
    if error is not None and error > measure.MAX_ERROR:
        rows.failed(row, "wrong", f"off by {error:.2g} from {case.reference_name}")
    return row


def main() -> None:
    args = parse_arguments()
    # As an exception, so that the temporary folder and the workers go too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        model = load_model(args)
    except (OSError, nets.NetworkError) as error:
        sys.exit(f"run.py: {error}")
    results = {
        "benchmark": "Real-CUGAN core network",
        "network": f"{model.param.parent.name}/{model.param.stem}",
        "bin_sha256": hashlib.sha256(model.param.with_suffix(".bin").read_bytes()).hexdigest(),
        "picture": args.picture.name if args.picture else "synthetic",
        "rounds": args.rounds,
        "machine": machine.describe(),
        "versions": machine.versions(args.inkstone),
        "settings": {peer: backends.SETTINGS[peer] for peer in args.peers},
        "peak": {},
        "rows": [],
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = (args.keep or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        rows.update_peaks(args.inkstone, args.threads, results)
        for size in args.sizes:
            case = prepare_case(args, model, size, folder)
            for threads in args.threads:
                print(f"{size[0]}x{size[1]}, {threads} threads ...", file=sys.stderr, flush=True)
                results["rows"] += measure_case(args, model, case, threads, folder)
                rows.update_peaks(args.inkstone, args.threads, results)
                rows.save(results, args.json)  # after each case: hours of measuring survive an interruption
    print(table.render(results))
    if rows.any_wrong(results["rows"]):
        sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
