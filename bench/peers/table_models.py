"""Renders the results of run_models.py; table.py calls it."""

import table


def work_of(row: dict) -> tuple[str, str, str]:
    return row["model"], row["case"], str(row["threads"])


def milliseconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def by_work(rows: list[dict]) -> dict[tuple, dict]:
    """The rows of all engines at the same work; of a work that was measured twice, the later."""
    found: dict[tuple, dict] = {}
    for row in rows:
        found.setdefault(work_of(row), {})[row["peer"]] = row
    return found


def short_rows(rows: list[dict]) -> tuple[list[str], list[list[str]]]:
    """One line a work: the medians, behind those of peers how many times as fast inkstone is.

    Neighbours on the machine slow some engines more than others: the comparison of the best turns, and how many
    cores others used at worst, say how far the medians can be trusted.
    """
    peers = [peer for peer in dict.fromkeys(row["peer"] for row in rows) if peer != "inkstone"]
    header = ["model", "work", "threads", "inkstone, ms", *(f"{table.NAMES[peer]}, ms" for peer in peers),
              "vs fastest", "at best", "GFLOP/s", "of peak", "peak memory, MiB", "others' cores"]
    lines = []
    for work, engines in by_work(rows).items():
        good = {peer: row for peer, row in engines.items() if row["status"] == "ok"}
        ours = good.get("inkstone")

        def cell(peer: str) -> str:
            if peer not in good:
                return engines[peer]["status"] if peer in engines else "-"
            time = good[peer]["median_ms"]
            return milliseconds(time) + (f" ({time / ours['median_ms']:.2f}x)" if ours else "")

        least = [row["min_ms"] for peer, row in good.items() if peer != "inkstone"]
        foreign = max((row["foreign_cores"] for row in good.values()), default=None)
        share = ours and ours.get("share_of_peak")
        lines.append([
            *work,
            milliseconds(ours["median_ms"]) if ours else engines.get("inkstone", {}).get("status", "-"),
            *map(cell, peers),
            f"{ours['speed_ratio']:.2f}x" if ours and "speed_ratio" in ours else "-",
            f"{min(least) / ours['min_ms']:.2f}x" if ours and least else "-",
            f"{ours['gflops']:.0f}" if ours else "-",
            f"{100 * share:.0f} %" if share else "-",
            " / ".join(f"{good[peer]['peak_rss_bytes'] / 2**20:.0f}" if peer in good else "-"
                       for peer in ["inkstone", *peers]),
            f"{foreign:.1f}" if foreign is not None else "-",
        ])
    return header, lines


def long_rows(rows: list[dict]) -> tuple[list[str], list[list[str]]]:
    header = ["model, work, threads", "engine", "median ms", "spread", "min-max ms", "GFLOP/s", "of peak",
              "peak memory", "error", "1 - cosine", "speed vs fastest peer"]
    lines = []
    for row in rows:
        choice = f", {row['choice']}" if row.get("choice") else ""
        label = [", ".join(work_of(row)), table.NAMES[row["peer"]] + choice]
        if "median_ms" not in row:
            lines.append(label + [row["status"]] + ["-"] * (len(header) - 3))
            continue
        lines.append(label + [
            milliseconds(row["median_ms"]),
            f"{100 * row['spread']:.1f} %",
            f"{milliseconds(row['min_ms'])}-{milliseconds(row['max_ms'])}",
            f"{row['gflops']:.0f}",
            f"{100 * row['share_of_peak']:.0f} %" if row.get("share_of_peak") else "-",
            table.memory(row["peak_rss_bytes"]),
            f"{row['relative_error']:.1e}",
            f"{1 - row['cosine']:.1e}",
            f"{row['speed_ratio']:.2f}x" if "speed_ratio" in row else row["status"],
        ])
    return header, lines


def cold_rows(rows: list[dict]) -> tuple[list[str], list[list[str]]]:
    """One line an engine and way to load: process start to first result, and that without the interpreter."""
    header = ["model, threads", "engine", "process start to result, ms", "inkstone is faster by",
              "load and run alone, ms", "inkstone is faster by", "peak memory"]
    ours = {work_of(row): row["median_ms"] for row in rows if row["peer"] == "inkstone" and row["status"] == "ok"}
    lines = []
    for row in rows:
        way = f", {row['choice']}" if row.get("choice") else ""
        label = [f"{row['model']}, {row['threads']}", table.NAMES[row["peer"]] + way]
        if row["status"] != "ok":
            lines.append(label + [row["status"]] + ["-"] * (len(header) - 3))
            continue
        beside = ours.get(work_of(row)) if row["peer"] != "inkstone" else None
        lines.append(label + [
            milliseconds(row["median_ms"]),
            f"{row['median_ms'] / beside:.2f}x" if beside else "",
            milliseconds(row["load_run_ms"]),
            f"{row['load_run_ms'] / beside:.2f}x" if beside else "",
            table.memory(row["peak_rss_bytes"]),
        ])
    return header, lines


def notes(results: dict) -> list[str]:
    modes = {row["mode"] for row in results["rows"]}
    lines = [
        f"- Released sizes, made-up weights, float32, {results['rounds']} turns each, "
        f"{results['machine']['date'][:10]}",
        *table.machine_notes(results),
    ]
    if "alternating" in modes:
        lines.append(
            "- Behind a peer's time: how many times as fast inkstone is; at best: of the best turns. Others' cores: "
            "what other processes used at worst. Spread: interquartile range over the median. Error: of the largest "
            "value, against torch in float64. GFLOP/s count the tokens that are needed, not padding. Peak memory: "
            "resident, preparation excluded.")
    if "cold" in modes:
        lines.append(
            "- Cold start: the files are in the page cache. Load and run alone: without the start of the interpreter "
            "and its imports, where there is one. optimised: the graph as onnxruntime left it beforehand; not packed: "
            "weights as they are in the file; compiled: what OpenVINO made of the model beforehand. Peak memory: "
            "resident, from the start on.")
    lines += table.doubts(results)
    return lines + list(dict.fromkeys(
        f"- {table.NAMES[row['peer']]}, {', '.join(work_of(row))} threads: {row['reason']}"
        for row in results["rows"] if row["reason"]))


def render(results: dict, short: bool = False) -> str:
    warm = [row for row in results["rows"] if row["mode"] != "cold"]
    cold = [row for row in results["rows"] if row["mode"] == "cold"]
    parts = [table.markdown(*short_rows(warm))] if warm else []
    if warm and not short:
        parts.append(table.markdown(*long_rows(warm)))
    if cold:
        parts.append(table.markdown(*cold_rows(cold)))
    settings = [f"- {table.NAMES[peer]}: {text}" for peer, text in results["settings"].items()]
    return "\n\n".join(parts + ["\n".join(notes(results) + settings)])
