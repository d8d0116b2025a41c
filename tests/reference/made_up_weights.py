"""Made-up weights, the same as tests/harness/made_up_weights.h makes in C++."""

import numpy as np

gain = 1.7  # of weights; goldens say theirs


def fnv1a64(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def unit(name, count, seed=1):
    """count values in [-1, 1), float64."""
    with np.errstate(over="ignore"):
        x = np.uint64(fnv1a64(name) ^ seed) + np.arange(count, dtype=np.uint64)
        x += np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return (x >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1


def fan_in(name, shape):
    product = float(np.prod(shape, dtype=np.float64))
    if "/" not in name:
        return product / shape[0]
    if name.endswith("depthwise_kernel"):
        return float(shape[0] * shape[1])
    return product / shape[-1]


def weights(name, shape, seed=1):
    """name: as released, without Keras' ":0"."""
    count = int(np.prod(shape, dtype=np.int64))
    values = unit(name, count, seed)
    if len(shape) >= 2:
        values = values * (gain / np.sqrt(fan_in(name, shape)))
    elif name.endswith(("gamma", "variance", "running_var", "weight")):
        values = 1 + values * 0.5
    return values.astype(np.float32).reshape(shape)


def pictures(name, n, h, w, low=0.0, high=1.0):
    """(n, h, w, 3) float32 in [low, high): squares of 8 pixels and, a quarter of the range, noise."""
    squares = unit(name + " squares", n * (h // 8 + 1) * (w // 8 + 1) * 3).reshape(n, h // 8 + 1, w // 8 + 1, 3)
    squares = squares.repeat(8, axis=1)[:, :h].repeat(8, axis=2)[:, :, :w]
    values = 0.75 * squares + 0.25 * unit(name, n * h * w * 3).reshape(n, h, w, 3)
    return ((values + 1) * ((high - low) / 2) + low).astype(np.float32)
