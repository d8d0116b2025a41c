"""Draws the layers of a network under the roofs of the machine, as an SVG.

roofline.py LAYERS.json --title "ResNet-50" --out FILE.svg, where LAYERS.json is what
`inkstone bench model MODEL --layers --json` printed.
"""

import argparse
import json
import math
import re
from pathlib import Path

from svg import Drawing

WIDTH, HEIGHT = 860, 520
LEFT, RIGHT, TOP, BOTTOM = 66, 20, 74, 52
# By the kernel's name without its size and instruction set; all others are gray.
KINDS = {
    "winograd6": ("3x3 by Winograd F(6x6)", "#d1495b"),
    "winograd4": ("3x3 by Winograd F(4x4)", "#edae49"),
    "winograd2": ("3x3 by Winograd F(2x2)", "#c08552"),
    "gemm": ("products, convolutions by taps", "#30638e"),
    "narrow": ("convolutions of few channels", "#00798c"),
    "depthwise": ("depthwise convolutions", "#6a994e"),
    "attention": ("attention", "#8f5fbf"),
}
OTHERS = ("all else", "#9aa5b1")
# Multiplications of direct convolution for one of Winograd's.
GAINS = {"winograd2": (2.25, "F(2x2): 2.25 x fewer multiplications"),
         "winograd4": (4, "F(4x4): 4 x fewer multiplications"),
         "winograd6": (5.0625, "F(6x6): 5.1 x fewer multiplications")}
LABELS = 10  # of the layers that take longest
CHARACTER = 5.6


def kind_of(kernel: str) -> str:
    name = re.match(r"[a-z]+[46]?", kernel.removeprefix("expand_"))
    return name[0] if name and name[0] in KINDS else ""


class Axes:
    """FLOP a byte to the right, GFLOP/s upwards, both logarithmic."""

    def __init__(self, least_x: float, most_x: float, least_y: float, most_y: float):
        self.x_range, self.y_range = (least_x, most_x), (least_y, most_y)

    def x(self, value: float) -> float:
        low, high = self.x_range
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / low) / math.log(high / low)

    def y(self, value: float) -> float:
        low, high = self.y_range
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * math.log(value / low) / math.log(high / low)

    def slope(self) -> float:
        """Of a line of constant bandwidth, in degrees."""
        (x0, x1), (y0, y1) = self.x_range, self.y_range
        across, up = (WIDTH - LEFT - RIGHT) / math.log(x1 / x0), (HEIGHT - TOP - BOTTOM) / math.log(y1 / y0)
        return math.degrees(math.atan2(up, across))


def short(value: float) -> str:
    return f"{value:g}" if value < 1e4 else f"{value / 1e3:g}k"


def draw_axes(drawing: Drawing, axes: Axes):
    for low, high, place, vertical in ((*axes.x_range, axes.x, True), (*axes.y_range, axes.y, False)):
        # Powers of 4 to the right and of 10 upwards.
        base = 4 if vertical else 10
        for power in range(math.ceil(math.log(low, base) - 1e-9), math.floor(math.log(high, base) + 1e-9) + 1):
            value, at = base**power, place(base**power)
            if vertical:
                drawing.line(at, TOP, at, HEIGHT - BOTTOM, stroke="#eee")
                shown = short(value) if power >= 0 else f"1/{base**-power}"
                drawing.text(at, HEIGHT - BOTTOM + 17, shown, font_size=11, fill="#666", text_anchor="middle")
            else:
                drawing.line(LEFT, at, WIDTH - RIGHT, at, stroke="#eee")
                drawing.text(LEFT - 8, at + 4, short(value), font_size=11, fill="#666", text_anchor="end")
    drawing.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "work per byte of inputs, weights and output, FLOP",
                 font_size=12, fill="#333", text_anchor="middle")
    middle = (TOP + HEIGHT - BOTTOM) / 2
    drawing.text(16, middle, "GFLOP/s", font_size=12, fill="#333", text_anchor="middle",
                 transform=f"rotate(-90 16 {middle:g})")


def draw_roofs(drawing: Drawing, axes: Axes, peak: float, bandwidths: dict, kinds: set[str]) -> list[tuple]:
    """The boxes of them and of their labels."""
    boxes = []

    def flat(value: float, label: str, below: bool = False, **style):
        begin = axes.x(value / fastest)
        drawing.line(begin, axes.y(value), WIDTH - RIGHT, axes.y(value), **style)
        # Clear of the slanting roof, which goes on under a higher one.
        x, y = begin + 48, axes.y(value) + (14 if below else -5)
        boxes.append((begin, axes.y(value) - 2, WIDTH - RIGHT, axes.y(value) + 2))
        drawing.text(x, y, label, font_size=11, fill="#555")
        boxes.append((x, y - 10, x + CHARACTER * len(label), y + 3))

    fastest = max(bandwidths.values())
    flat(peak, f"peak of multiply-adds, {peak:.0f} GFLOP/s", stroke="#333", stroke_width=1.6)
    for kind, (gain, label) in GAINS.items():
        if kind in kinds:
            flat(peak * gain, label, below=kind == "winograd4", stroke=KINDS[kind][1], stroke_width=1.2,
                 stroke_dasharray="5 4")
    names = {"memory": "memory", "second_level_cache": "second-level caches"}
    for name, value in bandwidths.items():
        top = peak * max([1] + [GAINS[kind][0] for kind in kinds if kind in GAINS]) if value == fastest else peak
        x0 = max(axes.x_range[0], axes.y_range[0] / value)
        x1 = min(axes.x_range[1], top / value)
        drawing.line(axes.x(x0), axes.y(x0 * value), axes.x(x1), axes.y(x1 * value), stroke="#333", stroke_width=1.6)
        for part in range(101):
            point = x0 * (x1 / x0) ** (part / 100)
            boxes.append((axes.x(point) - 4, axes.y(point * value) - 3, axes.x(point) + 4, axes.y(point * value) + 3))
        at = x0 * (peak / value / x0) ** 0.25
        x, y = axes.x(at) - 3, axes.y(at * value) - 6
        label = f"{names[name]}, {value:.0f} GB/s"
        drawing.text(x, y, label, font_size=11, fill="#555", transform=f"rotate({-axes.slope():.1f} {x:.1f} {y:.1f})")
    return boxes


def draw_dots(drawing: Drawing, axes: Axes, layers: list[dict], boxes: list[tuple]):
    total = sum(layer["ms"] for layer in layers)
    placed = []
    for layer in sorted(layers, key=lambda layer: -layer["ms"]):
        x, y = axes.x(layer["intensity"]), axes.y(layer["gflops"])
        radius = 2.5 + 22 * math.sqrt(layer["ms"] / total)
        colour = KINDS.get(layer["kind"], OTHERS)[1]
        drawing.dot(x, y, radius, colour, f"{layer['node']}: {layer['kernel']}, {layer['ms']:.3f} ms, "
                    f"{layer['gflops']:.0f} GFLOP/s, {layer['intensity']:.1f} FLOP a byte")
        placed.append((x, y, radius, layer["node"]))
    dots = [(x - r, y - r, x + r, y + r) for x, y, r, _ in placed]
    for x, y, radius, name in placed[:LABELS]:
        width = CHARACTER * len(name)
        near = radius + 4
        for dx, dy in ((near, 4), (-near - width, 4), (near, -8), (near, 16), (-near - width, -8), (-near - width, 16),
                       (-width / 2, -near - 2), (-width / 2, near + 10)):
            box = (x + dx, y + dy - 9, x + dx + width, y + dy + 2)
            inside = box[0] > LEFT and box[2] < WIDTH - RIGHT and box[1] > TOP - 8 and box[3] < HEIGHT - BOTTOM
            if inside and not any(overlap(box, other) for other in boxes + dots):
                drawing.text(x + dx, y + dy, name, font_size=10.5, fill="#333")
                boxes.append(box)
                break


def same_shape_as_one(layers: list[dict]) -> list[dict]:
    """Layers that differ in a number of their names alone, such as those of a stack of blocks, as one."""
    merged: dict[tuple, dict] = {}
    for layer in layers:
        name = re.sub(r"\.\d+(?=\.)", ".*", layer["node"])
        flops = layer["gflops"] * layer["ms"] * 1e6
        key = (name, layer["kernel"], layer.get("stage"), layer["bytes"], round(math.log2(flops), 1))
        one = merged.setdefault(key, {"node": layer["node"], "kernel": layer["kernel"], "count": 0, "ms": 0, "flops": 0,
                                      "bytes": 0})
        one["count"] += 1
        one["ms"] += layer["ms"]
        one["flops"] += flops
        one["bytes"] += layer["bytes"]
        if one["count"] > 1:
            one["node"] = f"{name} ({one['count']})"
    return [one | {"kind": kind_of(one["kernel"]), "intensity": one["flops"] / one["bytes"],
                   "gflops": one["flops"] / one["ms"] / 1e6} for one in merged.values()]


def overlap(a: tuple, b: tuple) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def draw(measured: dict, title: str) -> str:
    layers = same_shape_as_one([layer for layer in measured["layers"]
                                if layer["gflops"] > 0 and layer["ms"] > 0 and layer["bytes"] > 0])
    total = sum(layer["ms"] for layer in measured["layers"])
    # What takes next to no time says nothing about the machine.
    layers = [layer for layer in layers if layer["ms"] >= total / 2000]
    kinds = {layer["kind"] for layer in layers}
    peak, bandwidths = measured["peak_gflops"], measured["gbytes_per_s"]
    roof = peak * max([1] + [GAINS[kind][0] for kind in kinds if kind in GAINS])
    axes = Axes(min(1 / 4, *(layer["intensity"] / 1.6 for layer in layers)),
                max(1024, *(layer["intensity"] * 1.6 for layer in layers)),
                min(peak / 64, *(layer["gflops"] / 1.6 for layer in layers)), roof * 1.7)
    drawing = Drawing()
    threads = measured["threads"]
    drawing.text(16, 26, f"{title}, {measured['precision']}, {threads} thread{'s' if threads > 1 else ''}",
                 font_size=16, font_weight="bold", fill="#111")
    drawing.text(WIDTH - RIGHT, 26, "a dot: a layer; its area: its share of the time", font_size=11, fill="#666",
                 text_anchor="end")
    x = LEFT
    for kind, (name, colour) in (KINDS | {"": OTHERS}).items():
        if kind in kinds:
            drawing.bar(x, 40, 11, 11, colour)
            drawing.text(x + 16, 50, name, font_size=12, fill="#333")
            x += 34 + 6.2 * len(name)
    draw_axes(drawing, axes)
    boxes = draw_roofs(drawing, axes, peak, bandwidths, kinds)
    draw_dots(drawing, axes, layers, boxes)
    return drawing.document(WIDTH, HEIGHT)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layers")
    parser.add_argument("--title", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    Path(arguments.out).write_text(draw(json.loads(Path(arguments.layers).read_text()), arguments.title))


if __name__ == "__main__":
    main()
