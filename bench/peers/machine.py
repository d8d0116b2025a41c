"""What the numbers were measured on: CPU, cores, memory, versions, and the peak rate of the arithmetic."""

import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

import process

CGROUP = Path("/sys/fs/cgroup")
INTERESTING_FLAGS = ("sse4_2", "avx", "avx2", "fma", "avx_vnni", "avx512f", "avx512bw", "avx512dq",
                     "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "asimd")


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def cores() -> int:
    """Cores that may be used at once: affinity, capped by the container's quota."""
    count = len(os.sched_getaffinity(0))
    quota = _text(CGROUP / "cpu.max").split()
    if len(quota) == 2 and quota[0] != "max":
        count = min(count, max(1, int(quota[0]) // int(quota[1])))
    return count


def available_memory() -> int:
    """Bytes that can still be had, in the machine and in the container."""
    meminfo = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    free = int(meminfo["MemAvailable"].split()[0]) * 1024
    limit = _text(CGROUP / "memory.max")
    if limit.isdigit():
        used = int(_text(CGROUP / "memory.current") or 0)
        stat = dict(line.split() for line in _text(CGROUP / "memory.stat").splitlines())
        free = min(free, int(limit) - used + int(stat.get("inactive_file", 0)))
    return free


def describe() -> dict:
    info: dict[str, str] = {}
    for line in _text(Path("/proc/cpuinfo")).splitlines():
        key, _, value = line.partition(":")
        info.setdefault(key.strip(), value.strip())
    flags = info.get("flags", info.get("Features", "")).split()
    caches = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind = {"Data": "d", "Instruction": "i"}.get(_text(folder / "type"), "")
        caches[f"L{_text(folder / 'level')}{kind}"] = _text(folder / "size")
    meminfo = _text(Path("/proc/meminfo")).split()
    return {
        "cpu": info.get("model name", platform.processor() or "unknown"),
        "flags": [flag for flag in INTERESTING_FLAGS if flag in flags],
        "cores": cores(),
        "caches": caches,
        "memory_bytes": int(meminfo[1]) * 1024,
        "kernel": platform.release(),
        "load_average": os.getloadavg(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def versions(inkstone: str | None) -> dict:
    found = {"python": platform.python_version()}
    for package in ("numpy", "onnx", "onnxruntime", "openvino", "ncnn", "torch", "torchvision",
                    "transformers"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    if inkstone:
        reply = subprocess.run([inkstone, "--version"], capture_output=True, text=True, timeout=60)
        found["inkstone"] = reply.stdout.partition("\n")[0].removeprefix("inkstone ").strip() or None
    return found


def peak_gflops(inkstone: str | None, threads: int) -> dict:
    """Peak of float32 multiply-adds with so many threads, and where the figure comes from."""
    if inkstone:
        command, source = [inkstone, "bench", "peak", "-j", str(threads)], "inkstone bench peak"
    else:
        # A matrix product stays 5 to 15 % below the peak: shares computed from it come out too high.
        command, source = [sys.executable, str(Path(__file__).with_name("sgemm.py"))], "numpy sgemm"
    environment = dict(os.environ, OPENBLAS_NUM_THREADS=str(threads))
    reply = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    for line in reply.stdout.splitlines():
        word, _, value = line.partition(" ")
        if word == "gflops":
            return {"gflops": float(value), "source": source}
    raise process.WorkerError(f"{' '.join(command)}: no line 'gflops' (exit code {reply.returncode})")
