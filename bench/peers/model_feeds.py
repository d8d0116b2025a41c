"""What a peer is handed at each call: pictures as NCHW; texts filled up where they have to have one length."""

import numpy as np

from zoo.catalog import Case, Work

# Sentences in a padded bucket of a sorted batch; the fastest is taken.
BUCKETS = (4, 8, 16, 64)


class Feed:
    """What one call of a peer takes, and which rows of the result it gives."""

    def __init__(self, arrays: dict[str, np.ndarray], rows: list[int]):
        self.arrays, self.rows = arrays, rows


def _texts(case: Case, texts: list[np.ndarray], names: tuple[str, ...], rows: list[int]) -> Feed:
    width = max(case.pad, *(len(texts[row]) for row in rows))
    ids = np.full((len(rows), width), case.model.special[2], np.int64)
    mask = np.zeros((len(rows), width), np.float32)
    for at, row in enumerate(rows):
        ids[at, : len(texts[row])] = texts[row]
        mask[at, : len(texts[row])] = 1
    return Feed(dict(zip(names, (ids, mask))), rows)


def feeds(case: Case, work: Work) -> list[tuple[str, list[Feed]]]:
    """Ways to hand a case to a peer, with their names."""
    given = work.read_input(case)
    if case.kind == "pictures":
        return [("", [Feed({"x": np.ascontiguousarray(given.transpose(0, 3, 1, 2))}, list(range(case.batch)))])]
    names = ("ids", "mask") if case.model.masked else ("ids",)
    if case.kind != "mixed":
        return [("", [_texts(case, given, names, list(range(len(given))))])]
    order = sorted(range(len(given)), key=lambda row: len(given[row]))
    return [(f"buckets of {size}",
             [_texts(case, given, names, order[at:at + size]) for at in range(0, len(order), size)])
            for size in BUCKETS]


def in_order(parts: list[tuple[list[int], np.ndarray]]) -> np.ndarray:
    """Rows of several calls, put where they belong."""
    whole = np.empty((sum(len(rows) for rows, _ in parts), parts[0][1].shape[1]), np.float32)
    for rows, values in parts:
        whole[rows] = values
    return whole


def fixed_shape(case: Case, feed: Feed) -> dict[str, int]:
    """Dimensions that may be fixed beforehand, by name; none for texts at their real length."""
    if case.kind == "pictures":
        return {"n": case.batch}
    if case.kind in ("padded", "full"):
        return {"n": 1, "tokens": feed.arrays["ids"].shape[1]}
    return {}
