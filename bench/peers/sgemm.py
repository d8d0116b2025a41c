"""Prints `gflops X`: the best of several float32 matrix products. Threads by OPENBLAS_NUM_THREADS."""

import time

import numpy as np

N = 2048
REPEATS = 8

a = np.ones((N, N), np.float32)
b = np.ones((N, N), np.float32)
c = np.empty((N, N), np.float32)
np.matmul(a, b, out=c)
best = float("inf")
for _ in range(REPEATS):
    start = time.perf_counter()
    np.matmul(a, b, out=c)
    best = min(best, time.perf_counter() - start)
print(f"gflops {2 * N**3 / best / 1e9:.1f}")
