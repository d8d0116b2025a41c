"""One row of the results: what was measured of one engine at one piece of work, and where it stands."""

import json
import statistics
from pathlib import Path

import cold
import machine
import measure


def row_of(what: dict, peer: str, threads: int, sample: measure.Sample, mode: str) -> dict:
    """what: the keys that say which work it was. Without statistics: those are measured()."""
    row = what | {
        "threads": threads,
        "peer": peer,
        "mode": mode,
        "status": "failed" if sample.failure else "ok",
        "reason": sample.failure,
        "times_ms": [round(value, 3) for value in sample.times_ms],
        "prepare_ms": [round(value, 1) for value in sample.prepare_ms],
        "first_ms": [round(value, 1) for value in sample.first_ms],
        "prepare_rss_bytes": sample.prepare_rss,
        "peak_rss_bytes": sample.run_rss,
    }
    if sample.choice:
        row["choice"] = sample.choice
    return row


def measured(row: dict, sample: measure.Sample, flops: float) -> None:
    median = statistics.median(sample.times_ms)
    quartiles = statistics.quantiles(sample.times_ms, n=4, method="inclusive")
    row.update({
        "median_ms": round(median, 3),
        "min_ms": min(row["times_ms"]),
        "max_ms": max(row["times_ms"]),
        "spread": round((quartiles[2] - quartiles[0]) / median, 4),
        "flops": flops,
        "gflops": round(flops / median / 1e6, 1),
        "busy_cores": round(sample.cpu_seconds / sample.wall_seconds, 2),
        "foreign_cores": round(sample.foreign_cpu_seconds / sample.wall_seconds, 2),
    })


def cold_row(what: dict, peer: str, way: str, threads: int, starts: cold.Starts) -> dict:
    row = what | {
        "threads": threads,
        "peer": peer,
        "mode": "cold",
        "status": "failed" if starts.failure else "ok",
        "reason": starts.failure,
        "times_ms": [round(start.total_ms, 3) for start in starts.each],
    }
    if way:
        row["choice"] = way
    if not starts.failure:
        row["median_ms"] = round(statistics.median(row["times_ms"]), 3)
        row["load_run_ms"] = round(statistics.median(start.load_run_ms for start in starts.each), 3)
        row["peak_rss_bytes"] = max(start.rss for start in starts.each)
    return row


def failed(row: dict, status: str, reason: str) -> None:
    row.update(status=status, reason=reason)


def add_ratios(rows: list[dict]) -> None:
    """speed_ratio: the fastest peer's median over the row's own, so above 1 is faster than every peer."""
    medians = [row["median_ms"] for row in rows if row["status"] == "ok" and row["peer"] != "inkstone"]
    for row in rows:
        if row["status"] == "ok" and medians:
            row["speed_ratio"] = round(min(medians) / row["median_ms"], 3)


def update_peaks(inkstone: str | None, threads: list[int], results: dict) -> None:
    """Takes the higher of the known peak and one measured now, and each row's share of it."""
    for count in map(str, threads):
        found = machine.peak_gflops(inkstone, int(count))
        known = results["peak"].setdefault(count, found)
        known["gflops"] = max(known["gflops"], found["gflops"])
    for row in results["rows"]:
        if "gflops" in row:
            row["share_of_peak"] = round(row["gflops"] / results["peak"][str(row["threads"])]["gflops"], 3)


def save(results: dict, file: Path | None) -> None:
    if file:
        file.write_text(json.dumps(results, indent=1) + "\n")


def any_wrong(rows: list[dict]) -> bool:
    return any(row["status"] == "wrong" or row["status"] == "failed" and row["peer"] == "inkstone"
               for row in rows)
