"""Cold start: a new process, its model loaded, to its first result. The files are in the page cache."""

import time
from dataclasses import dataclass, field

from process import Worker, WorkerError


@dataclass
class Start:
    total_ms: float
    load_run_ms: float  # without the interpreter and what it imports
    rss: int            # at its highest, loading included


@dataclass
class Starts:
    each: list[Start] = field(default_factory=list)
    failure: str = ""


def start_once(command: list[str], timeout: float, save: bool) -> Start:
    begin = time.perf_counter()
    worker = Worker(command, timeout)
    try:
        run_ms = worker.run()
        total_ms = (time.perf_counter() - begin) * 1e3
        rss = max(worker.prepare_rss, worker.peak_rss())
        load_ms = float(worker.choice) if worker.choice else None
        if save:
            worker.save()
        worker.quit()
    except BaseException:
        worker.kill()
        raise
    return Start(total_ms, total_ms if load_ms is None else load_ms + run_ms, rss)


def alternating(commands: dict, rounds: int, timeout: float) -> dict:
    """Starts by the keys of `commands`, in turns; every second round goes backwards."""
    found = {key: Starts() for key in commands}
    alive = dict(commands)
    # Before the first round one that does not count: it makes files and fills the page cache.
    for number in range(rounds + 1):
        for key in list(alive) if number % 2 == 0 else list(reversed(alive)):
            try:
                start = start_once(alive[key], timeout, save=number == 1)
                found[key].each += [start] if number > 0 else []
            except WorkerError as error:
                found[key].failure = str(error)
                del alive[key]
    return found
