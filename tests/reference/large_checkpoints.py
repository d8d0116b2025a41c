"""Writes checkpoints of the sizes that are released, in the forms of one framework, and a manifest of their tensors.

    python tests/reference/large_checkpoints.py torch|keras|tensorflow --out DIR [--megabytes 1700]

DIR is not for the repository. A line of manifest.txt is `FILE<tab>NAME<tab>DTYPE<tab>SHAPE<tab>SHA256`, as the test
LargeCheckpoints reads it: INKSTONE_TEST_CHECKPOINTS=DIR converters_test --gtest_filter='LargeCheckpoints.*'
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

WIDTH = 1024


def arrays(megabytes: int) -> dict[str, np.ndarray]:
    """Layers of 4 MiB and their biases, no two of the same bytes."""
    random = np.random.default_rng(1)
    values = {}
    for layer in range(max(1, megabytes // 4)):
        values[f"layer{layer}"] = random.standard_normal((WIDTH, WIDTH), np.float32)
    return values


class Manifest:
    def __init__(self, folder: Path):
        self.folder, self.lines = folder, []

    def add(self, file: str, name: str, array: np.ndarray):
        dtype = {"float32": "F32", "float16": "F16"}[array.dtype.name]
        digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
        self.lines.append("\t".join([file, name, dtype, "x".join(map(str, array.shape)), digest]))

    def write(self):
        (self.folder / "manifest.txt").write_text("\n".join(self.lines) + "\n")


def write_torch(folder: Path, megabytes: int, manifest: Manifest):
    import torch
    from safetensors.torch import save_file

    state = {f"{name}.weight": torch.from_numpy(value) for name, value in arrays(megabytes).items()}
    turned = {name: value.t() for name, value in state.items()}
    halves = {name: value.half() for name, value in state.items()}
    torch.save(state, folder / "zip.pt")
    torch.save({"epoch": 3, "state_dict": turned}, folder / "transposed.pt")
    torch.save(halves, folder / "half.pt")
    torch.save(state, folder / "legacy.pt", _use_new_zipfile_serialization=False)
    save_file(state, folder / "model.safetensors")
    for file, tensors in {"zip.pt": state, "transposed.pt": turned, "half.pt": halves, "legacy.pt": state,
                          "model.safetensors": state}.items():
        for name, value in tensors.items():
            manifest.add(file, name, value.numpy())


def write_keras(folder: Path, megabytes: int, manifest: Manifest):
    import h5py
    import tf_keras

    values = arrays(megabytes)
    model = tf_keras.Sequential([tf_keras.layers.Input((WIDTH,))] + [
        tf_keras.layers.Dense(WIDTH, name=name) for name in values])
    for name, value in values.items():
        model.get_layer(name).set_weights([value, np.zeros(WIDTH, np.float32)])
    model.save(folder / "whole.h5")
    model.save_weights(folder / "weights.h5")
    for file in ("whole.h5", "weights.h5"):
        for layer in model.layers:
            for weight in layer.weights:
                manifest.add(file, weight.name, weight.numpy())
    with h5py.File(folder / "chunked.h5", "w") as file:
        for name, value in values.items():
            file.create_dataset(name, data=value, compression="gzip", compression_opts=1, shuffle=True)
            manifest.add("chunked.h5", name, value)


def write_tensorflow(folder: Path, megabytes: int, manifest: Manifest):
    import tensorflow as tf

    module = tf.Module()
    module.weights = {name: tf.Variable(value, name=name) for name, value in arrays(megabytes).items()}
    module.call = tf.function(lambda x: x @ module.weights["layer0"],
                              input_signature=[tf.TensorSpec((None, WIDTH), tf.float32)])
    tf.train.Checkpoint(module=module).write(str(folder / "checkpoint"))
    tf.saved_model.save(module, str(folder / "saved_model"))
    for file in ("checkpoint.index", "saved_model"):
        for name, variable in module.weights.items():
            manifest.add(file, name, variable.numpy())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("framework", choices=["torch", "keras", "tensorflow"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--megabytes", type=int, default=1700)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(arguments.out)
    write = {"torch": write_torch, "keras": write_keras, "tensorflow": write_tensorflow}[arguments.framework]
    write(arguments.out, arguments.megabytes, manifest)
    manifest.write()


if __name__ == "__main__":
    main()
