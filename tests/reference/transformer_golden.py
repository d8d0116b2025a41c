"""The text form of goldens of transformers: a checkpoint's files, what goes in, and what the original makes of it.

    json PATH TEXT                          a text of the folder
    tensor PATH NAME DTYPE SIZES            a tensor of a safetensors file, its values as made_up_weights.py makes them
    tokens IDS                              a text
    pictures NAME N H W LOW HIGH            made-up pictures
    output text|image SIZE FLOAT32_ERROR    then a row for each text or picture, of the original in float64
"""

import json

import numpy as np

import made_up_weights


def tensors(state, dtypes=None):
    """A state dict of made-up values with the names and shapes of `state`."""
    import torch

    made = {}
    for name, value in state.items():
        if value.dtype.is_floating_point:
            made[name] = torch.tensor(made_up_weights.weights(name, tuple(value.shape)))
            if dtypes is not None:
                made[name] = made[name].to(dtypes(name))
        else:
            made[name] = value.clone()
    return made


def token_ids(name, count, low, high):
    return [int(low + (u + 1) / 2 * (high - low)) for u in made_up_weights.unit(name, count)]


class Golden:
    """files=False: of a checkpoint that is too large to be made again from the golden, which then does not list it."""

    def __init__(self, path, files=True):
        self.path, self.files, self.lines = path, files, []

    def text(self, path, value):
        if self.files:
            self.lines.append(f"json {path} {json.dumps(value)}")

    def state(self, path, state):
        if not self.files:
            return
        names = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64"}
        for name, value in state.items():
            dtype = names[str(value.dtype).removeprefix("torch.")]
            self.lines.append(" ".join(["tensor", path, name, dtype, *map(str, value.shape)]))

    def tokens(self, texts):
        self.lines += ["tokens " + " ".join(map(str, ids)) for ids in texts]

    def pictures(self, name, n, side, low, high):
        self.lines.append(f"pictures {name} {n} {side} {side} {low} {high}")
        return made_up_weights.pictures(name, n, side, side, low, high)

    def output(self, tower, exact, single):
        exact = np.stack([np.asarray(row, np.float64).reshape(-1) for row in exact])
        single = np.stack([np.asarray(row, np.float64).reshape(-1) for row in single])
        largest = np.abs(exact).max()
        error = np.abs(single - exact).max() / largest
        apart = np.abs(exact[0] - exact[-1]).max() / largest
        print(f"{self.path.name}: {tower} {exact.shape} up to {largest:.4g}, own float32 error {error:.2g}, "
              f"rows apart by {apart:.2g}")
        self.lines.append(f"output {tower} {exact.shape[1]} {error:.3g}")
        for row in exact:
            self.lines += [" ".join(f"{v:.9g}" for v in row[i : i + 8]) for i in range(0, len(row), 8)]

    def write(self):
        self.path.write_text("\n".join(self.lines) + "\n")
