"""Convolutions of the networks one by one: inkstone's best kernel beside OpenVINO's, in turns.

OpenVINO runs a network of the one layer; its time is what it counts for the convolution alone, so that bringing maps
into its own layout and back, which neighbours in a real network spare, does not count. inkstone's is that of
`inkstone bench kernels`, which adds a bias besides.
"""

import argparse
import json
import math
import re
import statistics
import subprocess
from pathlib import Path

import numpy

import backends
import machine
from table import markdown

SHAPES = Path(__file__).resolve().parents[1] / "shapes"
FIELDS = ("ih", "iw", "ic", "oc", "kernel", "stride", "pad", "count")
SECONDS = 0.03  # of a turn


def read_layers() -> dict[str, dict]:
    """The convolutions of bench/shapes by network/name."""
    found = {}
    for file in sorted(SHAPES.glob("*.txt")):
        for line in file.read_text().splitlines():
            if line and not line.startswith("#"):
                name, kind, *numbers = line.split()
                if kind == "conv":
                    found[f"{file.stem}/{name}"] = dict(zip(FIELDS, map(int, numbers)))
    return found


class OpenVino:
    def __init__(self, layer: dict, threads: int):
        import openvino
        from openvino import opset8
        generator = numpy.random.default_rng(1)
        k, s, p = layer["kernel"], layer["stride"], layer["pad"]
        self.layer = layer
        self.src = generator.standard_normal((1, layer["ic"], layer["ih"], layer["iw"]), numpy.float32)
        self.weights = generator.standard_normal((layer["oc"], layer["ic"], k, k), numpy.float32)
        src = opset8.parameter(self.src.shape, numpy.float32)
        conv = opset8.convolution(src, opset8.constant(self.weights), [s, s], [p, p], [p, p], [1, 1])
        settings = backends.openvino_settings(threads) | {"PERF_COUNT": True}
        compiled = openvino.Core().compile_model(openvino.Model([conv], [src]), "CPU", settings)
        self.request = compiled.create_infer_request()
        self.request.set_input_tensor(openvino.Tensor(self.src, shared_memory=True))
        self.request.infer()
        self.check()

    def check(self):
        """Three pixels against their definition."""
        layer, out = self.layer, self.request.get_output_tensor().data
        k, s, p = layer["kernel"], layer["stride"], layer["pad"]
        padded = numpy.pad(self.src[0].astype(numpy.float64), ((0, 0), (p, p), (p, p)))
        for y, x in ((0, 0), (out.shape[2] // 2, out.shape[3] // 2), (out.shape[2] - 1, out.shape[3] - 1)):
            window = padded[:, y * s:y * s + k, x * s:x * s + k]
            want = numpy.tensordot(self.weights.astype(numpy.float64), window, 3)
            if not numpy.allclose(out[0, :, y, x], want, rtol=0, atol=1e-4 * math.sqrt(window.size)):
                raise SystemExit(f"OpenVINO's result is wrong at {y}, {x}")

    def turn(self) -> tuple[float, str]:
        """(us, the kernel's name), median of the turn."""
        times, name = [], ""
        while sum(times) < SECONDS * 1e6:
            self.request.infer()
            for node in self.request.profiling_info:
                if node.node_type == "Convolution":
                    times.append(max(1.0, node.real_time.total_seconds() * 1e6))
                    name = node.exec_type
            if not times:
                raise SystemExit("OpenVINO reports no time of a convolution")
        return statistics.median(times), name


def inkstone_turn(inkstone: str, name: str, threads: int) -> tuple[float, str]:
    # Other libraries' names have no underscore.
    command = [inkstone, "bench", "kernels", "--filter", f"^conv/{re.escape(name)}/[a-z0-9]+_", "--thread-counts",
               str(threads), "--rounds", "1", "--seconds", str(SECONDS), "-o", "json"]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["rows"]
    best = min(rows, key=lambda row: row["us"])
    return best["us"], best["variant"]


def measure(name: str, layer: dict, arguments: argparse.Namespace) -> dict:
    peer = OpenVino(layer, arguments.threads)
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        ours.append(inkstone_turn(arguments.inkstone, name, arguments.threads))
        theirs.append(peer.turn())
    us, peer_us = (statistics.median(time for time, _ in turns) for turns in (ours, theirs))
    return {"layer": name, "threads": arguments.threads, "us": us, "kernel": ours[0][1], "openvino_us": peer_us,
            "openvino_kernel": theirs[0][1], "ratio": peer_us / us}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inkstone", required=True, help="the command, with inkstone-bench-kernels beside it")
    parser.add_argument("--filter", default="", help="a regular expression that network/layer holds a match of")
    parser.add_argument("--kernel", type=int, default=3, help="size of the convolutions' kernels; default 3")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", help="file for the rows; those of other layers in it stay")
    arguments = parser.parse_args()
    rows = [measure(name, layer, arguments) for name, layer in read_layers().items()
            if layer["kernel"] == arguments.kernel and re.search(arguments.filter, name)]
    if not rows:
        raise SystemExit("--filter: no layer matches")
    if arguments.json:
        file = Path(arguments.json)
        before = json.loads(file.read_text())["rows"] if file.exists() else []
        measured = {(row["layer"], row["threads"]) for row in rows}
        rows = [row for row in before if (row["layer"], row["threads"]) not in measured] + rows
        about = {"machine": machine.describe(), "versions": machine.versions(arguments.inkstone)}
        file.write_text(json.dumps(about | {"rows": rows}, indent=1) + "\n")
    print(markdown(["layer", "inkstone's kernel", "threads", "inkstone, us", "OpenVINO, us", "OpenVINO over inkstone"],
                   [[row["layer"], row["kernel"], str(row["threads"]), f"{row['us']:.0f}", f"{row['openvino_us']:.0f}",
                     f"{row['ratio']:.2f}x"] for row in rows]))
    least = min(rows, key=lambda row: row["ratio"])
    mean = statistics.geometric_mean(row["ratio"] for row in rows)
    print(f"\n{len(rows)} layers, geometric mean {mean:.2f}x, least {least['ratio']:.2f}x ({least['layer']})")


if __name__ == "__main__":
    main()
