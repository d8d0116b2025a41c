"""The text form of goldens of picture networks: what went in, and each output of the original in float64."""

import numpy as np

import made_up_weights


def write(path, source, picture, n, h, w, low, high, outputs):
    """outputs: name -> (float64 result (n, size), the same by the original in float32)."""
    lines = [f"source {source}", f"gain {made_up_weights.gain:g}", f"pictures {picture} {n} {h} {w} {low:g} {high:g}"]
    for name, (exact, single) in outputs.items():
        exact = np.asarray(exact, dtype=np.float64).reshape(n, -1)
        single = np.asarray(single, dtype=np.float64).reshape(n, -1)
        largest = np.abs(exact).max()
        error = np.abs(single - exact).max() / largest
        apart = np.abs(exact[0] - exact[-1]).max() / largest
        print(f"{path.name}: {name} {exact.shape[1]} values up to {largest:.4g}, own float32 error {error:.2g}, "
              f"pictures apart by {apart:.2g}")
        lines.append(f"output {name} {exact.shape[1]} {error:.3g}")
        for row in exact:
            for begin in range(0, len(row), 8):
                lines.append(" ".join(f"{value:.9g}" for value in row[begin : begin + 8]))
    path.write_text("\n".join(lines) + "\n")
