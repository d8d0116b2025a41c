"""Draws results of run.py or run_models.py as an SVG of time and memory: plot.py RESULTS.json... --out FILE.svg"""

import argparse
import json
from pathlib import Path

from svg import Drawing
from table import NAMES

COLOURS = {"inkstone": "#d1495b", "ort": "#30638e", "openvino": "#7a9cc6", "ncnn": "#b8c4d0", "torch": "#d9c5b2"}
BAR, GAP, GROUP_GAP = 15, 3, 20
LABEL, PANEL, VALUE, MARGIN, TOP = 130, 300, 70, 16, 74


def read_rows(files: list[str]) -> list[dict]:
    """What was measured and right; of a work that was measured twice, the later."""
    found = {}
    for file in files:
        for row in json.loads(Path(file).read_text())["rows"]:
            if "median_ms" in row and row["mode"] != "cold" and row.get("status", "ok") == "ok":
                found[row["peer"], row["threads"], row.get("model", row.get("size")), row.get("case")] = row
    return list(found.values())


def cases_of(rows: list[dict]) -> list[tuple[str, list[dict]]]:
    """(what was run, its rows with inkstone first): pictures by size, models in the order of the files."""
    cases: dict[tuple, list[dict]] = {}
    for row in rows:
        work = f"{row['model']}, {row['case']}" if "model" in row else row["size"]
        cases.setdefault((work, row["threads"]), []).append(row)
    ordered = list(cases)
    if "size" in rows[0]:
        ordered.sort(key=lambda key: (pixel_count(key[0]), key[1]))
    order = list(NAMES)
    return [(f"{work}, {threads} thread{'s' if threads > 1 else ''}",
             sorted(cases[work, threads], key=lambda row: order.index(row["peer"])))
            for work, threads in ordered]


def pixel_count(size: str) -> int:
    w, h = size.split("x")
    return int(w) * int(h)


def panel(drawing: Drawing, x: float, y: float, rows: list[dict], key: str, unit: str, scale: float):
    """Bars of one case, as long as their share of its largest, with their values behind them."""
    longest = max(row[key] for row in rows)
    ours = next((row[key] for row in rows if row["peer"] == "inkstone"), None)
    for row in rows:
        value, name = row[key], NAMES[row["peer"]]
        width = PANEL * value / longest
        shown = f"{value * scale:,.{0 if value * scale >= 10 else 1}f} {unit}".replace(",", " ")
        drawing.bar(x, y, width, BAR, COLOURS[row["peer"]], f"{name}: {shown}")
        factor = f" ({value / ours:.1f}x)" if ours and row["peer"] != "inkstone" else ""
        drawing.text(x + width + 6, y + BAR - 3.5, shown + factor, font_size=11,
                     font_weight="bold" if row["peer"] == "inkstone" else "normal", fill="#333")
        y += BAR + GAP


def draw(files: list[str]) -> str:
    rows = read_rows(files)
    cases = cases_of(rows)
    drawing = Drawing()
    # About as wide as its text.
    label = max(LABEL, 6.6 * max(len(name) for name, _ in cases))
    times, memories = MARGIN + label, MARGIN + label + PANEL + 2 * VALUE
    what = "Real-CUGAN se 2x, whole picture" if "size" in rows[0] else "Models in their released sizes"
    drawing.text(MARGIN, 26, f"{what}, float32", font_size=16, font_weight="bold", fill="#111")
    x = times
    measured = {row["peer"] for row in rows}
    for peer, name in NAMES.items():
        if peer not in measured:
            continue
        drawing.bar(x, 38, 11, 11, COLOURS[peer])
        drawing.text(x + 16, 48, name, font_size=12, fill="#333")
        x += 30 + 7.2 * len(name)
    drawing.text(times, TOP - 8, "time, median", font_size=12, fill="#666")
    drawing.text(memories, TOP - 8, "peak memory of the process", font_size=12, fill="#666")
    y = TOP
    for name, bars in cases:
        height = len(bars) * (BAR + GAP)
        drawing.text(MARGIN, y + height / 2 + 4, name, font_size=12, fill="#111")
        panel(drawing, times, y, bars, "median_ms", "ms", 1)
        panel(drawing, memories, y, bars, "peak_rss_bytes", "MiB", 1 / 2**20)
        y += height + GROUP_GAP
    width = memories + PANEL + 2 * VALUE + MARGIN
    return drawing.document(width, y)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    Path(arguments.out).write_text(draw(arguments.results))


if __name__ == "__main__":
    main()
