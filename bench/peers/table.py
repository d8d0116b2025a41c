"""Renders the results of run.py or run_models.py as Markdown: python table.py RESULTS.json [--short]"""

import argparse
import json
from pathlib import Path

NAMES = {"inkstone": "inkstone", "ort": "onnxruntime", "openvino": "OpenVINO", "ncnn": "ncnn", "torch": "torch"}
# Above this share of the cores the numbers describe the neighbours too.
NOISY_CORES = 0.2


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """The first two columns left, the others right, filled up so that the source reads as a table too."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]

    def line(cells: list[str]) -> str:
        padded = [cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(cells, widths))]
        return "| " + " | ".join(padded) + " |"

    ruler = ["-" * w if i < 2 else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    return "\n".join([line(header), line(ruler), *map(line, rows)])


def memory(count: int) -> str:
    return f"{count / 2**20:.0f} MiB"


def long_rows(results: dict) -> tuple[list[str], list[list[str]]]:
    header = ["picture, threads", "engine", "median ms", "spread", "min-max ms", "GFLOP/s", "of peak",
              "peak memory", "max error", "speed vs fastest peer"]
    rows = []
    for row in results["rows"]:
        label = [f"{row['size']}, {row['threads']}", NAMES[row["peer"]]]
        if "median_ms" not in row:
            rows.append(label + [row["status"]] + ["-"] * (len(header) - 3))
            continue
        error = row["max_abs_error"]
        rows.append(label + [
            f"{row['median_ms']:.1f}",
            f"{100 * row['spread']:.1f} %",
            f"{row['min_ms']:.1f}-{row['max_ms']:.1f}",
            f"{row['gflops']:.0f}",
            f"{100 * row['share_of_peak']:.0f} %" if row["share_of_peak"] else "-",
            memory(row["peak_rss_bytes"]),
            "-" if error is None else "reference" if row["reference"] == row["peer"] else f"{error:.1e}",
            f"{row['speed_ratio']:.2f}x" if "speed_ratio" in row else row["status"],
        ])
    return header, rows


def short_rows(results: dict) -> tuple[list[str], list[list[str]]]:
    """One line a picture size and thread count: the medians, and the memory of all in the same order."""
    peers = list(dict.fromkeys(row["peer"] for row in results["rows"]))
    cases: dict[tuple, dict] = {}
    for row in results["rows"]:
        cases.setdefault((row["size"], row["threads"]), {})[row["peer"]] = row
    header = ["picture", "threads", *(f"{NAMES[peer]}, ms" for peer in peers), "peak memory, MiB"]
    with_ratio = "inkstone" in peers and len(peers) > 1
    if with_ratio:
        header.append("inkstone vs fastest peer")
    rows = []
    for (size, threads), by_peer in cases.items():
        good = {peer: row for peer, row in by_peer.items() if row["status"] == "ok"}
        cells = [size, str(threads)]
        cells += [f"{good[peer]['median_ms']:.0f}" if peer in good else "-" for peer in peers]
        cells.append(" / ".join(f"{good[peer]['peak_rss_bytes'] / 2**20:.0f}" if peer in good else "-"
                                for peer in peers))
        if with_ratio:
            ratio = good.get("inkstone", {}).get("speed_ratio")
            cells.append(f"{ratio:.2f}x" if ratio else "-")
        rows.append(cells)
    return header, rows


def machine_notes(results: dict) -> list[str]:
    host, versions = results["machine"], results["versions"]
    peaks = ", ".join(f"{value['gflops']:.0f} GFLOP/s x{threads}"
                      for threads, value in results["peak"].items())
    sources = ", ".join(dict.fromkeys(value["source"] for value in results["peak"].values()))
    peak = f"; peak {peaks} ({sources})" if peaks else ""
    return [
        f"- {host['cpu']}, {host['cores']} cores, {' '.join(host['flags'])}{peak}",
        "- " + ", ".join(f"{name} {version}" for name, version in versions.items() if version),
    ]


def doubts(results: dict) -> list[str]:
    lines = []
    noisy = max((row["foreign_cores"] for row in results["rows"] if "foreign_cores" in row), default=0.0)
    if noisy > NOISY_CORES:
        lines.append(f"- **Not a quiet machine**: other processes used up to {noisy:.1f} cores meanwhile.")
    if results["rounds"] < 7:
        lines.append("- **Too few runs**: at least 7 are needed.")
    return lines


def notes(results: dict) -> list[str]:
    lines = [
        f"- {results['benchmark']}, {results['network']}, float32, picture {results['picture']}, "
        f"{results['rounds']} runs each, {results['machine']['date'][:10]}",
        *machine_notes(results),
    ]
    references = {row["size"]: row["reference"] for row in results["rows"] if row.get("reference")}
    if references:
        against = ", ".join(f"{size}: {NAMES.get(name, name)}" for size, name in references.items())
        lines.append(f"- Error: largest absolute difference on a 0..1 scale, against ({against}).")
    lines.append("- Spread: interquartile range over the median. GFLOP/s count the direct algorithm, so "
                 "Winograd may exceed the peak. Peak memory: resident, preparation excluded.")
    isolated = dict.fromkeys(row["size"] for row in results["rows"] if row["mode"] == "isolated")
    if isolated:
        lines.append(f"- One process at a time, in two passes: {', '.join(isolated)}. "
                     "Elsewhere the engines took turns run by run.")
    lines += doubts(results)
    lines += dict.fromkeys(f"- {NAMES[row['peer']]}, {row['size']}, {row['threads']} threads: {row['reason']}"
                           for row in results["rows"] if row["reason"])
    return lines


def render(results: dict, short: bool = False) -> str:
    if results["benchmark"] == "models":
        import table_models
        return table_models.render(results, short)
    header, rows = short_rows(results) if short else long_rows(results)
    lines = notes(results)
    if not short:
        lines += [f"- {NAMES[peer]}: {text}" for peer, text in results["settings"].items()]
    return markdown(header, rows) + "\n\n" + "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--short", action="store_true", help="one line a picture size and thread count")
    args = parser.parse_args()
    print(render(json.loads(args.results.read_text()), args.short))


if __name__ == "__main__":
    main()
