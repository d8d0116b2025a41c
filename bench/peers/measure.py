"""Times several workers at the same work: all alive in turns, or one at a time where memory is short."""

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from process import CLOCK_TICKS, Worker, WorkerError

# A run shorter than this is repeated within its turn, after one that fills the caches again.
SHORT_MS = 100.0
TURN_MS = 200.0

# No peer may be off by a whole level of an 8-bit picture.
MAX_ERROR = 1 / 255


@dataclass
class Sample:
    """What one worker did; several passes of an isolated peer add up in one."""
    times_ms: list[float] = field(default_factory=list)
    prepare_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    prepare_rss: int = 0
    run_rss: int = 0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    foreign_cpu_seconds: float = 0.0
    failure: str = ""
    choice: str = ""  # of several ways to run, the one that the worker took


def _machine_busy_seconds() -> float:
    with open("/proc/stat") as file:
        user, nice, system, idle, iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / CLOCK_TICKS


def _start(command: list[str], timeout: float, sample: Sample) -> Worker:
    """Started, warmed up by one run, its result saved, its peak memory reset: the next run is a timed one."""
    worker = Worker(command, timeout)
    try:
        sample.prepare_ms.append(worker.prepare_ms)
        sample.choice = worker.choice
        sample.first_ms.append(worker.run())
        sample.run_rss = max(sample.run_rss, worker.peak_rss())
        worker.save()
        worker.reset_peak_rss()
        sample.prepare_rss = max(sample.prepare_rss, worker.prepare_rss)
    except BaseException:
        worker.kill()
        raise
    return worker


def _timed_run(worker: Worker, sample: Sample) -> None:
    """One time: that of a long run, or the median of short ones."""
    if sample.first_ms[-1] < SHORT_MS:
        worker.run()
    cpu, busy, start = worker.cpu_seconds(), _machine_busy_seconds(), time.perf_counter()
    times = [worker.run()]
    while times[0] < SHORT_MS and sum(times) < TURN_MS:
        times.append(worker.run())
    sample.times_ms.append(statistics.median(times))
    cpu = worker.cpu_seconds() - cpu
    sample.wall_seconds += time.perf_counter() - start
    sample.cpu_seconds += cpu
    sample.foreign_cpu_seconds += max(0.0, _machine_busy_seconds() - busy - cpu)


def _finish(worker: Worker, sample: Sample) -> None:
    sample.run_rss = max(sample.run_rss, worker.peak_rss())
    worker.quit()


def alternating(commands: dict[str, list[str]], rounds: int, timeout: float) -> dict[str, Sample]:
    """All alive; a round is one run of each, the others stopped. Every second round goes backwards."""
    samples = {peer: Sample() for peer in commands}
    alive: dict[str, Worker] = {}

    def attempt(peer: str, action) -> None:
        try:
            action()
        except WorkerError as error:
            samples[peer].failure = str(error)
            if peer in alive:
                alive.pop(peer).kill()

    def start(peer: str) -> None:
        alive[peer] = _start(commands[peer], timeout, samples[peer])
        alive[peer].stop()

    def turn(peer: str) -> None:
        alive[peer].resume()
        _timed_run(alive[peer], samples[peer])
        alive[peer].stop()

    def finish(peer: str) -> None:
        alive[peer].resume()
        _finish(alive[peer], samples[peer])
        del alive[peer]

    try:
        for peer in commands:
            attempt(peer, lambda: start(peer))
        for number in range(rounds):
            for peer in list(alive) if number % 2 == 0 else list(reversed(alive)):
                attempt(peer, lambda: turn(peer))
        for peer in list(alive):
            attempt(peer, lambda: finish(peer))
    finally:
        for worker in alive.values():
            worker.kill()
    return samples


def isolated(commands: dict[str, list[str]], rounds: int, timeout: float) -> dict[str, Sample]:
    """One worker alive at a time; two passes, the second backwards, half of the rounds in each."""
    samples = {peer: Sample() for peer in commands}
    for number, order in enumerate((list(commands), list(reversed(commands)))):
        for peer in order:
            sample = samples[peer]
            if sample.failure:
                continue
            worker = None
            try:
                worker = _start(commands[peer], timeout, sample)
                for _ in range((rounds + 1 - number) // 2):
                    _timed_run(worker, sample)
                _finish(worker, sample)
                worker = None
            except WorkerError as error:
                sample.failure = str(error)
            finally:
                if worker:
                    worker.kill()
    return samples


def max_error(output: Path, reference) -> float | None:
    """Largest absolute difference of a saved result (NHWC float32) and the reference; None without one."""
    import numpy as np
    if reference is None or not output.exists():
        return None
    result = np.fromfile(output, np.float32)
    if result.size != reference.size:
        raise WorkerError(f"{output.name}: {result.size} values, expected {reference.size}")
    difference = np.abs(result.astype(np.float64) - reference.reshape(-1))
    # A NaN must not slip through a comparison.
    return float("inf") if np.isnan(difference).any() else float(difference.max())
