"""A worker process as the driver sees it: started, asked line by line, stopped in between, measured."""

import ctypes
import os
import select
import signal
import subprocess
import tempfile
import time

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class WorkerError(Exception):
    """The worker died, stayed silent for too long, or answered something else than the protocol allows."""


def _die_with_parent() -> None:
    # A stopped worker does not see its stdin close; a SIGKILL from the kernel reaches it nonetheless.
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Worker:
    def __init__(self, command: list[str], timeout: float):
        self.command, self.timeout = command, timeout
        self.pending = b""
        self.stderr = tempfile.TemporaryFile()
        environment = dict(os.environ, OPENBLAS_NUM_THREADS="1")
        start = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.stderr, env=environment, preexec_fn=_die_with_parent)
        try:
            word, _, self.choice = self._line().partition(" ")
            if word != "ready":
                raise WorkerError(f"{command[0]}: expected 'ready', got '{word} {self.choice}'")
        except BaseException:
            self.kill()
            raise
        self.prepare_ms = (time.perf_counter() - start) * 1e3
        self.prepare_rss = self.peak_rss()
        self.reset_peak_rss()

    def run(self) -> float:
        """Milliseconds of one run, by the worker's own clock."""
        self._send("run")
        word, _, value = self._line().partition(" ")
        if word != "ms":
            raise WorkerError(f"{self.command[0]}: expected 'ms', got '{word} {value}'")
        return float(value)

    def save(self) -> None:
        self._send("save")
        self._expect("saved")

    def stop(self) -> None:
        """Stops every thread of the worker, spinning ones too; returns once they stand."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def peak_rss(self) -> int:
        """Bytes, since the start or the last reset. Not ru_maxrss: that one begins at its parent's size."""
        return self._status("VmHWM")

    def cpu_seconds(self) -> float:
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def quit(self) -> None:
        self._send("quit")
        try:
            code = self.process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise WorkerError(f"{self.command[0]}: still alive {self.timeout} s after 'quit'") from None
        if code != 0:
            raise WorkerError(f"{self.command[0]}: exit code {code} after 'quit'{self._complaint()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _status(self, key: str) -> int:
        with open(f"/proc/{self.process.pid}/status") as file:
            for line in file:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) * 1024
        raise WorkerError(f"{self.command[0]}: no {key} in /proc/{self.process.pid}/status")

    def reset_peak_rss(self) -> None:
        try:
            with open(f"/proc/{self.process.pid}/clear_refs", "w") as file:
                file.write("5")
        except OSError:
            # Kernels without page monitoring: the peak then includes preparation.
            pass

    def _send(self, command: str) -> None:
        try:
            self.process.stdin.write(command.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise WorkerError(f"{self.command[0]}: died before '{command}'{self._complaint()}") from None

    def _expect(self, wanted: str) -> None:
        line = self._line()
        if line != wanted:
            raise WorkerError(f"{self.command[0]}: expected '{wanted}', got '{line}'")

    def _line(self) -> str:
        deadline = time.monotonic() + self.timeout
        stdout = self.process.stdout.fileno()
        while b"\n" not in self.pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                raise WorkerError(f"{self.command[0]}: silent for {self.timeout} s")
            piece = os.read(stdout, 4096)
            if not piece:
                code = self.process.wait()
                raise WorkerError(f"{self.command[0]}: ended with code {code}{self._complaint()}")
            self.pending += piece
        line, _, self.pending = self.pending.partition(b"\n")
        return line.decode().strip()

    def _complaint(self) -> str:
        self.stderr.seek(0)
        lines = self.stderr.read().decode(errors="replace").strip().splitlines()
        return ": " + " | ".join(lines[-3:]) if lines else ""
